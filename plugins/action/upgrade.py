# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans an upgrade, and verifies it. Documented in plugins/modules/upgrade.py."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import drains
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import of_loop, registered
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import run_tags
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import databases
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import plan_upgrade, told_plan, upgrade_request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.answers import found_of, wanted_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.upgrade_terms import MARK, Observed, Upgrade

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["checked", "planned", "verified"], "required": True},
    **{name: {"type": "raw"} for name in upgrade_request.OPTIONS},
}
# The variables in which the playbook registers what hosts and API say
_VERSIONS, _MASTER_VERSIONS = "barehost_versions", "barehost_master_versions"
_WORKLOADS, _DATABASES = "barehost_workloads", "barehost_etcd_databases"

# By the name of a program of a node, whose version it has in the spec. Docker's is empty where the repository decides.
_BESIDE = {"cri-dockerd": "cri_dockerd", "flanneld": "flannel", "cni-plugins": "cni_plugins", "docker": "docker"}

Variables = dict[str, t.Any]
Object = dict[str, t.Any]


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the plan. It reaches no host."""

    def _converge(self, variables: Variables) -> Object:
        arguments = self._arguments(ARGUMENT_SPEC)
        tags = {*variables.get("ansible_run_tags", []), *variables.get("ansible_skip_tags", [])} - run_tags.NONE_ASKED_FOR
        given = {name: arguments[name] for name in upgrade_request.OPTIONS}
        request = upgrade_request.request(given, variables=variables, tags=tags)
        if arguments["state"] == "checked":
            return {"changed": False}
        cluster: Object = plain(cluster_of(self._templar, variables))
        request = dataclasses.replace(
            request, beside={name: version for name, key in _BESIDE.items() if (version := cluster["versions"][key])}
        )
        wanted = wanted_of(cluster, frozenset(variables["ansible_play_hosts_all"]))
        observed = _observed(cluster, variables)
        upgrade = plan_upgrade.plan(observed, wanted, request)
        if arguments["state"] == "verified":
            return _verified(upgrade, told_plan.lines(upgrade, observed, wanted, request))
        return {
            "changed": False,
            "summary": told_plan.lines(upgrade, observed, wanted, request),
            "stages": [dataclasses.asdict(work) for work in upgrade.work],
            "settings": request.for_plays(),
            # Check mode ends with the plan: no later play has hosts then.
            "performs": not self._task.check_mode,
            "complete": not upgrade.work and not upgrade.left_out,
            "ignored": drains.ignored(observed.workloads, MARK) if observed.workloads else [],
            "through": _through(cluster, variables),
        }


def _through(cluster: Object, variables: Variables) -> str:
    """The master through which nodes are drained: the first one whose API is ready, else the first one."""
    ready = [str(answer["item"]) for answer in _workloads(variables)]
    return str([*ready, *cluster["masters"]][0])


def _workloads(variables: Variables) -> list[Object]:
    """The answers of masters whose API is ready."""
    return [answer for answer in of_loop(variables, _WORKLOADS) if answer.get("unready") == ""]


def _verified(upgrade: Upgrade, lines: list[str]) -> Object:
    if upgrade.work:
        raise ComponentError("\n".join(["The upgrade is not complete. Run playbooks/upgrade.yml again, which goes on with:", *lines]))
    if upgrade.left_out:
        raise ComponentError("\n".join(["The other hosts are upgraded", *lines[1:]]))
    return {"changed": False, "summary": lines}


def _observed(cluster: Object, variables: Variables) -> Observed:
    play = list(variables["ansible_play_hosts_all"])
    own = registered(variables, play, _VERSIONS)
    found = found_of(own, plain(variables.get(_MASTER_VERSIONS) or {}))
    answers = _workloads(variables)
    said = registered(variables, play, _DATABASES)
    members: list[Object] = said.get(databases.best(said), {}).get("members", [])
    hosts = {entry["client_url"]: entry["host"] for entry in cluster["etcd"]["members"]}
    known = [{**member, "host": hosts[member["url"]]} for member in members if member["url"] in hosts]
    return Observed(
        found=found,
        away=[host for host in play if "programs" not in own[host]],
        unhealthy=[member["host"] for member in known if not member["linearizable"]],
        leader=next((member["host"] for member in known if member["id"] and member["id"] == member["leader"]), ""),
        workloads=answers[0] if answers else None,
    )
