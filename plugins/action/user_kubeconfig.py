# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a kubeconfig for a person. Documented in plugins/modules/user_kubeconfig.py."""

from __future__ import annotations

import datetime
import os
import pathlib
import secrets
import time
import typing as t

import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._people import contents, signing_request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._people.request import API, OPTIONS, Request, request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import administrator, certs, generations, issued, wanted_certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki, vault_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["checked", "issued"], "default": "issued"},
    "deadline": {"type": "float", "default": 30},
    **access.OPTIONS,
    **{name: {"type": "raw", "no_log": False} for name in OPTIONS},
}
# Who is named by a certificate of the API may be so for a little longer than was asked for: clocks differ.
_CLOCKS = datetime.timedelta(hours=1)
_MODE = 0o600

Object = dict[str, t.Any]


class SigningHost(Host):
    """A master by whose API requests are signed."""

    MODULE = "_api.signing"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and kubeconfigs of people."""

    def _converge(self, variables: dict[str, t.Any]) -> Object:
        arguments = self._arguments(ARGUMENT_SPEC)
        inventory = str(variables.get("inventory_dir") or "")
        wanted = request({name: arguments[name] for name in OPTIONS}, variables=variables, inventory=inventory)
        cluster = plain(cluster_of(self._templar, variables))
        pki = Pki(pathlib.Path(cluster["pki_directory"]), check_mode=bool(self._task.check_mode), vault=vault_of(self._loader))
        # A cluster is made by site.yml, never by a kubeconfig.
        pki.creates = False
        _refuse_without_master(cluster, variables)
        _refuse(wanted, pki)
        if arguments["state"] == "checked":
            return {"changed": False}
        replaces = wanted.file.exists()
        reason = "renewed for its user" if replaces else "absent"
        after = f"user: {wanted.user}\n{wanted_certs.wanted_text(wanted.item)}mode: {_MODE:04o}\n"
        result = self._result([PlannedAction("kubeconfig", "write", str(wanted.file), reason, after=after)])
        if self._task.check_mode:
            return {**result, "lines": [f"{wanted.file}: it would be written for {wanted.user}; nothing was signed"]}
        key, csr = ("", wanted.csr) if wanted.csr else _made_here(wanted)
        text = self._by_api(wanted, csr, arguments, variables) if wanted.signed_by == API else pki.sign(issued.AUTHORITY, csr, wanted.item)
        certificate = _verified(wanted, csr, text, trusted=_trusted(pki))
        issued.record(pki, certificate)
        config = contents.kubeconfig(
            wanted, administrator.servers(cluster, str(cluster["name"])), trusted=_trusted(pki), certificate=certs.pem(certificate), key=key
        )
        _write(wanted.file, yaml.safe_dump(config, sort_keys=False), replaces=replaces)
        return {
            **result,
            "path": str(wanted.file),
            "serial": f"{certificate.serial_number:x}",
            "not_after": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
            "lines": contents.told(wanted, certificate, replaced=replaces),
        }

    def _by_api(self, wanted: Request, csr: str, arguments: Object, variables: dict[str, t.Any]) -> str:
        host = SigningHost(self, variables)
        common = {"connection": access.connection(arguments, variables, templar=self._templar), "deadline": arguments["deadline"]}
        unready = host.step("collect", common)["unready"]
        if unready:
            raise ComponentError(f"Nothing was issued: the API is not ready: {unready}. Run again, or use kubeconfig_signed_by=authority")
        # Names of objects are in lower case; this one is nobody's before.
        name = f"barehost-{secrets.token_hex(8)}"
        return str(host.step("apply", {**common, "name": name, "csr": csr, "seconds": wanted.days * 86400})["certificate"])


def _trusted(pki: Pki) -> str:
    return pki.served(f"{certs.authority_name(issued.AUTHORITY)}.crt") or ""


def _refuse_without_master(cluster: Object, variables: dict[str, t.Any]) -> None:
    """Raises ComponentError for a run that would end well without having done anything: the task is one of a master."""
    masters, hosts = cluster["masters"], [str(host) for host in variables.get("ansible_play_hosts_all", [])]
    if not set(masters) & set(hosts):
        raise ComponentError(f"Nothing was issued: no master takes part in this run. Run without --limit, or with --limit {masters[0]}")


def _refuse(wanted: Request, pki: Pki) -> None:
    """Raises ComponentError for what would fail later, before a host is asked."""
    name = certs.authority_name(issued.AUTHORITY)
    if not _trusted(pki):
        raise ComponentError(
            f"Nothing was issued: the PKI directory {pki.directory} has no {name}.crt. Put the cluster's PKI directory there, correct "
            "cluster_pki_directory, or install the cluster first (site.yml)"
        )
    why = "" if wanted.signed_by == API else pki.refusal(issued.AUTHORITY)
    if why:
        raise ComponentError(
            f"Nothing was issued: {why} Or have the API sign, where one of its controllers can: -e kubeconfig_signed_by={API}"
        )
    if not os.access(pki.directory, os.W_OK | os.X_OK):
        raise ComponentError(
            f"Nothing was issued: nothing can be written to {pki.directory}, so the certificate could not be recorded. Run as the owner of "
            "the PKI directory, where it can be written"
        )
    if atomic_file.exists(wanted.file) and not _is_of_the_same(wanted, pki):
        raise ComponentError(
            f"Nothing was issued: {wanted.file} is there, and it is no kubeconfig that this playbook has made for {wanted.user}. It is not "
            "overwritten: move it away, or give another file with -e kubeconfig_file=…"
        )


def _is_of_the_same(wanted: Request, pki: Pki) -> bool:
    """Whether the file that is there was made here for the same user: then a new one may take its place."""
    try:
        found = contents.certificate_in(wanted.file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return False
    return found is not None and issued.is_recorded(pki, found) and f"CN={wanted.user}" in certs.contents(found)["subject"]


def _made_here(wanted: Request) -> tuple[str, str]:
    key, csr = signing_request.make(wanted.user, wanted.groups)
    return certs.private_pem(key), csr


def _verified(wanted: Request, csr: str, text: str, *, trusted: str) -> x509.Certificate:
    """The certificate, if it is what was asked for: the API's controllers have signed what they wanted."""
    certificate = certs.load(text)
    found = [] if certificate is None else wanted_certs.differences(wanted.item, certificate, None)
    if certificate is None or not certs.issued_by_any(text, generations.blocks(trusted)):
        found.append("it is not of an authority that the cluster's hosts trust")
    elif not signing_request.same_key(certificate, csr):
        found.append("it is for another key")
    elif certificate.not_valid_after_utc > certs.moment(time.time()) + datetime.timedelta(days=wanted.days) + _CLOCKS:
        found.append(f"it ends on {certificate.not_valid_after_utc:%Y-%m-%d}, later than was asked for")
    if found or certificate is None:
        raise ComponentError(
            f"No kubeconfig was written: what was signed for {wanted.user} is not what was asked for: {'; '.join(found)}. Look at who "
            "signs requests of the API in this cluster, or use kubeconfig_signed_by=authority"
        )
    return certificate


def _write(path: pathlib.Path, text: str, *, replaces: bool) -> None:
    try:
        if replaces:
            atomic_file.write(path, text, mode=_MODE)
        elif not atomic_file.create(path, text, mode=_MODE):
            raise ComponentError(
                f"{path} has been made by somebody else meanwhile, and is not overwritten. Give another file, and run again"
            )
    except OSError as error:
        raise ComponentError(f"{path} cannot be written: {error.strerror}. Give another path, and run again") from None
