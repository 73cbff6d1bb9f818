# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaces the key that encrypts Secrets in etcd, in the same phases as an authority (replacement.py).

The phase is what ``encryption-config.yaml`` says, the file that apiservers get:

``accepted``
    It has the new key behind the one that writes.
``switched``
    The new key writes. The old one is behind it, and among the retired ones.
``dropped``
    It has the new key only.

Beside it are ``encryption-config.next.yaml`` with the new key until it writes, and ``encryption-config.retired.yaml`` with all keys that
have been replaced: snapshots from under them are read with these. Each phase is one atomic change of the configuration, and whatever is
written before it does no harm. So whatever kills a phase, the next call finishes it.
"""

from __future__ import annotations

import base64
import collections.abc as c
import json
import os
import pathlib
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import encryption_keys
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import ENCRYPTION, ENCRYPTION_NEXT, ENCRYPTION_RETIRED, Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.encryption_keys import Key
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.replacement import ACCEPTED, DROPPED, NONE, SWITCHED

SUBJECT = "encryption"
NAME = ENCRYPTION.removesuffix(".yaml")
# What a phase means, for people.
STEPS: t.Mapping[str, str] = {
    "accepted": "a new key is made; apiservers can read with it beside the old one, and restart one after the other",
    "switched": "the new key encrypts what is written; apiservers restart one after the other",
    "dropped": "all that is encrypted is written again and looked for in etcd; apiservers lose the old key, restarting one after the other",
    "finished": "no host has the old key",
}
_NEXT_IS = "The key that encrypts next; playbooks/replace-authority.yml goes on with it."
_RETIRED_IS = "Keys that have encrypted Secrets, the oldest first. Snapshots of etcd from under them are restored with these."


class EncryptionReplacement:
    """The replacement of the key in one PKI directory. ``now`` is seconds since the epoch."""

    subject = SUBJECT
    name = NAME

    def __init__(self, pki: Pki, *, now: float) -> None:
        self._pki = pki
        self._now = now

    @property
    def phase(self) -> str:
        """What was done last. Raises PkiError if there is nothing to replace."""
        config, upcoming = self._config(), self._next()
        writer = self._writing(config)
        if upcoming not in (None, writer) and upcoming in encryption_keys.keys(config):
            return ACCEPTED
        if self._old(config):
            return SWITCHED
        return DROPPED if self._mark.exists() else NONE

    @property
    def present(self) -> list[Key]:
        """The keys that hosts are to have, in their order."""
        return encryption_keys.keys(self._config())

    @property
    def known(self) -> list[Key]:
        """All keys that hosts of this cluster may have."""
        upcoming = self._next()
        return list(dict.fromkeys([*self.present, *([upcoming] if upcoming else []), *self._retired()]))

    @property
    def old(self) -> list[Key]:
        """The keys that hosts still have, but which are to go."""
        return self._old(self._config())

    @property
    def resources(self) -> list[str]:
        """What may be encrypted by an old key."""
        config = self._config()
        return encryption_keys.resources(config, self._old(config))

    @property
    def writes(self) -> Key:
        """The key that encrypts what is written now."""
        return self._writing(self._config())

    def check_given(self) -> None:
        """Raises PkiError for a file of an operator that cannot become the new key, before anything is done."""
        upcoming = self._next()
        if upcoming is not None and self.phase == NONE:
            config = self._config()
            known = [*encryption_keys.keys(config), *self._retired()]
            encryption_keys.check_new(upcoming, like=self._writing(config), known=known, path=self._path(ENCRYPTION_NEXT))

    def accept(self) -> None:
        """Makes the new key, or takes the file that an operator has put there."""
        config = self._config()
        present = self._writing(config)
        known = [*encryption_keys.keys(config), *self._retired()]
        if self._next() is None:
            made = Key(present.provider, self._new_name(known), base64.b64encode(os.urandom(encryption_keys.KEY_BYTES)).decode())
            self._pki.create(ENCRYPTION_NEXT, self._sealed(ENCRYPTION_NEXT, encryption_keys.keys_text([made], about=_NEXT_IS)), mode=0o600)
        upcoming = t.cast(Key, self._next())
        if self.phase == ACCEPTED:
            return
        encryption_keys.check_new(upcoming, like=present, known=known, path=self._path(ENCRYPTION_NEXT))
        self._write(ENCRYPTION, encryption_keys.text_of(encryption_keys.with_key(config, upcoming, beside=present, first=False)))

    def switch(self) -> None:
        """The new key writes from now on."""
        config, upcoming = self._config(), self._next()
        present = self._writing(config)
        if upcoming is not None and upcoming != present:
            self._retire([present])
            self._write(ENCRYPTION, encryption_keys.text_of(encryption_keys.with_key(config, upcoming, beside=present, first=True)))
        self._unlink(ENCRYPTION_NEXT)

    def drop(self) -> None:
        """Hosts are to forget the old keys. They stay among the retired ones."""
        config = self._config()
        old = self._old(config)
        if old:
            # before it, and nobody looks at it before: else a run that is killed here would not go on to verify the hosts
            atomic_file.write(self._mark, json.dumps({"begun": self._now}) + "\n", mode=0o644)
            self._write(ENCRYPTION, encryption_keys.text_of(encryption_keys.without(config, old)))

    def finish(self) -> None:
        """All hosts are as the last phase wants them."""
        self._unlink(ENCRYPTION_NEXT)
        self._mark.unlink(missing_ok=True)

    def retire_others(self) -> None:
        """Counts all keys but the one that writes as replaced. Nobody says so of a file that was taken from a host."""
        config = self._config()
        others = [key for key in encryption_keys.keys(config) if key != self._writing(config)]
        if others:
            self._retire(others)

    def lacking(self, prefixes: c.Container[str]) -> list[Key]:
        """The retired keys by which values with these prefixes were encrypted, as far as apiservers do not have them."""
        return [key for key in self._retired() if key.prefix in prefixes and key not in self.present]

    def put_back(self, keys: c.Sequence[Key]) -> None:
        """Apiservers are to read with retired keys again. The next replacement drops them when nothing is encrypted by them any more."""
        if keys:
            self._write(ENCRYPTION, encryption_keys.text_of(encryption_keys.behind(self._config(), keys)))

    def _old(self, config: encryption_keys.Object) -> list[Key]:
        """Retired keys that apiservers have. The one that writes is not old, whatever is said of it."""
        retired = self._retired()
        there = [key for key in encryption_keys.keys(config) if key in retired]
        return [key for key in there if key != self._writing(config)]

    def _config(self) -> encryption_keys.Object:
        text = self._pki.stored(ENCRYPTION)
        if text is None:
            raise PkiError(f"{self._pki.directory} has no {ENCRYPTION}, by which Secrets are encrypted. Put it back from your backup.")
        return encryption_keys.parsed(text, path=self._path(ENCRYPTION))

    def _writing(self, config: encryption_keys.Object) -> Key:
        return encryption_keys.writing(config, path=self._path(ENCRYPTION))

    def _next(self) -> Key | None:
        found = self._listed(ENCRYPTION_NEXT)
        if len(found) > 1:
            raise PkiError(f"{self._path(ENCRYPTION_NEXT)} has {len(found)} keys, wanted one. Nothing was changed. Correct it.")
        return found[0] if found else None

    def _retired(self) -> list[Key]:
        return self._listed(ENCRYPTION_RETIRED)

    def _listed(self, name: str) -> list[Key]:
        return encryption_keys.listed(self._pki.stored(name), path=self._path(name))

    def _retire(self, more: c.Iterable[Key]) -> None:
        """The last ones are the newest."""
        others = [key for key in self._retired() if key not in more]
        self._write(ENCRYPTION_RETIRED, encryption_keys.keys_text([*others, *more], about=_RETIRED_IS))

    def _new_name(self, known: c.Iterable[Key]) -> str:
        """A name that no key has had, also if the file of the retired ones was lost: values in etcd tell keys apart by it alone."""
        name = time.strftime("key-%Y%m%dT%H%M%SZ", time.gmtime(self._now))
        while any(key.name == name for key in known):
            name += "-2"
        return name

    def _sealed(self, name: str, text: str) -> str:
        return self._pki.sealed(text, name=name, like=ENCRYPTION)

    def _write(self, name: str, text: str) -> None:
        atomic_file.write(pathlib.Path(self._path(name)), self._sealed(name, text), mode=0o600)

    def _path(self, name: str) -> str:
        return str(self._pki.directory / name)

    @property
    def _mark(self) -> pathlib.Path:
        """Is there from the last phase on, until all hosts are as it wants them."""
        return self._pki.directory / f"{NAME}.replacing"

    def _unlink(self, name: str) -> None:
        (self._pki.directory / name).unlink(missing_ok=True)
