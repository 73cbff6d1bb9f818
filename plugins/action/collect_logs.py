# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings journals, states and findings of all hosts into one archive. Documented in plugins/modules/collect_logs.py."""

from __future__ import annotations

import datetime
import pathlib
import platform
import time
import typing as t

from ansible import release
from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import registry, report
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.request import CERTIFICATES
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.request import request as doctors_request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import template_cache
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.run_directory import directory_of_the_run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._logs import archive, sources
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._logs.request import ENDING, OPTIONS, Request, request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import order_of_roles
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.flannel_backend import interface
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import examined, role_tasks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["checked", "observed", "saved"], "default": "saved"},
    "observation": {"type": "str", "default": "barehost_logs"},
    "directory": {"type": "path"},
    **{name: {"type": "raw"} for name in OPTIONS},
}
# What of the resolved spec is in the archive: nothing of its own variables.
_OF_THE_SPEC = ("name", "domain", "versions", "network", "api", "flannel", "masters", "minions", "etcd_hosts", "balancers", "certificates")
_OF_A_NODE = ("name", "address", "roles")
# The controller is not looked at: its PKI directory has what is secret.
_NOTHING: dict[str, t.Any] = {"entries": [], "notes": [], "backup": 0.0}

Variables = dict[str, t.Any]
Object = dict[str, t.Any]

# Ansible imports action plugins in its main process, so all processes of tasks have it.
template_cache.install()
role_tasks.preload()
registry.checks()


class LoggedHost(Host):
    """A host that is only read."""

    MODULE = "_logs.gather"
    # A host of another cluster has journals, too.
    VERIFIES_IDENTITY = False


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the archive."""

    def _converge(self, variables: Variables) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        wanted = request({name: arguments[name] for name in OPTIONS}, variables=variables, folder=arguments["directory"])
        if arguments["state"] == "checked":
            return {"changed": False}
        cluster = plain(cluster_of(self._templar, variables))
        if arguments["state"] == "observed":
            try:
                return self._observe(variables, wanted, cluster)
            except AnsibleConnectionFailure:
                raise
            except AnsibleError as error:
                # noted in the archive, and not the end of it
                return {"changed": False, "failed": True, "msg": error.message}
        return self._save(arguments, variables, wanted, cluster)

    def _observe(self, variables: Variables, wanted: Request, cluster: Object) -> Object:
        """What the doctor sees of the host, and what it gives to the archive: in two calls, so that neither costs the other."""
        name = Host(self, variables).name
        site = Site(host=name, templar=self._templar, loader=self._loader, variables=variables, check_mode=True)
        data = site.templar.template(variables.get("etcd_data_directory") or ETCD.data_directory)
        backend = site.templar.template(variables.get("flannel_backend") or {})
        look = examined.Look(order_of_roles.of_host(cluster, name), _groups(), str(data), interface(backend))
        asks, described = examined.asks(name, site, cluster, look)
        size = wanted.share(len(variables["ansible_play_hosts_all"]))
        fault = ""
        try:
            gathered = LoggedHost(self, variables).step("collect", sources.payload(asks, size=size, hours=wanted.hours))
            archive.store(directory_of_the_run(), name, gathered)
        except AnsibleConnectionFailure:
            raise
        except AnsibleError as error:
            fault = shown(error.message)
        seen = examined.look_at(examined.ExaminedHost(self, variables), site, cluster, look, asks, described)
        return {**seen, "gaps": {**seen["gaps"], "logs": fault}} if fault else seen

    def _save(self, arguments: Object, variables: Variables, wanted: Request, cluster: Object) -> Object:
        moment = time.time()
        name = f"{cluster['name']}-{datetime.datetime.fromtimestamp(moment, tz=datetime.UTC):%Y%m%dT%H%M%SZ}"
        path = wanted.file
        if path is None:
            path = pathlib.Path(arguments["directory"] or ".").absolute() / f"{name}{ENDING}"
            archive.make_folder(path.parent)
        facts = examined.told(variables, cluster, arguments["observation"], controller=_NOTHING, now=moment)
        made = report.of(facts, doctors_request({}, registry.checks()), registry.checks(), seconds={})
        with archive.writing(path, top=name, size=wanted.size, moment=moment) as new:
            new.add("findings.txt", "\n".join(report.lines(made)))
            new.add_data("findings.json", made.as_dict())
            new.add_data("cluster.json", _of_spec(cluster))
            new.add_data("controller.json", {"ansible-core": release.__version__, "python": platform.python_version()})
            for host in cluster["nodes"]:
                self._add(new, facts, host)
            new.close(_head(cluster, made, wanted))
        size = path.stat().st_size
        lines = [f"{path}: {size / (1 << 20):.1f} MiB, mode 0600", *(f"not asked: {host}: {why}" for host, why in facts.silent.items())]
        return {"changed": False, "file": str(path), "size": size, "lines": lines, "silent": list(facts.silent)}

    def _add(self, new: archive.Archive, facts: Facts, host: str) -> None:
        given = archive.taken(directory_of_the_run(), host)
        if host in facts.left_out:
            new.note(f"hosts/{host}: --limit has left it out")
            return
        if host in facts.silent:
            new.note(f"hosts/{host}: {facts.silent[host]}")
        else:
            known = facts.hosts[host]
            new.add_data(f"hosts/{host}/facts.json", {"facts": known.groups, "gaps": known.gaps, "clock": known.ahead})
        for file in given:
            new.add_given(host, file)


def _groups() -> set[str]:
    return {CERTIFICATES, *(group for check in registry.checks().values() for group in check.needs)}


def _of_spec(cluster: Object) -> Object:
    nodes = {host: {name: node.get(name) for name in _OF_A_NODE} for host, node in cluster["nodes"].items()}
    return {**{name: cluster.get(name) for name in _OF_THE_SPEC}, "nodes": nodes}


def _head(cluster: Object, made: report.Report, wanted: Request) -> list[str]:
    return [
        f"What is known of the cluster {shown(cluster['name'])}, at {made.time}.",
        f"Journals of the last {wanted.hours} hours. Lines that may hold a secret are left out.",
        f"The doctor says: {made.summary()}.",
        "",
        "Each text with its size, and what of it is not here:",
    ]
