# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of one host: what is described, compared with what the host says it has. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import entries
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.described import Described, users
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.entries import Entry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, wanted_certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.authorities import Authority
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.attributes import as_wanted

Object = dict[str, t.Any]

# How kinds of files are called in the list.
NAMES = {
    "public key": ("service-account key", "public key of service-account tokens"),
    "private key": ("service-account key", "key of service-account tokens"),
    "encryption key": ("encryption key", "encryption of Secrets in etcd"),
}
# Hosts keep to these limits. One that lies must not keep the controller busy: characters of a certificate, certificates of one file, and
# files that nobody describes.
_BLOCK = 16 * 1024
_BUNDLE = 10
_UNKNOWN = 50
_KEY_FAULTS = {
    "absent": "its key {key} is not there",
    "differs": "its key {key} is no regular file, cannot be read or belongs to another certificate",
}


def found_on(
    host: str, known: Described, answer: c.Mapping[str, t.Any], *, authorities: c.Mapping[str, Authority], now: float
) -> list[Entry]:
    """The entries without their states. Raises ComponentError for an answer that no host of ours would give."""
    try:
        return _Host(host, known, authorities, now).entries(answer)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ComponentError(
            f"{host}: its answer is not what was asked for ({type(error).__name__}); is its Python the host's own?"
        ) from None


def clock(answer: c.Mapping[str, t.Any], now: float) -> str:
    """That the host's clock differs by so much that it may judge certificates otherwise; empty if not."""
    try:
        ahead = float(answer["time"]) - now
    except (LookupError, TypeError, ValueError, OverflowError):
        return ""
    # so that what is no number at all is none here either
    if not certs.CLOCK_SKEW.total_seconds() < abs(ahead) < float("inf"):
        return ""
    return f"its clock is {abs(ahead) / 60:.0f} minutes {'ahead of' if ahead > 0 else 'behind'} the controller's, by which days are counted"


