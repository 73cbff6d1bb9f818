# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the members of etcd to those of the inventory. Documented in plugins/modules/etcd_members.py."""

from __future__ import annotations

import collections.abc as c
import pathlib
import time
import typing as t

from ansible import constants

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError, PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import rolling
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import access, host_plan, plan_former
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.host_plan import Share
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.looks import Looks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Members, Plan, Policy
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.prediction import PredictionStore

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["looked", "planned", "present", "absent"], "default": "present"},
    "for_later": {"type": "bool", "default": False},
    "looks": {"type": "list", "elements": "dict", "default": []},
    "leaving": {"type": "list", "elements": "str", "default": []},
    "remove_unlisted": {"type": "str", "choices": ["never", "safe", "always"], "default": "safe"},
    "disaster_recovery": {"type": "bool", "default": False},
    "unit": {"type": "str", "default": "etcd.service"},
    "data_directory": {"type": "path", "default": "/var/lib/etcd"},
    "initial_cluster_file": {"type": "path", "default": "/etc/etcd/initial-cluster.conf"},
    "started_file": {"type": "path", "default": "/etc/etcd/member-started"},
    "apiserver_file": {"type": "path", "default": "/etc/kubernetes/apiserver"},
    "deadline": {"type": "float", "default": 120},
    **access.OPTIONS,
}
_PAUSE = 1.0

Variables = dict[str, t.Any]
Object = dict[str, t.Any]


class EtcdHost(Host):
    """An etcd host."""

    MODULE = "_etcd.membership"


class FormerHost(Host):
    """A host that may have been one."""

    MODULE = "_etcd.former"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and etcd's members."""

    def _converge(self, variables: Variables) -> dict[str, t.Any]:
        _validated, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        arguments = plain(arguments)
        work = {"looked": self._looked, "planned": self._planned, "present": self._present, "absent": self._absent}[arguments["state"]]
        return work(_Task(self, arguments, variables))

    def _looked(self, task: _Task) -> dict[str, t.Any]:
        earlier = task.looks.earlier(task.asked)
        if earlier is not None:
            return {"changed": False, **earlier}
        look = task.look()
        if task.arguments["for_later"]:
            task.looks.keep_for_later(task.asked)
        view = host_plan.view_of({task.asked: look})
        return {"changed": False, **look, "at": time.time(), "settled": host_plan.settled(task.wanted, view, host=task.asked)}

    def _planned(self, task: _Task) -> dict[str, t.Any]:
        found, part = task.share()
        result: dict[str, t.Any] = {
            "changed": False,
            "hold": part.hold,
            "together": part.together,
            "mine": [action.report() for action in part.actions],
        }
        if found.warnings and task.host == min(task.present, default=task.host):
            result["warnings"] = list(found.warnings)
        return result

    def _present(self, task: _Task) -> dict[str, t.Any]:
        _found, part = task.share()
        if self._task.check_mode:
            actions = task.foretell(part.actions)
        else:
            actions = task.take_part(patient=not part.together) if part.actions else ()
        return self._result(actions)

    def _absent(self, task: _Task) -> dict[str, t.Any]:
        actions = task.former()
        if actions and not self._task.check_mode:
            task.retire()
        return self._result(actions)

    def _result(self, actions: c.Sequence[PlannedAction]) -> dict[str, t.Any]:
        result: dict[str, t.Any] = {"changed": bool(actions), "actions": [action.report() for action in actions]}
        if self._task.diff:
            result["diff"] = [action.diff() for action in actions]
        return result


