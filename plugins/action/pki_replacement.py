# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaces an authority, or a key of the cluster, in the PKI directory. Documented in plugins/modules/pki_replacement.py."""

from __future__ import annotations

import pathlib
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access, plan_client_authorities, trust_bundles
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import (
    encryption_on_hosts,
    generations,
    replacement_request,
    trust_on_hosts,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import NODE, Pki, vault_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.encryption_replacement import SUBJECT as ENCRYPTION
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.encryption_replacement import EncryptionReplacement
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
KUBERNETES = "kubernetes"
ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "subjects": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "choices": ["observed", "shown", ACCEPTED, SWITCHED, DROPPED, FINISHED], "required": True},
    "observation": {"type": "str", "default": "barehost_trust"},
    "search": {"type": "str", "default": "barehost_encrypted"},
    "without": {"type": "list", "elements": "str", "default": []},
    "pause": {"type": "raw"},
}
# A kubelet asks for another token of a pod after 80 % of its hour, and the longest a pod may wait for it is some minutes.
TOKENS_ARE_NEW = 75 * 60
# How long the controller manager may take to write the new authority for pods. One that has just restarted waits for its lease.
PUBLISHED_WITHIN = 60

Variables = dict[str, t.Any]
Object = dict[str, t.Any]
Work = Replacement | EncryptionReplacement


class TrustingHost(Host):
    """A host that says what it trusts."""

    MODULE = "_component.trust"


class ApiHost(Host):
    """A master, which asks the API."""

    MODULE = "_api.trust_bundles"
    VERIFIES_IDENTITY = False


