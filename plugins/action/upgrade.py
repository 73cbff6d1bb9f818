# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans an upgrade, and verifies it. Documented in plugins/modules/upgrade.py."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError, PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import plan_upgrade, told_plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.answers import found_of, wanted_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.plan_upgrade import Observed, Request

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["checked", "planned", "verified"], "required": True},
    "only": {"type": "str", "choices": ["all", "masters", "nodes"], "default": "all"},
    "drain": {"type": "bool", "default": True},
    "unmanaged_pods": {"type": "bool", "default": False},
    "batch": {"type": "str", "default": "1"},
    "hooks": {"type": "list", "elements": "path", "default": []},
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
        _validated, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        arguments = plain(arguments)
        if arguments["state"] == "checked":
            _refuse(arguments)
            return {"changed": False}
        cluster: Object = plain(cluster_of(self._templar, variables))
        request = Request(
            only=arguments["only"],
            drain=arguments["drain"],
            unmanaged_pods=arguments["unmanaged_pods"],
            beside={name: version for name, key in _BESIDE.items() if (version := cluster["versions"][key])},
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
            # Check mode ends with the plan: no later play has hosts then.
            "performs": not self._task.check_mode,
            "complete": not upgrade.work and not upgrade.left_out,
            "ignored": (observed.workloads or {}).get("unready_owners", []),
        }


def _refuse(arguments: Object) -> None:
    """Raises PlanError for values that would fail only when the nodes are reached."""
    if not re.fullmatch(r"[1-9]\d*|(100|[1-9]\d?)%", arguments["batch"]):
        raise PlanError(
            f"Nothing was changed: upgrade_batch is {arguments['batch']!r}, which is neither a number of nodes nor a percentage. "
            'Write for example 2, or "20%"'
        )
    missing = [path for path in arguments["hooks"] if not pathlib.Path(path).is_file()]
    if missing:
        raise PlanError(f"Nothing was changed: {', '.join(missing)} is no file. Write the path of a file with tasks")


def _verified(upgrade: plan_upgrade.Upgrade, lines: list[str]) -> Object:
    if upgrade.work or upgrade.left_out:
        raise ComponentError("\n".join(["The upgrade is not complete. Run playbooks/upgrade.yml again, which goes on with:", *lines]))
    return {"changed": False, "summary": lines}


def _observed(cluster: Object, variables: Variables) -> Observed:
    hostvars = variables["hostvars"]
    play = list(variables["ansible_play_hosts_all"])
    own = {host: plain(hostvars[host].get(_VERSIONS) or {}) for host in play}
    found = found_of(own, plain(variables.get(_MASTER_VERSIONS) or {}))
    answers = [answer for answer in plain(variables.get(_WORKLOADS) or {}).get("results", []) if answer.get("unready") == ""]
    members: list[list[Object]] = [
        answer["members"] for host in play if (answer := plain(hostvars[host].get(_DATABASES) or {})).get("members")
    ]
    hosts = {entry["client_url"]: entry["host"] for entry in cluster["etcd"]["members"]}
    answer = max(members, key=lambda said: sum(bool(member["linearizable"]) for member in said), default=[])
    best = [{**member, "host": hosts[member["url"]]} for member in answer if member["url"] in hosts]
    return Observed(
        found=found,
        away=[host for host in play if "programs" not in own[host]],
        unhealthy=[member["host"] for member in best if not member["linearizable"]],
        leader=next((member["host"] for member in best if member["id"] and member["id"] == member["leader"]), ""),
        workloads=answers[0] if answers else None,
    )
