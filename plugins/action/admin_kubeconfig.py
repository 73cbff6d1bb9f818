# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the administrator's kubeconfig on the controller. Its key is created there and never leaves it."""

from __future__ import annotations

import pathlib
import time
import typing as t

import yaml
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import hashes, serialization, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import administrator, certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.administrator import AUTHORITY, CLIENT, MODE
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki, vault_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.terms import terms_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import renewal

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "path": {"type": "path", "required": True},
    "server": {"type": "str"},
    "cluster_name": {"type": "str"},
    "pki_directory": {"type": "path"},
}


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validated, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        path = pathlib.Path(str(arguments["path"]))
        cluster = cluster_of(self._templar, task_vars or {})
        servers, directory = _settings(arguments, cluster)
        pki = Pki(pathlib.Path(directory), check_mode=self._task.check_mode, vault=vault_of(self._loader))
        described = {**CLIENT, **cluster.get("certificates", {}).get("administrator", {})}
        client = {**described, **terms_of(cluster, (task_vars or {}).get(renewal.VARIABLE)).of(described, name=renewal.ADMINISTRATOR)}
        found = administrator.read(path)
        # A kubeconfig that trusts an authority belongs to a cluster, whose authority has been lost here.
        pki.creates = (found is None or not found.authority) and not self._task.check_mode
        wanted = administrator.Wanted(servers, pki.issuers(AUTHORITY), pki.bundle(AUTHORITY))
        if wanted.authority is None and not (pki.creates or self._task.check_mode):
            raise AnsibleActionFail(
                f"Nothing was changed: {path} trusts an authority, and the PKI directory {directory} has no "
                f"{certs.authority_name(AUTHORITY)}.crt. Put the cluster's PKI directory back; or move the kubeconfig away if it is of "
                "another cluster"
            )
        reissue = administrator.client_fault(found, wanted, client, time.time())
        reason = reissue or administrator.content_fault(found, wanted)
        result.update(changed=reason is not None, path=str(path), server=", ".join(servers.values()), actions=[], warnings=pki.warnings)
        if reason is None:
            return result
        why = pki.refusal(AUTHORITY) if reissue else ""
        if why and found is not None:
            raise AnsibleActionFail(f"{path} was not changed. A new certificate has to be signed for it ({reissue}). {why}")
        if why:
            # A controller that keeps no key can do without the file, and it is no reason to fail each of its runs.
            result.update(changed=False, warnings=[*pki.warnings, f"{path} is absent and was not written. {why}"])
            return result
        after = administrator.wanted_text(wanted, client)
        action = PlannedAction("kubeconfig", "write", str(path), reason, before=administrator.found_text(found, wanted), after=after)
        result.update(actions=[action.report()], diff=[action.diff()])
        if not self._task.check_mode:
            certificate, key = _new_client(pki, client) if reissue or found is None else (found.certificate, found.key)
            _write(path, wanted.config(certificate, key, current=administrator.current(found)))
        return result


def _settings(arguments: dict[str, t.Any], cluster: dict[str, t.Any]) -> tuple[dict[str, str], str]:
    """Servers by name, and the PKI directory: from the options, or from the resolved spec."""
    values = {
        "cluster_name": arguments["cluster_name"] or cluster.get("name"),
        "server": arguments["server"] or cluster.get("api", {}).get("url"),
        "pki_directory": arguments["pki_directory"] or cluster.get("pki_directory"),
    }
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise AnsibleActionFail(
            f"admin_kubeconfig: {', '.join(missing)} not given, and the host has no fact `cluster` to take it from. "
            "Run barehost.kubernetes.cluster_spec before, or give these options."
        )
    # Plain str: the YAML library cannot write Ansible's tagged strings.
    name = str(values["cluster_name"])
    servers = {name: str(values["server"])} if arguments["server"] else administrator.servers(cluster, name)
    return servers, str(values["pki_directory"])


def _new_client(pki: Pki, client: dict[str, t.Any]) -> tuple[str, str]:
    key = certs.new_key()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    certificate = pki.sign(AUTHORITY, request.public_bytes(serialization.Encoding.PEM).decode(), client)
    return certificate, certs.private_pem(key)


def _write(path: pathlib.Path, config: dict[str, t.Any]) -> None:
    try:
        atomic_file.write(path, yaml.safe_dump(config, sort_keys=False), mode=MODE)
    except OSError as error:
        raise AnsibleActionFail(f"{path} cannot be written: {error.strerror}. Give another path, or make its directory.") from None
