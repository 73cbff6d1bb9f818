# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills a lost PKI directory with what hosts have. Documented in plugins/modules/pki_rescue.py."""

from __future__ import annotations

import base64
import hashlib
import hmac
import pathlib
import secrets
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file, misspelt
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import registered
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.run_directory import directory_of_the_run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import rescue
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import (
    ENCRYPTION,
    KEEPALIVED,
    NODE_CERTIFICATE,
    NODE_KEY,
    Pki,
    vault_of,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import SERVICE_ACCOUNT_KEY as KEY
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import SERVICE_ACCOUNT_PUBLIC as PUBLIC
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.rescued_directory import RescuedDirectory
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import component_table

CHECKED, OBSERVED, PLANNED, TAKEN, COMPLETED = STATES = ("checked", "observed", "planned", "taken", "completed")
ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": list(STATES), "required": True},
    "observation": {"type": "str", "default": "barehost_rescue"},
    "without": {"type": "list", "elements": "str", "default": []},
}
NEXT = "The keys of the authorities are lost. Make new ones now: playbooks/replace-authority.yml -e replace_authority="

Variables = dict[str, t.Any]
Object = dict[str, t.Any]


class RescuedHost(Host):
    """A host that has what a PKI directory has lost."""

    MODULE = "_component.rescue"
    # The directory by which it would be known is lost. The plan compares hosts with each other, and with the inventory.
    VERIFIES_IDENTITY = False


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the rescue."""

    def _converge(self, variables: Variables) -> Object:
        arguments = self._arguments(ARGUMENT_SPEC)
        cluster = plain(cluster_of(self._templar, variables))
        pki = Pki(pathlib.Path(cluster["pki_directory"]), check_mode=self._task.check_mode, vault=vault_of(self._loader))
        directory = RescuedDirectory(pki, now=time.time())
        faults = misspelt.faults(variables, prefix="rescue_", options=("without",))
        if faults:
            raise ComponentError(f"Nothing was changed: {'; '.join(faults)}")
        directory.refuse_if_used()
        state = arguments["state"]
        if state == CHECKED:
            return {"changed": False, "complete": directory.complete, "next": next_step(pki)}
        if state == OBSERVED:
            return {"changed": False, **RescuedHost(self, variables).step("collect", _wanted(_digest_key()))}
        # nothing of a host that did not take part in this play, or did not answer
        took_part = [host for host in cluster["nodes"] if host in variables["ansible_play_hosts"]]
        answered = registered(variables, took_part, arguments["observation"], having="texts")
        found = {host: answered.get(host) for host in cluster["nodes"]}
        plan = rescue.plan(
            found, paths=sources(), settings=cluster["identity"], without=arguments["without"], directory=cluster["pki_directory"]
        )
        if state == PLANNED:
            return {"changed": False, "summary": plan.lines()}
        with pki.writing():
            return self._take(plan, directory, variables) if state == TAKEN else self._complete(plan, directory, pki)

    def _take(self, plan: rescue.Plan, directory: RescuedDirectory, variables: Variables) -> Object:
        """The secrets that are taken from this host. None of them is in the result, nor in what its connection may show."""
        host = RescuedHost(self, variables)
        wanted = [source for source in plan.secrets.values() if source.host == host.name]
        result = self._result([PlannedAction("pki", "take", source.name, f"it is lost here, and {host.name} has it") for source in wanted])
        if self._task.check_mode or not wanted:
            return result
        covers = {source.path: secrets.token_bytes(source.size) for source in wanted}
        payload = {"covers": {path: base64.b64encode(cover).decode() for path, cover in covers.items()}}
        covered = host.step("cover", payload)["covered"]
        key = _digest_key()
        for source in wanted:
            content = bytes(one ^ other for one, other in zip(base64.b64decode(covered[source.path]), covers[source.path], strict=True))
            if not hmac.compare_digest(hmac.new(key.encode(), content, hashlib.sha256).hexdigest(), source.digest):
                raise ComponentError(f"{host.name}: {source.path} has changed since this run began. Run again")
            directory.put(source.name, _text(content, source))
        return result

    def _complete(self, plan: rescue.Plan, directory: RescuedDirectory, pki: Pki) -> Object:
        actions = [PlannedAction("pki", "take", name, "it is lost here, and hosts have it") for name in plan.public]
        if not self._task.check_mode:
            directory.finish(plan.public)
        return {**self._result(actions), "next": next_step(pki)}


def next_step(pki: Pki) -> str:
    """What is left to do after a rescue."""
    return f"{NEXT}{','.join(name for name in ('kubernetes', 'etcd', 'front-proxy') if pki.lost(name))}"


def sources() -> dict[str, list[str]]:
    """Where hosts have each file of a PKI directory."""
    table = component_table.components()
    parts = [component.pki for component in table.values() if component.pki]
    apiserver, keepalived = table["kube_apiserver"].files, table["keepalived"].files
    etcd, manager = component_table.ETCD.pki["ca"], table["kube_controller_manager"].pki
    return {
        "kubernetes-ca.crt": sorted({part["ca"] for part in parts if part["ca"] != etcd}),
        "etcd-ca.crt": sorted({etcd, *(part["etcd_ca"] for part in parts if "etcd_ca" in part)}),
        "front-proxy-ca.crt": sorted({part["front_proxy_ca"] for part in parts if "front_proxy_ca" in part}),
        PUBLIC: [apiserver["service_account_public_key"]],
        KEY: [apiserver["service_account_key"]],
        ENCRYPTION: [apiserver["encryption"]],
        KEEPALIVED: [keepalived["authentication"]],
        # masters have the key, too, where kubelets rotate their certificates
        NODE_CERTIFICATE: [manager["node_ca"]],
        NODE_KEY: [manager["node_ca_key"]],
    }


def _wanted(digest_key: str) -> Object:
    public: list[str] = []
    secret: list[str] = []
    for name, paths in sources().items():
        (public if rescue.is_public(name) else secret).extend(paths)
    return {"public": public, "secret": secret, "digest_key": digest_key, "record": component_table.PATHS["identity"]}


def _digest_key() -> str:
    """With it hosts make digests of secrets, which may be shown: nobody has the key after the run."""
    path = directory_of_the_run() / "barehost-rescue"
    atomic_file.create(path, secrets.token_hex(32), mode=0o600)
    return path.read_text(encoding="ascii")


def _text(content: bytes, source: rescue.Source) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ComponentError(f"{source.host}: {source.path} is not text. Leave this host out: -e rescue_without={source.host}") from None
