# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of the controller: the PKI directory, kubeconfigs, and what people were given. Only files are read, and none is changed."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import pathlib
import stat
import typing as t

import yaml
from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import entries
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.entries import CONTROLLER, Entry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.of_host import NAMES
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import each, shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import administrator, certs, encryption_keys, issued, wanted_certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.authorities import Authority
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import (
    ENCRYPTION,
    ENCRYPTION_RETIRED,
    SERVICE_ACCOUNT_KEY,
    SERVICE_ACCOUNT_PUBLIC,
    Pki,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.stored_files import VAULT_MARK

_OPEN = 0o077


def found_on_controller(pki: Pki, *, authorities: c.Mapping[str, Authority], kubeconfig: pathlib.Path | None, now: float) -> list[Entry]:
    """The entries without their states. ``pki`` must be one of check mode."""
    found = _Controller(pki, authorities, now)
    return [
        *(found.authority(one) for one in authorities.values()),
        found.public_key(),
        found.private_key(),
        found.encryption(),
        *found.retired_keys(),
        *([found.kubeconfig(kubeconfig)] if kubeconfig is not None else []),
        *found.people(),
    ]


class _Controller:
    def __init__(self, pki: Pki, authorities: c.Mapping[str, Authority], now: float) -> None:
        self._pki, self._authorities, self._now = pki, authorities, now

    def authority(self, authority: Authority) -> Entry:
        base = _base(entries.AUTHORITY, f"{authority.name}.crt", authority.path)
        key = self._pki.directory / f"{authority.name}.key"
        if authority.fault:
            return dataclasses.replace(base, state="unreadable", differences=(shown(authority.fault),))
        if authority.certificate is None:
            return dataclasses.replace(base, state="missing", differences=("it is not there",))
        text, fault = self._text(key.name)
        # Who gives this run no password for it does so on purpose, too.
        closed = bool(fault) and self._pki.is_closed(key.name)
        told = [f"its key {key.name}: {one}" for one in ("" if closed else fault, _too_open(key)) if one]
        if text and not certs.belong_together(authority.pem, text):
            told.append(f"its key {key.name} does not belong to it")
        # Who keeps the key elsewhere does so on purpose: nothing can be issued meanwhile.
        closed_key = f"with its key {key.name}, which is encrypted: nothing can be issued without the vault secret"
        details = closed_key if closed else "with its key" if text or fault else f"without its key {key.name}: nothing can be issued"
        base = dataclasses.replace(base, details=details, differences=tuple(map(shown, told)))
        return entries.of_certificate(base, authority.certificate, now=self._now, authorities=self._authorities)

    def public_key(self) -> Entry:
        return self._secret("public key", SERVICE_ACCOUNT_PUBLIC, secret=False)

    def private_key(self) -> Entry:
        entry = self._secret("private key", SERVICE_ACCOUNT_KEY)
        private, public = (self._text(name)[0] for name in (SERVICE_ACCOUNT_KEY, SERVICE_ACCOUNT_PUBLIC))
        if private and public and not certs.belong_together(public, private):
            told = f"{SERVICE_ACCOUNT_PUBLIC} does not belong to it"
            return dataclasses.replace(entry, differences=(*entry.differences, told))
        return entry

    def encryption(self) -> Entry:
        entry, text = self._secret("encryption key", ENCRYPTION), self._text(ENCRYPTION)[0]
        return dataclasses.replace(entry, details=shown("; ".join(each(_providers(text))))) if text else entry

    def retired_keys(self) -> list[Entry]:
        """The keys by which older snapshots are encrypted; nothing if no key was ever replaced."""
        text, fault = self._text(ENCRYPTION_RETIRED)
        if text is None and not fault:
            return []
        entry = self._secret("encryption key", ENCRYPTION_RETIRED)
        if text is None:
            return [entry]
        try:
            told = "; ".join(key.shown for key in encryption_keys.listed(text, path=entry.path))
        except AnsibleError:
            told = "it cannot be read"
        return [dataclasses.replace(entry, details=shown(f"retired, for older snapshots: {told}"))]

    def kubeconfig(self, path: pathlib.Path) -> Entry:
        base = _base(entries.KUBECONFIG, administrator.USER, path, "kubectl on the controller")
        try:
            found = administrator.read(path)
        except AnsibleError as error:
            return dataclasses.replace(base, state="unreadable", differences=(shown(error.message),))
        if found is None:
            return dataclasses.replace(base, state="missing", differences=("it is not there",))
        certificate = certs.load(found.certificate) if found.certificate else None
        if certificate is None:
            return dataclasses.replace(base, state="unreadable", differences=("it is not a kubeconfig that holds a certificate",))
        authority = self._authorities[administrator.AUTHORITY]
        told = wanted_certs.differences(administrator.CLIENT, certificate, authority.certificate)
        if not certs.belong_together(found.certificate, found.key):
            told.append("its key does not belong to its certificate")
        if authority.pem and found.authority != self._pki.served(authority.path.name):
            told.append(f"it does not trust the present {authority.name}")
        if open_to := _too_open(path):
            told.append(open_to)
        base = dataclasses.replace(base, differences=tuple(map(shown, told)))
        return entries.of_certificate(base, certificate, now=self._now, authorities=self._authorities)

    def people(self) -> list[Entry]:
        """What was issued to people and still lets them in."""
        return [
            entries.of_certificate(
                dataclasses.replace(_base(entries.PERSON, "issued to a person", one.path), details=_powers(one.certificate)),
                one.certificate,
                now=self._now,
                authorities=self._authorities,
            )
            for one in issued.still_accepted(self._pki, self._now)
        ]

    def _secret(self, kind: str, name: str, *, secret: bool = True) -> Entry:
        path = self._pki.directory / name
        base = _base(*NAMES[kind], path)
        text, fault = self._text(name)
        if fault:
            return dataclasses.replace(base, state="unreadable", differences=(shown(fault),))
        if text is None:
            return dataclasses.replace(base, state="missing", differences=("it is not there",))
        told = _too_open(path) if secret else ""
        return dataclasses.replace(base, differences=(told,) if told else ())

    def _text(self, name: str) -> tuple[str | None, str]:
        """The text of a file, and why it cannot be read: what ansible-vault has encrypted needs its secret."""
        try:
            return self._pki.stored(name), ""
        except AnsibleError as error:
            return None, error.message


def _base(kind: str, name: str, path: pathlib.Path, *used_by: str) -> Entry:
    return Entry(host=CONTROLLER, kind=kind, name=name, path=shown(path), used_by=used_by)


def _powers(certificate: x509.Certificate) -> str:
    everything = f"O={issued.EMERGENCY_GROUP}" in certs.contents(certificate)["subject"]
    return "issued to a person, who may do everything until then" if everything else "issued to a person"


def _too_open(path: pathlib.Path) -> str:
    """That others may read a key in clear text; empty if not. What ansible-vault has encrypted may be shared."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        with path.open("rb") as file:
            encrypted = file.read(len(VAULT_MARK)) == VAULT_MARK
    except OSError:
        return ""
    return f"mode {mode:04o} lets others of this machine at it, wanted 0600" if mode & _OPEN and not encrypted else ""


def _providers(text: str) -> list[str]:
    """The names of the providers and of their keys, in their order; nothing else of the file."""
    try:
        given: t.Any = yaml.safe_load(text)
        providers = [provider for resource in given["resources"] for provider in resource["providers"]]
        return [_provider(name, value) for provider in providers for name, value in provider.items()]
    except (yaml.YAMLError, LookupError, TypeError, AttributeError):
        return ["it cannot be read"]


def _provider(name: t.Any, value: t.Any) -> str:
    keys = (value or {}).get("keys", [])
    return ": ".join(part for part in (str(name), ", ".join(str(key["name"]) for key in keys)) if part)