class _Host:
    def __init__(self, host: str, known: Described, authorities: c.Mapping[str, Authority], now: float) -> None:
        self._host, self._known, self._authorities, self._now = host, known, authorities, now

    def entries(self, answer: c.Mapping[str, t.Any]) -> list[Entry]:
        known = self._known
        own = [self._pair(item, found) for item, found in zip(known.certificates, answer["certificates"], strict=True)]
        ends = {entry.path: entry for entry in own}
        files = [entry for item, found in zip(known.files, answer["files"], strict=True) for entry in self._file(item, found, ends)]
        unknown = [entry for found in answer["unknown"][:_UNKNOWN] for entry in self._unknown(found)]
        return [*own, *files, *unknown]

    def _base(self, kind: str, name: str, path: str) -> Entry:
        return Entry(host=self._host, kind=kind, name=shown(name), path=shown(path), used_by=users(path, self._known))

    def _filled(self, base: Entry, certificate: x509.Certificate) -> Entry:
        return entries.of_certificate(base, certificate, now=self._now, authorities=self._authorities)

    def _pair(self, item: Object, found: Object) -> Entry:
        base = self._base(entries.CERTIFICATE, item["name"], item["path"])
        if problem := _absent(found):
            return dataclasses.replace(base, state=problem[0], differences=(problem[1],))
        certificate = _load(found["pem"][0]) if found["pem"] else None
        if certificate is None:
            return dataclasses.replace(base, state="unreadable", differences=("it is no certificate in PEM form",))
        differences = [
            *wanted_certs.differences(item, certificate, self._authorities[item["authority"]].certificate),
            *_key_fault(item, found),
            *_attributes(found["found"], item, mode=item["mode"]),
            *(f"its key: {text}" for text in _attributes(found["key_found"], item, mode=item["key_mode"])),
            *(["a private key is in the same file, which others may read"] if found["holds_key"] else []),
        ]
        return dataclasses.replace(self._filled(base, certificate), differences=tuple(map(shown, differences)))

    def _file(self, item: Object, found: Object, ends: c.Mapping[str, Entry]) -> list[Entry]:
        if item["kind"] == "rotated":
            return self._rotated(item, found)
        kind, name = NAMES.get(item["kind"], (item["kind"], str(item.get("pki") or item.get("user"))))
        base = self._base(kind, name, item["path"])
        if problem := _absent(found):
            return [dataclasses.replace(base, state=problem[0], differences=(problem[1],))]
        differences = [*self._content(item, found), *_attributes(found["found"], item, mode=item["mode"])]
        base = dataclasses.replace(base, differences=tuple(map(shown, differences)))
        if item["kind"] == "authority":
            return self._bundle(base, found["pem"])
        if item["kind"] == "kubeconfig":
            return [self._kubeconfig(item, base, found, ends)]
        return [dataclasses.replace(base, details=_details(found))]

    def _rotated(self, item: Object, found: Object) -> list[Entry]:
        """What a kubelet has renewed: its path is a link to a certificate and its key, which stay as the kubelet writes them."""
        base = self._base(entries.ROTATED, item["name"], item["path"])
        if item["may_be_missing"] and found["found"]["type"] == "absent":
            return []
        if problem := _absent(found):
            return [dataclasses.replace(base, state=problem[0], differences=(problem[1],))]
        certificate = _load(found["pem"][0]) if found["pem"] else None
        if certificate is None:
            return [dataclasses.replace(base, state="unreadable", differences=("it is no certificate in PEM form",))]
        authority = self._authorities.get(item["authority"])
        told = wanted_certs.differences(item, certificate, authority.certificate if authority is not None else None)
        return [dataclasses.replace(self._filled(base, certificate), differences=tuple(map(shown, told)))]

    def _content(self, item: Object, found: Object) -> list[str]:
        if found["same"] is not False:
            return []
        return [
            "its content is not as described" if item["kind"] == "kubeconfig" else f"its content is not {item['pki']} of the PKI directory"
        ]

    def _bundle(self, base: Entry, texts: c.Sequence[str]) -> list[Entry]:
        """An authority's copy. While it is replaced, there are two certificates in it."""
        certificates = [_load(text) for text in texts[:_BUNDLE]]
        if not certificates or None in certificates:
            return [dataclasses.replace(base, state="unreadable", differences=(*base.differences, "it is no certificate in PEM form"))]
        first, *others = [self._filled(base, one) for one in certificates if one is not None]
        return [first, *(dataclasses.replace(one, differences=()) for one in others)]

    def _kubeconfig(self, item: Object, base: Entry, found: Object, ends: c.Mapping[str, Entry]) -> Entry:
        """It lasts as long as the certificate in it, or the one that it names."""
        embedded = _load(found["pem"][0]) if found["pem"] else None
        if embedded is not None:
            return self._filled(base, embedded)
        named = next((ends[path] for path in found["named"] if path in ends), None)
        if named is None or named.days_left is None:
            told = [f"it names {named.path}, which is {named.state}"] if named is not None else []
            return dataclasses.replace(base, subject=shown(f"CN={item['user']}"), differences=(*base.differences, *told))
        return dataclasses.replace(
            named, **{field: getattr(base, field) for field in ("kind", "name", "path", "used_by", "differences")}, ends_with=named.path
        )

    def _unknown(self, found: Object) -> list[Entry]:
        base = self._base(entries.UNKNOWN, "", found["path"])
        certificates = [one for text in found["pem"][:_BUNDLE] if (one := _load(text)) is not None]
        told = ("no role of this host describes it", *(("a private key is in the same file",) if found["holds_key"] else ()))
        base = dataclasses.replace(base, differences=told)
        return [self._filled(base, one) for one in certificates] or [dataclasses.replace(base, state="unreadable")]


def _load(text: str) -> x509.Certificate | None:
    return certs.load(text) if len(text) <= _BLOCK else None


def _absent(found: Object) -> tuple[str, str] | None:
    """State and difference of what cannot be looked at."""
    if found["found"]["type"] == "absent":
        return "missing", "it is not there"
    return ("unreadable", shown(found["fault"])) if found["fault"] else None


def _key_fault(item: Object, found: Object) -> list[str]:
    text = _KEY_FAULTS.get(found["key"])
    return [text.format(key=item["key"])] if text else []


def _attributes(found: Object, item: Object, *, mode: str) -> list[str]:
    """Where owner, group and mode are not as described; of what is absent or cannot be seen, nothing."""
    if found["type"] in ("absent", "unknown"):
        return []
    if found["type"] != "file":
        return [f"it is a {found['type']}, wanted a file"]
    owner = str(item.get("owner") or "root")
    wanted = {"owner": owner, "group": str(item.get("group") or owner), "mode": f"{int(str(mode), 8):04o}"}
    there = as_wanted(found, wanted)
    return [f"its {name} is {there[name]}, wanted {wanted[name]}" for name in wanted if there[name] != wanted[name]]


def _details(found: Object) -> str:
    if "providers" in found:
        return shown("; ".join(found["providers"]) or "no provider")
    if "keys" in found:
        return shown(f"{len(found['keys'])} public: {', '.join(str(key)[:16] for key in found['keys'])}")
    return ""
