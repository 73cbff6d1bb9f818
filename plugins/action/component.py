# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings one component of a host to its described state: collect, plan, apply. Documented in plugins/modules/component.py."""

from __future__ import annotations

import contextlib
import pathlib
import time
import typing as t

from ansible import constants

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.identity import digests
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import rendering, rolling
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.description import Component, parse_description
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import identity
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import authority_name, refuse_early
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import REPLACEABLE, Pki, vault_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import foreign, planner
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.prediction import Prediction, PredictionStore

Items = dict[str, list[dict[str, t.Any]]]
# What encrypts Secrets and proves tokens. The private key of the latter is compared by its public one.
KEY_FILES = ("encryption-config.yaml", "service-account.pub")
_FILE_KINDS = ("early_file", "file")


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the engine."""

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        component = parse_description(self._task.args)
        pki = self._pki(component, variables)
        host = Host(self, variables)
        items, state, ahead = self._collect(component, host, pki, variables)
        plan = self._plan(component, items, state, variables)
        if any(action.kind == "certificate" and action.operation == "issue" for action in plan) and not self._task.check_mode:
            refuse_early(ahead=ahead, host=self._host_name(variables))
        result = _result(plan, state, items, diff=bool(self._task.diff))
        warnings = [*(pki.warnings if pki is not None else []), *foreign.told(items["foreign"], state.get("foreign", []))]
        if warnings:
            result["warnings"] = warnings
        if plan and not self._task.check_mode:
            with self._turn(component, plan, variables):
                context = {"leftovers": component.leftovers, "gate": list(component.gate) if planner.restarted(plan) else []}
                result["units"] = _apply(host, plan, items, pki, context)
        return result

    def _collect(self, component: Component, host: Host, pki: Pki | None, variables: dict[str, t.Any]) -> tuple[Items, Items, float]:
        """The rendered items, the host's state, and the seconds by which the controller's clock is ahead of the host's.

        What the PKI directory lacks is created only after the host has answered.
        """
        if pki is not None:
            pki.creates = False
        items = self._render(component, variables, pki)
        keys = {item["path"]: item["pki"] for item in items["file"] if item["pki"] in KEY_FILES}
        found = host.step("collect", {"wanted": _for_collect(items), "keys": list(keys)})
        state, ahead = found["state"], time.time() - found["time"]
        if pki is None:
            return items, state, ahead
        name = self._host_name(variables)
        _refuse_other_keys(keys, found.get("keys", {}), pki, host=name)
        if pki.awaited:
            # Created only for a host that has nothing of it: else the cluster's own has been lost.
            _refuse_lost(items, state, pki, host=name)
            if not self._task.check_mode:
                # In check mode the host's clock may be one that an earlier task would have corrected.
                refuse_early(ahead=ahead, host=name)
                pki.creates = True
            items = self._render(component, variables, pki)
        return items, state, ahead

    def _host_name(self, variables: dict[str, t.Any]) -> str:
        return str(self._task.delegate_to or variables.get("inventory_hostname"))

    def _plan(self, component: Component, items: Items, state: Items, variables: dict[str, t.Any]) -> list[PlannedAction]:
        prediction, store = Prediction(), None
        if self._task.check_mode:
            store = PredictionStore(_directory_of_the_run(), host=self._host_name(variables))
            prediction = store.load()
        plan = planner.plan(
            component=component.name, items=items, state=state, requires=component.requires, prediction=prediction, now=time.time()
        )
        if store is not None:
            store.add(plan)
        return plan

    def _pki(self, component: Component, variables: dict[str, t.Any]) -> Pki | None:
        files = [*component.items["file"], *component.items["early_file"]]
        if not component.items["certificate"] and not any(item["pki"] for item in files):
            return None
        directory = component.pki or cluster_of(self._templar, variables).get("pki_directory")
        if not directory:
            raise ComponentError(
                f"component {component.name}: pki: missing; give the PKI directory of the controller, which certificates need"
            )
        return Pki(pathlib.Path(directory), check_mode=bool(self._task.check_mode), vault=vault_of(self._loader))

    def _render(self, component: Component, variables: dict[str, t.Any], pki: Pki | None) -> Items:
        renderer = rendering.Renderer(
            find=self._find_needle,
            loader=self._loader,
            templar=self._templar,
            variables=variables,
            read_pki=pki.read if pki is not None else _no_pki,
        )
        files = {
            kind: [renderer.render(item, show_secrets=component.show_secrets) for item in component.items[kind]] for kind in _FILE_KINDS
        }
        certificates = [pki.enrich(item) for item in component.items["certificate"]] if pki is not None else []
        return {**component.items, **files, "certificate": certificates}

    def _turn(
        self, component: Component, plan: list[PlannedAction], variables: dict[str, t.Any]
    ) -> contextlib.AbstractContextManager[None]:
        if not component.rolling or not planner.restarted(plan):
            return contextlib.nullcontext()
        return rolling.turn(_directory_of_the_run(), component=component.name, host=str(variables.get("inventory_hostname")))


def _directory_of_the_run() -> pathlib.Path:
    """Ansible makes this directory for each run; its forks share it."""
    return pathlib.Path(constants.DEFAULT_LOCAL_TMP)  # type: ignore[attr-defined]  # set when it is imported


def _no_pki(name: str) -> t.NoReturn:
    raise ComponentError(f"the file {name} of the PKI is wanted, but no PKI directory is known")


def _refuse_other_keys(keys: dict[str, str], found: dict[str, list[str]], pki: Pki, *, host: str) -> None:
    """Raises IdentityError if the host has keys of Secrets or tokens and none of them is in the PKI directory's file."""
    for path, name in keys.items():
        own = digests(pki.stored(name) or "")
        if found.get(path) and own and not set(found[path]) & set(own):
            raise identity.other_keys(host=host, path=path, name=name, directory=str(pki.directory))


