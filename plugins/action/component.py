# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings one component of a host to its described state: collect, plan, apply. Documented in plugins/modules/component.py."""

from __future__ import annotations

import contextlib
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import first_looks, rendering, rolling
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.asked_checksums import AskedChecksums
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.component_state import ComponentState, Items, no_pki, pki_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.description import Component, parse_description
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.first_looks import FirstLooks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_templates import AnsibleTemplates
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.run_directory import directory_of_the_run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import custody
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import planner
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.prediction import Prediction, PredictionStore
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import downloads


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the engine."""

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        check_mode = bool(self._task.check_mode)
        component = parse_description(self._task.args)
        host = Host(self, variables)
        found = self._collect(component, host, variables)
        plan = self._plan(found, host.name)
        if any(action.kind == "certificate" and action.operation == "issue" for action in plan) and not check_mode:
            found.refuse_early_certificates()
        # in check mode, too: a run would refuse it
        custody.refuse(host.name, found.unsigned(plan))
        units = zip(found.items["unit"], found.state.get("unit", []), strict=True)
        result = {
            **self._result(plan),
            "restarted": planner.restarted(plan),
            "units": {item["name"]: {key: unit[key] for key in ("active", "started", "invocation")} for item, unit in units},
        }
        if found.warnings:
            result["warnings"] = found.warnings
        if plan and not check_mode:
            result.update(self._perform(component, plan, found, host, variables))
        return result

    def _collect(self, component: Component, host: Host, variables: dict[str, t.Any]) -> ComponentState:
        """What the PKI directory lacks is created only after the host has answered."""
        check_mode = bool(self._task.check_mode)
        pki = pki_of(component, templar=self._templar, variables=variables, loader=self._loader, check_mode=check_mode)
        renderer = rendering.Renderer(
            find=self._find_needle,
            loader=self._loader,
            templates=AnsibleTemplates(self._templar, variables, self._loader),
            read_pki=pki.read if pki is not None else no_pki,
        )
        found = ComponentState(component, renderer=renderer, pki=pki, host=host.name)
        looks = FirstLooks(directory_of_the_run(), host=host.name)
        allowed = boolean(self._templar.template(variables.get(first_looks.ALLOWED, False)), strict=False)
        seen = looks.take(found.request) if allowed else None
        found.accept(seen or host.step("collect", found.request))
        if found.lacks_pki:
            found.create_missing(check_mode=check_mode)
        return found

    def _plan(self, found: ComponentState, host: str) -> list[PlannedAction]:
        if not self._task.check_mode:
            return found.plan(Prediction())
        store = PredictionStore(directory_of_the_run(), host=host)
        plan = found.plan(store.load())
        store.add(plan)
        return plan

    def _perform(
        self, component: Component, plan: list[PlannedAction], found: ComponentState, host: Host, variables: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        """What is new in the result by this."""
        checksums = AskedChecksums(directory_of_the_run(), host=host.name, cluster=lambda: cluster_of(self._templar, variables))
        context = {
            "leftovers": component.leftovers,
            "gate": list(component.gate) if planner.restarted(plan) else [],
            "downloads": self._downloads(plan, variables),
        }

        def apply(actions: list[dict[str, t.Any]]) -> dict[str, t.Any]:
            # Only now: while digests are asked for, other hosts may have their turn.
            with self._turn(component, plan, variables):
                return _apply(host, plan, actions, found.items, found.pki, context)

        done = checksums.applied([action.for_host() for action in plan], apply)
        warnings = [*found.warnings, *checksums.warnings]
        return {"units": done["units"], **({"warnings": warnings} if warnings else {})}

    def _downloads(self, plan: list[PlannedAction], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """Which way the host's own downloads take, if the plan has any."""
        if any(action.kind == "binary" and action.operation == "download" for action in plan):
            return downloads.for_host(cluster_of(self._templar, variables))
        return {}

    def _turn(
        self, component: Component, plan: list[PlannedAction], variables: dict[str, t.Any]
    ) -> contextlib.AbstractContextManager[None]:
        if not component.rolling or not planner.restarted(plan):
            return contextlib.nullcontext()
        units = component.items["unit"]
        return rolling.turn(
            directory_of_the_run(),
            component=component.name,
            host=str(variables.get("inventory_hostname")),
            units=[unit["name"] for unit in units],
            dependents=[dependent["name"] for unit in units for dependent in unit["dependents"]],
        )


def _apply(
    host: Host, plan: list[PlannedAction], actions: list[dict[str, t.Any]], items: Items, pki: Pki | None, context: dict[str, t.Any]
) -> dict[str, t.Any]:
    packages = [action.data["specification"] for action in plan if action.kind == "package"]
    if packages:
        # The host records what it has before packages come.
        early = [action for action in actions if action["kind"] in ("early_file", "package")]
        host.step("apply", {**context, "actions": early, "units": []})
        actions = [action for action in actions if action not in early]
        host.install(packages, remedies=[action.data["remedy"] for action in plan if action.data.get("remedy")])
    if pki is not None:
        _issue(host, actions, items["certificate"], pki)
    units = [item["name"] for item in items["unit"]]
    return host.step("apply", {**context, "actions": actions, "units": units})


def _issue(host: Host, actions: list[dict[str, t.Any]], certificates: list[dict[str, t.Any]], pki: Pki) -> None:
    """Has the host make keys and requests, signs them, and puts the certificates into their actions."""
    issuing = [action for action in actions if action["kind"] == "certificate" and action["operation"] == "issue"]
    if not issuing:
        return
    by_path = {item["path"]: item for item in certificates}
    wanted = [by_path[action["target"]] for action in issuing]
    requests = host.step("request", {"items": wanted})["requests"]
    for action, item, request in zip(issuing, wanted, requests, strict=True):
        action["data"]["certificate"] = pki.sign(item["authority"], request["csr"], item)