class PublishingHost(Host):
    """A master, which asks what apiservers publish."""

    MODULE = "_api.client_authorities"
    VERIFIES_IDENTITY = False


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the replacement."""

    def _converge(self, variables: Variables) -> Object:
        arguments = self._arguments(ARGUMENT_SPEC)
        wanted = replacement_request.request(arguments["subjects"], pause=arguments["pause"], variables=variables)
        state = arguments["state"]
        cluster = plain(cluster_of(self._templar, variables))
        pki = Pki(pathlib.Path(cluster["pki_directory"]), check_mode=self._task.check_mode, vault=vault_of(self._loader))
        works = [_work(pki, subject) for subject in wanted.subjects]
        if state == "observed":
            return {"changed": False, **self._observe(works, cluster, variables)}
        if state == "shown":
            for work in works:
                work.check_given()
            return {"changed": False, "summary": [line for work in works for line in trust_on_hosts.steps(work)]}
        found = {host: _observed(variables, host, arguments["observation"]) for host in cluster["nodes"]}
        known = {
            **arguments,
            "pause": wanted.pause,
            "found": found,
            "masters": cluster["masters"],
            "searched": _searched(variables, arguments["search"], cluster),
        }
        with pki.writing():
            return self._advance(works, known)

    def _observe(self, works: list[Work], cluster: Object, variables: Variables) -> Object:
        """What the host trusts and, of a master, what pods and others in the API trust of the Kubernetes authority."""
        paths = sorted({path for work in works for path in (*bundles(work.subject), *shown(work.subject))})
        host = TrustingHost(self, variables)
        keys = [_encryption_file()] if any(work.subject == ENCRYPTION for work in works) else []
        found = host.step("collect", {"paths": paths, "keys": keys})
        return {**found, **self._observe_api(works, variables)} if host.name in cluster["masters"] else found

    def _observe_api(self, works: list[Work], variables: Variables) -> Object:
        """``api``: who trusts the Kubernetes authority, if it is replaced; ``published``: by name, where apiservers publish an old one."""
        connection = access.usual(variables, templar=self._templar)
        found: Object = {"published": {}}
        for work in (work for work in works if isinstance(work, Replacement)):
            if work.subject == KUBERNETES:
                asked = _digests(work).asked(deadline=0 if self._task.check_mode else PUBLISHED_WITHIN)
                found["api"] = ApiHost(self, variables).step("collect", {"connection": connection, **asked})
            former = plan_client_authorities.asked({work.name: work.trust.old})
            if former and work.phase == DROPPED:
                wanted = {"connection": connection, "retired": former, "deadline": 0}
                found["published"][work.name] = PublishingHost(self, variables).step("collect", wanted)
        return found

    def _advance(self, works: list[Work], known: Object) -> Object:
        """Nothing is changed unless all hosts are ready for all that comes now."""
        state = known["state"]
        due = [work for work in works if _is_due(work, state)]
        actions = [PlannedAction("pki", state, work.name, trust_on_hosts.step(work, state)) for work in due if state != FINISHED]
        published = [of_host["api"] for of_host in known["found"].values() if of_host and "api" in of_host]
        warnings = [_wait(work) for work in works if isinstance(work, Replacement) and _is_early(work, state)]
        for authority in (work for work in due if isinstance(work, Replacement) and work.subject == KUBERNETES):
            warnings += trust_bundles.warnings(published, _digests(authority), name=authority.name)
        result = {**self._result(actions), "warnings": warnings}
        if self._task.check_mode or not due:
            return result
        for work in due:
            before = DROPPED if state == FINISHED else PHASES[PHASES.index(state) - 1]
            _refuse(before, work, known)
            if work.subject == KUBERNETES and before in (ACCEPTED, SWITCHED):
                trust_bundles.refuse(published, name=work.name)
            if state == FINISHED:
                _refuse_published(work, known["found"])
        if state == SWITCHED and any(work.subject == KUBERNETES for work in due):
            # Until kubelets have brought the new authority to the pods, which get it as a part of their volumes.
            time.sleep(known["pause"])
        for work in due:
            {ACCEPTED: work.accept, SWITCHED: work.switch, DROPPED: work.drop, FINISHED: work.finish}[state]()
        return result


def _work(pki: Pki, subject: str) -> Work:
    now = time.time()
    return EncryptionReplacement(pki, now=now) if subject == ENCRYPTION else Replacement(pki, subject, now=now)


def _refuse(phase: str, work: Work, known: Object) -> None:
    """Raises PlanError if a host is not as the phase wants it."""
    found, without = known["found"], known["without"]
    if isinstance(work, EncryptionReplacement):
        keys = {host: of_host and of_host["keys"] for host, of_host in found.items()}
        encryption_on_hosts.refuse(phase, work, keys, without=without, masters=known["masters"], searched=known["searched"])
    else:
        texts = {host: of_host and of_host["texts"] for host, of_host in found.items()}
        trust_on_hosts.refuse(phase, work, texts, bundles=bundles(work.subject), without=without)


def _refuse_published(work: Work, found: Object) -> None:
    """Raises PlanError if apiservers still publish an old authority, or nobody can tell."""
    if isinstance(work, Replacement) and plan_client_authorities.asked({work.name: work.trust.old}):
        answers = [of_host["published"] for of_host in found.values() if of_host and "published" in of_host]
        plan_client_authorities.refuse([told[work.name] for told in answers if work.name in told], name=work.name)


def _is_due(work: Work, state: str) -> bool:
    """Whether this state comes now. In check mode the phases before it have not been done, so it may come later than now."""
    if state == FINISHED:
        return work.phase == DROPPED
    return PHASES.index(work.phase) < PHASES.index(state) and not _is_early(work, state)


def _is_early(work: Work, state: str) -> bool:
    """Whether pods may still have tokens of a key that would be dropped."""
    if not isinstance(work, Replacement) or work.subject != SERVICE_ACCOUNT:
        return False
    return state == DROPPED and work.phase == SWITCHED and time.time() < _ripe(work)


def _ripe(work: Replacement) -> float:
    """When pods have tokens of the new key, in seconds since the epoch."""
    return work.switched_at + TOKENS_ARE_NEW


def _wait(work: Replacement) -> str:
    at = time.strftime("%H:%M", time.localtime(_ripe(work)))
    return f"{work.name}: pods may still have tokens of the old key, so it stays valid. Run replace-authority.yml again after {at}"


def _digests(work: Replacement) -> trust_bundles.Digests:
    """The new one, which pods must get, and the old one, which they must not need at the end. Before a switch the old one signs."""
    trust = work.trust
    signing, upcoming = generations.blocks(trust.signing), generations.blocks(trust.next)
    if work.phase in (SWITCHED, DROPPED):
        return trust_bundles.Digests.of(signing[0], trust.old)
    return trust_bundles.Digests.of(upcoming[0] if upcoming else None, signing)


def bundles(subject: str) -> list[str]:
    """Where hosts keep what they trust of a subject."""
    table = component_table.components()
    if subject == ENCRYPTION:
        return []
    if subject == SERVICE_ACCOUNT:
        return [table["kube_apiserver"].files["service_account_public_key"]]
    both = table["kube_apiserver"].pki["kubernetes_and_node_ca"]
    if subject == NODE:
        return [both]
    if subject == KUBERNETES:
        return sorted({both, *(component.pki["ca"] for name, component in table.items() if component.pki and name != "etcd")})
    own = [component_table.ETCD.pki["ca"]] if subject == "etcd" else []
    key = f"{subject.replace('-', '_')}_ca"
    return sorted({*own, *(component.pki[key] for component in table.values() if key in component.pki)})


def shown(subject: str) -> list[str]:
    """Where hosts keep the certificates that a subject may have issued, and those that they sign with."""
    if subject == NODE:
        kubelet, manager = component_table.KUBELET.files, component_table.KUBE_CONTROLLER_MANAGER.pki
        return [kubelet["rotated_client"], kubelet["rotated_server"], manager["node_ca"]]
    return component_table.certificate_files()


def _encryption_file() -> str:
    return component_table.components()["kube_apiserver"].files["encryption"]


def _observed(variables: Variables, host: str, name: str) -> Object | None:
    """What a host has said in this play; nothing if it did not take part, or did not answer."""
    if host not in variables["ansible_play_hosts"]:
        return None
    found = plain(variables["hostvars"][host].get(name) or {})
    return found if "texts" in found else None


def _searched(variables: Variables, name: str, cluster: Object) -> list[str]:
    """The digests of keys for whose values this run has searched etcd in vain."""
    found = [plain(variables["hostvars"][host].get(name) or {}) for host in cluster["etcd_hosts"]]
    return [digest for one in found for digest in one.get("searched", [])]