def _refuse_lost(items: Items, state: Items, pki: Pki, *, host: str) -> None:
    """Raises IdentityError if the host has what the PKI directory would have to create."""
    lost = pki.awaited - set(REPLACEABLE)
    for kind in _FILE_KINDS:
        for item, found in zip(items[kind], state.get(kind, []), strict=True):
            if item["pki"] in lost and found["type"] != "absent":
                raise identity.lost(host=host, path=item["path"], name=item["pki"], directory=str(pki.directory))
    for item, found in zip(items["certificate"], state.get("certificate", []), strict=True):
        name = f"{authority_name(item['authority'])}.crt"
        if name in lost and found["certificate_found"]["type"] != "absent":
            raise identity.lost(host=host, path=item["path"], name=name, directory=str(pki.directory))


def _for_collect(items: Items) -> Items:
    return {**items, **{kind: [rendering.for_collect(item) for item in items[kind]] for kind in _FILE_KINDS}}


def _result(plan: list[PlannedAction], state: Items, items: Items, *, diff: bool) -> dict[str, t.Any]:
    found = zip(items["unit"], state.get("unit", []), strict=True)
    result: dict[str, t.Any] = {
        "changed": bool(plan),
        "actions": [action.report() for action in plan],
        "restarted": planner.restarted(plan),
        "units": {item["name"]: {key: unit[key] for key in ("active", "started", "invocation")} for item, unit in found},
    }
    if diff:
        result["diff"] = [action.diff() for action in plan]
    return result


def _apply(host: Host, plan: list[PlannedAction], items: Items, pki: Pki | None, context: dict[str, t.Any]) -> dict[str, t.Any]:
    packages = [action.data["specification"] for action in plan if action.kind == "package"]
    actions = [action.for_host() for action in plan]
    if packages:
        # The host records what it has before packages come.
        early = [action for action in actions if action["kind"] in ("early_file", "package")]
        host.step("apply", {**context, "actions": early, "units": []})
        actions = [action for action in actions if action not in early]
        host.install(packages)
    if pki is not None:
        _issue(host, actions, items["certificate"], pki)
    units = [item["name"] for item in items["unit"]]
    return t.cast(dict[str, t.Any], host.step("apply", {**context, "actions": actions, "units": units})["units"])


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
