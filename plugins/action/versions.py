# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses versions that a running cluster cannot go to. Documented in plugins/modules/versions.py."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import registered
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import access as etcd_access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import component_table, releases
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import machine, removed_apis, rules
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.answers import found_of, wanted_of

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["observed", "checked"], "required": True},
    "observation": {"type": "str", "default": "barehost_versions"},
    "control_plane_back": {"type": "bool", "default": False},
    "observation_of_masters": {"type": "str", "default": "barehost_master_versions"},
    "planned": {"type": "bool", "default": False},
    "accept_removed_apis": {"type": "bool", "default": False},
}
# By the name of a program, its component.
_PROGRAMS = {name: name.replace("-", "_") for name in (*rules.CONTROL_PLANE, *rules.NODE, *rules.BESIDE_KUBELET, rules.ETCD)}
# How a host asks its own member of etcd.
_OWN_MEMBER = {"url": component_table.ETCD.urls["client"], "access": etcd_access.of_administrator()}

Variables = dict[str, t.Any]
Object = dict[str, t.Any]


class VersionsHost(Host):
    """A host that says which programs it has."""

    MODULE = "_upgrade.versions"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the rules."""

    def _converge(self, variables: Variables) -> Object:
        arguments = self._arguments(ARGUMENT_SPEC)
        cluster: Object = plain(cluster_of(self._templar, variables))
        if arguments["state"] == "observed":
            return {"changed": False, **self._observe(cluster, variables)}
        own = registered(variables, variables["ansible_play_hosts"], str(arguments["observation"]))
        found = found_of(own, plain(variables.get(str(arguments["observation_of_masters"])) or {}))
        run = frozenset(variables["ansible_play_hosts_all"]) | _settled(cluster, variables)
        wanted = wanted_of(cluster, run, back=bool(arguments["control_plane_back"]))
        accepts = bool(arguments["accept_removed_apis"])
        # what the masters of the play say of API versions that end
        answers = [answer["api"]["removed"] for answer in own.values() if answer.get("api")]
        machines = {host: own[host]["machine"] for host in cluster["node_hosts"] if "machine" in own.get(host, {})}
        faults = [
            *([] if arguments["planned"] else rules.faults(found, wanted)),
            *machine.faults(machines),
            *([] if accepts else removed_apis.faults(answers, wanted.kubernetes)),
        ]
        if faults:
            raise PlanError(f"Nothing was changed on any host: {'; '.join(faults)}")
        ending = removed_apis.accepted(answers, wanted.kubernetes)
        return {"changed": False, "warnings": [*rules.warnings(found, wanted), *ending, *removed_apis.warnings(answers)]}

    def _observe(self, cluster: Object, variables: Variables) -> Object:
        host = VersionsHost(self, variables)
        table = component_table.components()
        programs = {name: {"path": table[key].program, "unit": table[key].unit} for name, key in _PROGRAMS.items()}
        programs["cni-plugins"] = {"path": f"{releases.CNI_BIN}/{releases.CNI_PLUGINS[0]}", "unit": ""}
        payload = {
            "programs": programs,
            "packages": {"docker": "docker-ce"},
            "api": self._api(cluster, variables, host.name) if host.name in cluster["masters"] else None,
            "etcd": _OWN_MEMBER if host.name in cluster["etcd_hosts"] else None,
            "drop_ins": table["kubelet"].files["drop_ins"],
        }
        answer = host.step("collect", payload)
        return {**answer, "machine": {**answer["machine"], "settings": self._settings(variables)}}

    def _settings(self, variables: Variables) -> Object:
        """The variables of this host. One that cannot be evaluated is told of by the role."""
        given = []
        for name, default in (("minion_kubelet_config", {}), ("minion_kubelet_arguments", {}), ("minion_proxy_mode", "nftables")):
            try:
                given.append(plain(self._templar.template(variables.get(name, default))))
            except AnsibleError:
                given.append(None)
        return machine.settings(*given)

    def _api(self, cluster: Object, variables: Variables, name: str) -> Object:
        """A master asks the apiservers of all, as the administrator."""
        credentials = access.usual(variables, templar=self._templar)
        port = cluster["api"]["server_port"]
        servers = {host: f"https://{cluster['nodes'][host]['address']}:{port}" for host in cluster["masters"]}
        return {
            "servers": servers,
            "access": {key: credentials[key] for key in ("ca", "cert", "key")},
            "removed": removed_apis.question(cluster["versions"]["kubernetes"], _asked_for_requests(cluster, variables, name)),
        }


def _asked_for_requests(cluster: Object, variables: Variables, name: str) -> list[str]:
    """The masters whose apiservers this master asks what clients have asked for: its own, and one of them also those outside the play.

    A play without masters changes no apiserver.
    """
    here = [host for host in cluster["masters"] if host in variables["ansible_play_hosts_all"]]
    others = [host for host in cluster["masters"] if host not in here] if here[:1] == [name] else []
    return [name, *others] if name in here else []


def _settled(cluster: Object, variables: Variables) -> frozenset[str]:
    """Hosts of the run that are as described already, and so not in the play."""
    hostvars = variables["hostvars"]
    surveys = {host: hostvars[host].get("barehost_survey") or {} for host in cluster["nodes"] if host in hostvars}
    return frozenset(host for host, survey in surveys.items() if survey.get("settled"))
