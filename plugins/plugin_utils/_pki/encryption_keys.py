# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of encryption at rest: which keys it has, and what it becomes when one is replaced. Pure.

https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/ defines it. What is written is encrypted by the first key of the first
provider, and every value begins with the names of both. So a value tells by which key it can be read, and others are never tried.
An operator may have made the file: other keys, providers and resources stay as they are.
"""

from __future__ import annotations

import base64
import binascii
import collections.abc as c
import copy
import hashlib
import typing as t

import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError

# Providers with keys of their own. All of them take 32 bytes.
WITH_KEYS = ("secretbox", "aescbc", "aesgcm")
KEY_BYTES = 32

Object = dict[str, t.Any]


class Key(t.NamedTuple):
    """``secret`` is base64. Never show it."""

    provider: str
    name: str
    secret: str

    def __repr__(self) -> str:
        return f"Key({self.shown})"

    @property
    def shown(self) -> str:
        return f"{self.provider}: {self.name}"

    @property
    def prefix(self) -> str:
        """How the values in etcd begin that this key has encrypted."""
        return f"k8s:enc:{self.provider}:v1:{self.name}:"

    @property
    def digest(self) -> str:
        """By which hosts tell keys without showing them: that of ``identity.digests`` in module_utils/_runtime."""
        return hashlib.sha256("".join(self.secret.split()).encode()).hexdigest()


class _Indented(yaml.SafeDumper):
    """Lists are indented, as Kubernetes' documentation shows them, and nothing is an alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: t.Any) -> bool:
        return True


def text_of(value: t.Any) -> str:
    """The text of a file. Each key stands in a line of its own, where hosts find it without a parser."""
    return yaml.dump(value, Dumper=_Indented, sort_keys=False, default_flow_style=False, width=1 << 16)


def parsed(text: str, *, path: str) -> Object:
    """A configuration. Raises PkiError if it is none."""
    try:
        found = yaml.safe_load(text)
        if found["kind"] != "EncryptionConfiguration" or not found["resources"]:
            raise ValueError
        for entry in found["resources"]:
            if not entry["resources"] or not all(isinstance(name, str) for name in entry["resources"]) or not entry["providers"]:
                raise ValueError
            for _provider, given in _lists(entry):
                list(map(_checked, given))
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError):
        raise _unreadable(path, "no EncryptionConfiguration that could be understood") from None
    return t.cast(Object, found)


def listed(text: str | None, *, path: str) -> list[Key]:
    """The keys of a file that lists them by ``keys_text``; none if there is no file."""
    if text is None:
        return []
    try:
        return [Key(str(entry["provider"]), *_checked(entry)) for entry in yaml.safe_load(text)["keys"]]
    except (yaml.YAMLError, ValueError, LookupError, TypeError):
        raise _unreadable(path, "no list of keys that could be understood") from None


def keys_text(keys: c.Iterable[Key], *, about: str) -> str:
    """A file that lists keys; ``about`` is a comment."""
    return f"# {about}\n" + text_of({"keys": [key._asdict() for key in keys]})


def _unreadable(path: str, what: str) -> PkiError:
    # What the parser says may quote a key.
    return PkiError(f"{path} is {what}. Nothing was changed. Correct it, or put it back from your backup.")


def _lists(entry: Object) -> list[tuple[str, list[Object]]]:
    """The providers of an entry that have keys, each with its list of them."""
    return [(name, value["keys"]) for provider in entry["providers"] for name, value in provider.items() if name in WITH_KEYS]


def _checked(given: t.Any) -> tuple[str, str]:
    name, secret = given["name"], given["secret"]
    if not name or not secret or not isinstance(name, str) or not isinstance(secret, str):
        raise ValueError
    return name, secret


def keys(config: Object) -> list[Key]:
    """All keys, each once, in their order."""
    lists = (found for entry in config["resources"] for found in _lists(entry))
    return list(dict.fromkeys(Key(provider, *_checked(one)) for provider, given in lists for one in given))


