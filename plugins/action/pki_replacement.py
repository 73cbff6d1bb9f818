# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaces an authority, or the key of service accounts, in the PKI directory. Documented in plugins/modules/pki_replacement.py."""

from __future__ import annotations

import pathlib
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import replacement_request, trust_on_hosts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki, vault_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.generations import SERVICE_ACCOUNT
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.replacement import (
    ACCEPTED,
    DROPPED,
    PHASES,
    SWITCHED,
    Replacement,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import component_table

FINISHED = "finished"
ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "subjects": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "choices": ["observed", "shown", ACCEPTED, SWITCHED, DROPPED, FINISHED], "required": True},
    "observation": {"type": "str", "default": "barehost_trust"},
    "without": {"type": "list", "elements": "str", "default": []},
    "pause": {"type": "float", "default": 120},
}
# A kubelet asks for another token of a pod after 80 % of its hour, and the longest a pod may wait for it is some minutes.
TOKENS_ARE_NEW = 75 * 60

Variables = dict[str, t.Any]
Object = dict[str, t.Any]


class TrustingHost(Host):
    """A host that says what it trusts."""

    MODULE = "_component.trust"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the replacement."""

    def _converge(self, variables: Variables) -> Object:
        _validated, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        arguments = plain(arguments)
        subjects = replacement_request.subjects(arguments["subjects"], pause=arguments["pause"], variables=variables)
        state = arguments["state"]
        if state == "observed":
            paths = sorted({*component_table.certificate_files(), *(path for subject in subjects for path in bundles(subject))})
            return {"changed": False, **TrustingHost(self, variables).step("collect", {"paths": paths})}
        cluster = plain(cluster_of(self._templar, variables))
        pki = Pki(pathlib.Path(cluster["pki_directory"]), check_mode=self._task.check_mode, vault=vault_of(self._loader))
        works = [Replacement(pki, subject, now=time.time()) for subject in subjects]
        if state == "shown":
            return {"changed": False, "summary": [line for work in works for line in trust_on_hosts.steps(work)]}
        found = {host: _observed(variables, host, arguments["observation"]) for host in cluster["nodes"]}
        try:
            return self._advance(works, arguments, found)
        except OSError as error:
            raise PkiError(f"{error.filename or pki.directory} cannot be written: {error.strerror}. Correct it, and run again.") from None

    def _advance(self, works: list[Replacement], arguments: Object, found: dict[str, Object | None]) -> Object:
        """Nothing is changed unless all hosts are ready for all that comes now."""
        state = arguments["state"]
        due = [work for work in works if _is_due(work, state)]
        actions = [PlannedAction("pki", state, work.name, trust_on_hosts.step(work, state)) for work in due if state != FINISHED]
        result = {**self._result(actions), "warnings": [_wait(work) for work in works if state == DROPPED and _is_early(work, state)]}
        if self._task.check_mode or not due:
            return result
        for work in due:
            before = DROPPED if state == FINISHED else PHASES[PHASES.index(state) - 1]
            trust_on_hosts.refuse(before, work, found, bundles=bundles(work.subject), without=arguments["without"])
        if state == SWITCHED and any(work.subject == "kubernetes" for work in due):
            # Until kubelets have brought the new authority to the pods, which get it as a part of their volumes.
            time.sleep(arguments["pause"])
        for work in due:
            {ACCEPTED: work.accept, SWITCHED: work.switch, DROPPED: work.drop, FINISHED: work.finish}[state]()
        return result


def _is_due(work: Replacement, state: str) -> bool:
    """Whether this state comes now. In check mode the phases before it have not been done, so it may come later than now."""
    if state == FINISHED:
        return work.phase == DROPPED
    return PHASES.index(work.phase) < PHASES.index(state) and not _is_early(work, state)


def _is_early(work: Replacement, state: str) -> bool:
    """Whether pods may still have tokens of a key that would be dropped."""
    return work.subject == SERVICE_ACCOUNT and state == DROPPED and work.phase == SWITCHED and time.time() < _ripe(work)


def _ripe(work: Replacement) -> float:
    """When pods have tokens of the new key, in seconds since the epoch."""
    return work.switched_at + TOKENS_ARE_NEW


def _wait(work: Replacement) -> str:
    at = time.strftime("%H:%M", time.localtime(_ripe(work)))
    return f"{work.name}: pods may still have tokens of the old key, so it stays valid. Run replace-authority.yml again after {at}"


def bundles(subject: str) -> list[str]:
    """Where hosts keep what they trust of a subject."""
    table = component_table.components()
    if subject == SERVICE_ACCOUNT:
        return [table["kube_apiserver"].files["service_account_public_key"]]
    if subject == "kubernetes":
        return sorted({component.pki["ca"] for name, component in table.items() if component.pki and name != "etcd"})
    own = [component_table.ETCD.pki["ca"]] if subject == "etcd" else []
    key = f"{subject.replace('-', '_')}_ca"
    return sorted({*own, *(component.pki[key] for component in table.values() if key in component.pki)})


def _observed(variables: Variables, host: str, name: str) -> Object | None:
    """What a host has said in this play; nothing if it did not take part, or did not answer."""
    if host not in variables["ansible_play_hosts"]:
        return None
    found = plain(variables["hostvars"][host].get(name) or {})
    return t.cast("Object | None", found.get("texts"))
