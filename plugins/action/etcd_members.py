# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the members of etcd to those of the inventory. Documented in plugins/modules/etcd_members.py."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError, PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import rolling
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.run_directory import directory_of_the_run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import host_plan, plan_cleanup, requests
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.host_plan import HostPlan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.observations import Observations
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.requests import ARGUMENT_SPEC
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Members, Plan, Policy
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.prediction import PredictionStore

# The variable in which the role registers the plan that is made before anything is changed
_MEMBERSHIP = "barehost_etcd_membership"
_PAUSE = 1.0

Variables = dict[str, t.Any]
Object = dict[str, t.Any]


class EtcdHost(Host):
    """A host of the group etcd."""

    MODULE = "_etcd.membership"


class FormerHost(Host):
    """A host that may have been a member before."""

    MODULE = "_etcd.former_member"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and etcd's members."""

    def _converge(self, variables: Variables) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        work = {"observed": self._observed, "planned": self._planned, "present": self._present, "cleaned": self._cleaned}
        return work[arguments["state"]](_Task(self, arguments, variables))

    def _observed(self, task: _Task) -> dict[str, t.Any]:
        earlier = task.observations.earlier(task.asked)
        if earlier is not None:
            return {"changed": False, **earlier}
        found = task.observe()
        if task.arguments["reuse"]:
            task.observations.allow_reuse(task.asked)
        in_sync = host_plan.in_sync(task.wanted, host_plan.view_of({task.asked: found}), host=task.asked)
        others = [] if in_sync else [host for host in task.hosts if host != task.asked]
        return {"changed": False, **found, "at": time.time(), "in_sync": in_sync, "to_observe": others}

    def _planned(self, task: _Task) -> dict[str, t.Any]:
        found, part = task.plan()
        membership = host_plan.membership(found, wanted=task.wanted)
        result: dict[str, t.Any] = {
            "changed": False,
            **{name: list(members) for name, members in dataclasses.asdict(membership).items()},
            "switch_apiservers": host_plan.apiservers_to_switch(membership, masters=task.masters, wanted=task.wanted),
            "planned_actions": [action.report() for action in part.actions],
            "defer_start": part.defer_start,
            "initial_start": part.initial_start,
        }
        # once for all hosts
        warnings = [*found.warnings, *task.alarms()]
        if warnings and (self._task.run_once or task.host == min(task.present, default=task.host)):
            result["warnings"] = warnings
        return result

    def _present(self, task: _Task) -> dict[str, t.Any]:
        _found, part = task.plan()
        if not part.actions or (task.arguments["removals_first"] and not part.removes_first):
            return self._result(())
        if self._task.check_mode:
            return self._result(task.predict(part.actions))
        return self._result(task.perform(patient=not part.initial_start))

    def _cleaned(self, task: _Task) -> dict[str, t.Any]:
        actions = task.plan_cleanup()
        if actions and not self._task.check_mode:
            task.clean()
        return self._result(actions)