class _Task:
    """One task: what it was given, what is wanted, and what is known."""

    def __init__(self, action: ActionModule, arguments: Object, variables: Variables) -> None:
        self._remote = EtcdHost(action, variables)
        self._former = FormerHost(action, variables)
        self._cluster = plain(cluster_of(action._templar, variables))
        self.arguments = arguments
        self.wanted: Members = host_plan.wanted_of(self._etcd()["members"])
        self.host = str(variables["inventory_hostname"])
        # whom a look is asked of
        self.asked = str(action._task.delegate_to or self.host)
        self.present = [str(host) for host in variables.get("ansible_play_hosts", []) if str(host) in {entry.host for entry in self.wanted}]
        self._directory = pathlib.Path(constants.DEFAULT_LOCAL_TMP)  # type: ignore[attr-defined]  # set when it is imported
        self.looks = Looks(variables, given=arguments["looks"], directory=self._directory, host=self.host)
        self._policy = Policy(remove_unlisted=arguments["remove_unlisted"], disaster_recovery=arguments["disaster_recovery"])

    def _etcd(self) -> Object:
        if "etcd" not in self._cluster:
            raise ComponentError("etcd_members: cluster: missing; register the result of barehost.kubernetes.cluster_spec as `cluster`")
        return t.cast(Object, self._cluster["etcd"])

    def look(self, *, patient: bool = True) -> Object:
        """``patient``: an election that may be going on is waited for."""
        payload: Object = {
            **self._asked_of(),
            "data_directory": self.arguments["data_directory"],
            "metrics_url": self.arguments["metrics_url"],
            "started_file": self.arguments["started_file"],
            "apiserver_file": self.arguments["apiserver_file"],
        }
        return self._remote.step("collect", payload if patient else {**payload, "election": 0.0})

    def _asked_of(self) -> Object:
        endpoints = [entry.client_url for entry in self.wanted]
        return {"access": access.of(self.arguments), "endpoints": [*endpoints, self.arguments["local_url"]]}

    def share(self) -> tuple[Plan, Share]:
        """Of the plan for all, what this host does; from what the hosts found before this task."""
        view = host_plan.view_of(self.looks.of(entry.host for entry in self.wanted))
        found = host_plan.plan(self.wanted, view, self._policy)
        host_plan.refuse_to_forget(found, wanted=self.wanted, used=self.looks.used())
        return found, host_plan.share(found, view=view, host=self.host, present=self.present)

    def foretell(self, actions: c.Sequence[PlannedAction]) -> tuple[PlannedAction, ...]:
        """Those that no earlier task has predicted, as a look at the beginning and the role do."""
        store = PredictionStore(self._directory, host=self.host)
        found = tuple(store.load().without_predicted(actions))
        store.add(found)
        return found

    def take_part(self, *, patient: bool) -> tuple[PlannedAction, ...]:
        """Does this host's part when it is its turn, which it is when no other host changes anything and etcd allows it."""
        end = time.monotonic() + self.arguments["deadline"]
        while True:
            with rolling.turn(self._directory, component="etcd", host=self.host):
                look = self.look(patient=patient)
                try:
                    actions = self._next(look)
                except PlanError as error:
                    # of other hosts that have not come so far; the plan for all was possible
                    fault: ComponentError | None = error
                else:
                    fault = None
                    if actions or host_plan.in_place(self.wanted, host_plan.view_of({self.host: look}), host=self.host):
                        self._perform(actions, look)
                        return actions
            if time.monotonic() >= end:
                waited = f"{self.arguments['deadline']:.0f} s"
                raise fault or ComponentError(f"etcd: {self.host} waited {waited} for members that come before it; run the playbook again")
            time.sleep(_PAUSE)

    def former(self) -> tuple[PlannedAction, ...]:
        """What is to be cleared away on a host that is no member."""
        if self.host in {entry.host for entry in self.wanted}:
            raise ComponentError(f"etcd_members: state absent is for hosts that are not in the group etcd, and {self.host} is in it")
        payload = {**self._asked_of(), "unit": self.arguments["unit"], "data_directory": self.arguments["data_directory"]}
        node = self._cluster["nodes"][self.host]
        found = self._former.step("collect", payload)
        return plan_former.plan(found, name=node["name"], address=node["address"], leaving=self.arguments["leaving"])

    def retire(self) -> None:
        files = plan_former.files(**{key: self.arguments[key] for key in ("unit", "initial_cluster_file", "started_file")})
        here = {key: self.arguments[key] for key in ("unit", "data_directory")}
        self._former.step("retire", {**here, "files": files, "directories": list(plan_former.DIRECTORIES)})

    def _next(self, look: Object) -> tuple[PlannedAction, ...]:
        looks = {**self.looks.of(entry.host for entry in self.wanted), self.host: look}
        return host_plan.next_for(self.host, wanted=self.wanted, looks=looks, policy=self._policy)

    def _perform(self, actions: c.Sequence[PlannedAction], look: Object) -> None:
        if not actions:
            return
        known = [url for answer in look["answers"] for member in answer["members"] or [] for url in member["client_urls"]]
        asked = self._asked_of()
        here = {
            "host": self.host,
            "token": str(self._cluster["name"]),
            "url": self.arguments["local_url"],
            **{key: self.arguments[key] for key in ("unit", "data_directory", "initial_cluster_file", "started_file", "deadline")},
        }
        endpoints = list(dict.fromkeys([*asked["endpoints"], *known]))
        self._remote.step("perform", {**asked, "endpoints": endpoints, "here": here, "actions": [action.for_host() for action in actions]})
