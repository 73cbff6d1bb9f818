# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a survey that ask the API: the cluster's own objects, the Nodes of the run, and authorities that it still publishes."""

from __future__ import annotations

import pathlib

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access, plan_client_authorities, plan_nodes, plan_objects
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.options import validated
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import api_manifests
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import retired
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki, vault_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import role_tasks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.part import Object, Part
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site

_OBJECTS = "barehost.kubernetes.api_objects"
_ROLE = "addons"
# The files of the role with tasks that site.yml runs.
_FILES = ("access.yml", "main.yml")


class ObjectsPart(Part):
    """The objects of one task ``api_objects``."""

    module = "_api.objects"

    def __init__(self, arguments: Object, wanted: api_manifests.WantedObjects, connection: Object) -> None:
        self._name = str(arguments["name"])
        self._wanted = wanted
        self._common = {"connection": connection, "field_manager": str(arguments["field_manager"])}

    def request(self) -> Object:
        return self._wanted.request(self._common, deadline=0)

    def pending(self, answer: Object) -> dict[str, str]:
        if answer["unready"]:
            return {self._name: f"the API is not ready: {answer['unready']}"}
        plan = plan_objects.plan(name=self._name, objects=self._wanted.objects, absent=self._wanted.absent, state=answer)
        if plan:
            return {self._name: f"{plan[0].kind} {plan[0].target}: {plan[0].reason}"}
        return {self._name: "something that is waited for is not there"} if answer["unmet"] else {}


class NodesPart(Part):
    """The Nodes of the hosts of the run: their labels and taints, and whether they are ready."""

    module = "_api.nodes"

    def __init__(self, cluster: Object, hosts: list[str], connection: Object) -> None:
        self._cluster = cluster
        self._nodes = [cluster["nodes"][host] for host in hosts]
        self._connection = connection
        self._warnings: list[str] = []

    def request(self) -> Object:
        return {"connection": self._connection, "deadline": 0}

    def pending(self, answer: Object) -> dict[str, str]:
        if answer["unready"]:
            return {"nodes": f"the API is not ready: {answer['unready']}"}
        plan = plan_nodes.plan(nodes=self._nodes, state=answer)
        waited = plan_nodes.not_ready([node["name"] for node in self._nodes], answer)
        self._warnings = plan_nodes.left_behind(self._cluster, answer)
        if plan:
            return {"nodes": f"{plan[0].target}: {plan[0].reason}"}
        return {"nodes": f"{waited[0]} is not ready"} if waited else {}

    @property
    def warnings(self) -> list[str]:
        return self._warnings


class AuthoritiesPart(Part):
    """Authorities that were replaced, and that the API may still publish."""

    module = "_api.client_authorities"

    def __init__(self, wanted: dict[str, list[str]], connection: Object) -> None:
        self._payload = {"connection": connection, "retired": wanted, "deadline": 0}

    def request(self) -> Object:
        return self._payload

    def pending(self, answer: Object) -> dict[str, str]:
        if answer["unready"]:
            return {"client authorities": f"the API is not ready: {answer['unready']}"}
        plan = plan_client_authorities.plan(answer)
        return {"client authorities": plan[0].reason} if plan else {}


def parts_of(site: Site) -> list[Part]:
    """The parts that ask the API, for one master of the run."""
    cluster: Object = plain(site.cluster)
    connection = access.usual(site.variables, templar=site.templar)
    nodes = [host for host in site.run_hosts if host in cluster["node_hosts"]]
    return [*_objects(site, connection), *_authorities(site, cluster, connection), NodesPart(cluster, nodes, connection)]


def _authorities(site: Site, cluster: Object, connection: Object) -> list[Part]:
    pki = Pki(pathlib.Path(cluster["pki_directory"]), check_mode=True, vault=vault_of(site.loader))
    wanted = plan_client_authorities.asked(retired.of_directory(pki))
    return [AuthoritiesPart(wanted, connection)] if wanted else []


def _objects(site: Site, connection: Object) -> list[Part]:
    shared = role_tasks.seen_by([_ROLE], site)
    found: list[Part] = []
    for task in (task for file in _FILES for task in role_tasks.tasks_of(_ROLE, _OBJECTS, file=file)):
        own = shared.with_task(task.variables)
        if task.wanted(own.templates):
            arguments: Object = validated(own.templates.value(task.options), api_manifests.ARGUMENT_SPEC)
            wanted = api_manifests.wanted(arguments, find=task.find, loader=site.loader, templates=own.templates)
            found.append(ObjectsPart(arguments, wanted, connection))
    return found