def writing(config: Object, *, path: str) -> Key:
    """The one key that encrypts what is written. Raises PkiError if there is none, or more than one, or if it could not be told apart."""
    firsts = [next(iter(entry["providers"][0].items())) for entry in config["resources"]]
    writers = list(dict.fromkeys(Key(name, *_checked(value["keys"][0])) for name, value in firsts if name in WITH_KEYS and value["keys"]))
    if len(writers) != 1:
        found = "its entries write with several keys" if writers else f"its first provider is {', '.join(name for name, _value in firsts)}"
        raise PkiError(
            f"{path}: {found} ({', '.join(key.shown for key in writers) or 'no key'}), and only one key that all entries write with can be "
            f"replaced. Nothing was changed. Make one of {', '.join(WITH_KEYS)} the first provider, with the same first key, or replace "
            "the keys by hand as Kubernetes' documentation describes it."
        )
    (writer,) = writers
    if any(key != writer and (key.provider, key.name) == (writer.provider, writer.name) for key in keys(config)):
        raise PkiError(
            f"{path}: the name {writer.name} stands for two keys of {writer.provider}, so values in etcd do not tell by which of them they "
            "are encrypted. Nothing was changed. Replace them by hand as Kubernetes' documentation describes it."
        )
    return writer


def check_new(key: Key, *, like: Key, known: c.Iterable[Key], path: str) -> None:
    """The file of a new key may be an operator's own. Raises PkiError if the key cannot take the place of the one that it is ``like``."""
    taken = [other for other in known if (other.provider, other.name) == (key.provider, key.name)]
    fault = ""
    if key.provider != like.provider:
        fault = f"its provider is {key.provider}, wanted {like.provider}, as of the present key"
    elif ":" in key.name:
        fault = "its name has a colon, which ends a name in etcd"
    elif taken or any(other.secret == key.secret for other in known):
        fault = "the key, or one of its name, has been used before"
    elif _length(key.secret) != KEY_BYTES:
        fault = f"its secret is not {KEY_BYTES} bytes in base64"
    if fault:
        raise PkiError(f"{path} cannot be the new key: {fault}. Nothing was changed. Correct the file, or remove it to have a key made.")


def _length(secret: str) -> int:
    try:
        return len(base64.b64decode(secret, validate=True))
    except (binascii.Error, ValueError):
        return 0


def with_key(config: Object, new: Key, *, beside: Key, first: bool) -> Object:
    """The new key directly before or behind another one, wherever that is."""
    changed = without(config, [new])
    for entry in changed["resources"]:
        for provider, given in _lists(entry):
            place = next((index for index, one in enumerate(given) if Key(provider, *_checked(one)) == beside), None)
            if place is not None:
                given.insert(place if first else place + 1, _given(new))
    return changed


def behind(config: Object, more: c.Sequence[Key]) -> Object:
    """The same with keys that only read, in each entry."""
    changed = without(config, more)
    for entry in changed["resources"]:
        for key in more:
            place = next((given for provider, given in _lists(entry) if provider == key.provider), None)
            if place is None:
                entry["providers"].append({key.provider: {"keys": [_given(key)]}})
            else:
                place.append(_given(key))
    return changed


def without(config: Object, old: c.Collection[Key]) -> Object:
    """The same without some keys, and without the providers that have no key left."""
    changed = copy.deepcopy(config)
    for entry in changed["resources"]:
        for provider, given in _lists(entry):
            given[:] = [one for one in given if Key(provider, *_checked(one)) not in old]
        entry["providers"] = [one for one in entry["providers"] if not any(name in WITH_KEYS and not one[name]["keys"] for name in one)]
    return changed


def _given(key: Key) -> Object:
    return {"name": key.name, "secret": key.secret}


def resources(config: Object, of: c.Collection[Key]) -> list[str]:
    """What may be encrypted by one of these keys, as the configuration names it, such as ``secrets`` or ``widgets.example.com``."""
    found: list[str] = []
    for entry in config["resources"]:
        own = {Key(provider, *_checked(one)) for provider, given in _lists(entry) for one in given}
        if own & set(of):
            found += entry["resources"]
    return list(dict.fromkeys(found))