class _Task:
    """One task: its arguments, the wanted members, and what is known of the present ones."""

    def __init__(self, action: ActionModule, arguments: Object, variables: Variables) -> None:
        self._remote = EtcdHost(action, variables)
        self._former = FormerHost(action, variables)
        self._cluster = plain(cluster_of(action._templar, variables))
        self._variables = variables
        self.arguments = arguments
        self.wanted: Members = host_plan.wanted_of(self._etcd()["members"])
        self.masters = {host: str(self._cluster["nodes"][host]["name"]) for host in self._cluster["masters"]}
        # The masters too: their apiservers know earlier members.
        self.hosts = list(dict.fromkeys([*(entry.host for entry in self.wanted), *self.masters]))
        self.host = str(variables["inventory_hostname"])
        # the host that is observed
        self.asked = str(action._task.delegate_to or self.host)
        self.present = [str(host) for host in variables.get("ansible_play_hosts", []) if str(host) in {entry.host for entry in self.wanted}]
        self._directory = directory_of_the_run()
        self.observations = Observations(variables, directory=self._directory, host=self.host)
        self._policy = Policy(remove_unlisted=arguments["remove_unlisted"], disaster_recovery=arguments["disaster_recovery"])

    def _etcd(self) -> Object:
        if "etcd" not in self._cluster:
            raise ComponentError("etcd_members: cluster: missing; register the result of barehost.kubernetes.cluster_spec as `cluster`")
        return t.cast(Object, self._cluster["etcd"])

    def observe(self, *, patient: bool = True) -> Object:
        """``patient``: waits for an election that may be in progress."""
        return self._remote.step("collect", requests.observation(self.arguments, self.wanted, patient=patient))

    def plan(self) -> tuple[Plan, HostPlan]:
        """The plan for all hosts and the part of this one, from what the hosts found before this task.

        Nothing is planned where no host answered: the next task that needs one of them fails for it.
        """
        members = [entry.host for entry in self.wanted]
        observations = self.observations.by_host(members)
        if not observations or self.observations.all_in_sync(members):
            return Plan((), ()), HostPlan((), defer_start=False, initial_start=False)
        view = host_plan.view_of(observations)
        found = host_plan.plan(self.wanted, view, self._policy)
        host_plan.refuse_to_forget(found, wanted=self.wanted, used=self.observations.used(self.hosts))
        host_plan.refuse_a_part(found, wanted=self.wanted, view=view, policy=self._policy)
        return found, host_plan.part_of(self.host, found, view=view, present=self.present)

    def alarms(self) -> list[str]:
        """What to do about the alarms that any of the hosts has found."""
        return host_plan.standing_alarms(self.observations.by_host(entry.host for entry in self.wanted))

    def predict(self, actions: c.Sequence[PlannedAction]) -> tuple[PlannedAction, ...]:
        """The actions that no earlier task of this run has predicted."""
        store = PredictionStore(self._directory, host=self.host)
        found = tuple(store.load().without_predicted(actions))
        store.add(found)
        return found

    def perform(self, *, patient: bool) -> tuple[PlannedAction, ...]:
        """Performs the part of this host when no other host changes anything and etcd allows it."""
        end = time.monotonic() + self.arguments["deadline"]
        while True:
            with rolling.turn(self._directory, component="etcd", host=self.host):
                found = self.observe(patient=patient)
                try:
                    actions = self._next(found)
                except PlanError as error:
                    # The plan for all hosts was possible; other hosts have not come so far yet.
                    fault: ComponentError | None = error
                else:
                    fault = None
                    if actions or host_plan.in_place(self.wanted, host_plan.view_of({self.host: found}), host=self.host):
                        self._apply(actions, found)
                        return actions
            if time.monotonic() >= end:
                waited = f"{self.arguments['deadline']:.0f} s"
                raise fault or ComponentError(f"etcd: {self.host} waited {waited} for members that come before it; run the playbook again")
            time.sleep(_PAUSE)

    def _next(self, found: Object) -> tuple[PlannedAction, ...]:
        observations = {**self.observations.by_host(entry.host for entry in self.wanted), self.host: found}
        return host_plan.next_for(self.host, wanted=self.wanted, observations=observations, policy=self._policy)

    def _apply(self, actions: c.Sequence[PlannedAction], found: Object) -> None:
        if not actions:
            return
        known = [url for answer in found["answers"] for member in answer["members"] or [] for url in member["client_urls"]]
        asked = requests.endpoints(self.arguments, self.wanted)
        member = {
            "host": self.host,
            "token": str(self._cluster["name"]),
            "url": self.arguments["local_url"],
            **{key: self.arguments[key] for key in ("unit", "data_directory", "initial_cluster_file", "started_file", "deadline")},
        }
        endpoints = list(dict.fromkeys([*asked["endpoints"], *known]))
        self._remote.step(
            "perform", {**asked, "endpoints": endpoints, "member": member, "actions": [action.for_host() for action in actions]}
        )

    def plan_cleanup(self) -> tuple[PlannedAction, ...]:
        """The cleanup of this host, which must not be in the group etcd."""
        if self.host in {entry.host for entry in self.wanted}:
            raise ComponentError(f"etcd_members: state cleaned is for hosts that are not in the group etcd, and {self.host} is in it")
        node = self._cluster["nodes"][self.host]
        found = self._former.step("collect", requests.former_member(self.arguments, self.wanted))
        leaving = plain(self._variables.get(_MEMBERSHIP, {})).get("leaving", [])
        return plan_cleanup.plan(found, name=node["name"], address=node["address"], leaving=leaving)

    def clean(self) -> None:
        files = plan_cleanup.files(**{key: self.arguments[key] for key in ("unit", "initial_cluster_file", "started_file")})
        unit = {key: self.arguments[key] for key in ("unit", "data_directory")}
        self._former.step(
            "retire", {**unit, "files": files, "directories": list(plan_cleanup.DIRECTORIES), "schedule": plan_cleanup.SCHEDULE}
        )
