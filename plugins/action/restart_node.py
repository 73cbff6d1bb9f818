# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts hosts of a running cluster, in phases. Documented in plugins/modules/restart_node.py."""

from __future__ import annotations

import collections.abc as c
import contextlib
import dataclasses
import pathlib
import time
import typing as t

from ansible.errors import AnsibleConnectionFailure

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access as api_access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.options import defaults
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import of_loop, registered
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import transport
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.phases import nothing, told_how_to_go_on
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction, HostFailure
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import access, host_plan, requests
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart import dnf_answer, told, units, work
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart import plan as plans
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart.plan import Situation, Turn
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart.request import NEEDED, OPTIONS, SECURITY, Request, request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD

_OF_A_TURN = ("begun", "drained", "upgraded", "rebooted", "verified", "returned", "settled", "finished")
PHASES = ("checked", "observed", "planned", *_OF_A_TURN, "ended", "told")
ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "phase": {"type": "str", "choices": list(PHASES), "required": True},
    **{name: {"type": "raw"} for name in OPTIONS},
}
# The variables in which the playbook registers what hosts and API say, the plan, the last phase of a host, and its drain
OWN, OTHERS, WORKLOADS, PLAN = "barehost_restart_observation", "barehost_restart_others", "barehost_workloads", "barehost_restart"
TURN, DRAIN = "barehost_restart_turn", "barehost_restart_drain"
_BOOT_ID = pathlib.Path("/proc/sys/kernel/random/boot_id")
# Seconds: the members of etcd may be electing a leader.
_API_DEADLINE = 10.0
_ETCD_DEADLINE = 60.0
_PAUSE = 2.0

Object = dict[str, t.Any]


class LookedAtHost(Host):
    """A host that says whether it must be restarted."""

    MODULE = "_restart.look"


class TurnHost(Host):
    """A host that has its turn."""

    MODULE = "_restart.turn"


class MemberHost(Host):
    """A host of etcd, which asks all members."""

    MODULE = "_etcd_client.member_list"


class MasterHost(Host):
    """A master, which asks whether its apiserver is ready."""

    MODULE = "_api.workloads"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the restart."""

    def _converge(self, variables: Object) -> Object:
        arguments = self._arguments(ARGUMENT_SPEC)
        wanted = request({name: arguments[name] for name in OPTIONS}, variables=variables)
        perform: c.Callable[[], Object] = getattr(_Phase(self, wanted, variables), str(arguments["phase"]))
        return perform()

    def dnf(self, arguments: Object, variables: Object, *, check: bool) -> Object:
        asked, self._task.check_mode = self._task.check_mode, check
        try:
            return transport.dnf(self, arguments, variables)
        finally:
            self._task.check_mode = asked


class _Phase:
    """One phase; the methods have the names of the phases."""

    def __init__(self, action: ActionModule, wanted: Request, variables: Object) -> None:
        self._action = action
        self._wanted = wanted
        self._variables = variables
        self._cluster: Object = plain(cluster_of(action._templar, variables))

    # Before the first change

    def checked(self) -> Object:
        """Reaching this point is the check."""
        return {"changed": False}

    def observed(self) -> Object:
        host = LookedAtHost(self._action, self._variables)
        found: Object = {
            "host": self._look(units=units.known(self._cluster), virtual_address=self._virtual_address(), packages=self._names()),
            "local": self._action._connection.transport == "local",
            "etcd": self._members() if host.name in self._cluster["etcd_hosts"] else None,
            "api": self._readiness() if host.name in self._cluster["masters"] else None,
        }
        of_run = host.name == self._variables["inventory_hostname"]
        found["packages"] = self._packages(found["host"]) if of_run else {"available": [], "fault": ""}
        return {"changed": False, **found}

    def _names(self) -> tuple[str, ...]:
        """The packages that are named to be upgraded."""
        return self._wanted.packages if isinstance(self._wanted.packages, tuple) else ()

    def _virtual_address(self) -> str:
        return str(self._cluster["api"]["host"]) if self._cluster["api"]["mode"] == "vip" else ""

    def _members(self) -> Object:
        """What the members of etcd say, and what is on this host."""
        wanted = host_plan.wanted_of(self._cluster["etcd"]["members"])
        payload = requests.observation(defaults(requests.ARGUMENT_SPEC), wanted, patient=False)
        return MemberHost(self._action, self._variables).step("collect", payload)

    def _readiness(self) -> Object:
        connection = api_access.usual(self._variables, templar=self._action._templar)
        payload = {"connection": connection, "deadline": _API_DEADLINE, "only_ready": True}
        try:
            return MasterHost(self._action, self._variables).step("collect", payload)
        except HostFailure as error:
            return {"unready": error.message}

    def _packages(self, found: Object) -> Object:
        """The packages that an upgrade would bring. A repository that does not answer concerns this host alone."""
        if not self._wanted.upgrades:
            return {"available": [], "fault": ""}
        done = self._action.dnf(self._dnf(found), self._variables, check=True)
        if done.get("failed"):
            return {"available": [], "fault": dnf_answer.complaint(done)}
        return {"available": dnf_answer.installed(done), "fault": ""}

    def _dnf(self, found: Object) -> Object:
        wanted, variables = self._wanted.packages, self._variables
        described = [self._action._templar.template(variables.get(name) or []) for name in ("docker_packages", "host_packages")]
        excluded = units.excluded(self._cluster["versions"]["docker"], *described)
        names = ["*"] if isinstance(wanted, str) else units.named(wanted, extra_modules=found["extra_modules"])
        return {
            "name": names,
            "state": "latest",
            "update_only": not isinstance(wanted, str),
            "security": wanted == SECURITY,
            "exclude": excluded,
        }

    def planned(self) -> Object:
        observations = self._observations()
        found = plans.plan(
            Situation(
                cluster=self._cluster,
                observations=observations,
                workloads=self._workloads(),
                asked=tuple(host for host in self._cluster["nodes"] if host in self._variables["ansible_play_hosts_all"]),
                controller=_BOOT_ID.read_text(encoding="ascii").strip(),
                now=time.time(),
            ),
            self._wanted,
        )
        performs = not self._action._task.check_mode
        return {
            "changed": False,
            **dataclasses.asdict(found),
            "order": list(found.order) if performs else [],
            "serial": [len(batch) for batch in found.batches] if performs else [],
            "summary": told.lines(found, self._wanted),
        }

    def _observations(self) -> dict[str, Object]:
        """By host, those of the run and others that masters or members of etcd are."""
        found = {str(answer["item"]): answer for answer in of_loop(self._variables, OTHERS) if "host" in answer}
        return {**found, **registered(self._variables, self._variables["ansible_play_hosts_all"], OWN, having="host")}

    def _workloads(self) -> Object | None:
        """What the master says that was ready when it was asked; all masters would say the same."""
        return next((answer for answer in of_loop(self._variables, WORKLOADS) if answer.get("unready") == ""), None)

    # The turn of a host

    def begun(self) -> Object:
        return self._told(self._begin, touched=False)

    def _begin(self) -> Object:
        payload = {
            "mark": self._mark(done=False),
            "units": units.known(self._cluster),
            "member": self._member(),
            "deadline": _ETCD_DEADLINE,
        }
        TurnHost(self._action, self._variables).step("begin", payload)
        return {"changed": False}

    def drained(self) -> Object:
        return self._told(self._drain) if self._turn.drains else nothing()

    def _drain(self) -> Object:
        options = {"unmanaged_pods": self._wanted.unmanaged_pods, "unmanaged_pods_variable": "restart_unmanaged_pods"}
        return self._node("drained", **options)

    def upgraded(self) -> Object:
        return self._told(self._upgrade, cordoned=self._turn.drains) if self._turn.work.packages else nothing()

    def _upgrade(self) -> Object:
        found = self._look()
        done = self._action.dnf(self._dnf(found), self._variables, check=False)
        if done.get("failed"):
            raise HostFailure(
                f"the packages of {self._turn.host} were not upgraded: {dnf_answer.complaint(done)}", {"msg": dnf_answer.complaint(done)}
            )
        actions = [PlannedAction("package", "upgrade", name, "a newer one is there") for name in dnf_answer.installed(done)]
        return self._action._result(actions)

    def rebooted(self) -> Object:
        return self._told(self._reboot, cordoned=self._turn.drains) if self._turn.work.reboot or self._turn.work.perhaps else nothing()

    def _reboot(self) -> Object:
        found = self._look()
        reasons = work.needs(found) if self._wanted.reboot == NEEDED else self._turn.work.reboot
        if not reasons:
            return nothing()
        lacks = work.refusal(found)
        if lacks:
            raise ComponentError(f"{self._turn.host} was not rebooted: {lacks}")
        message = "playbooks/restart-nodes.yml of barehost.kubernetes"
        host = TurnHost(self._action, self._variables)
        # The connection may end before the answer is here. Whether the host was asked shows below.
        with contextlib.suppress(AnsibleConnectionFailure):
            host.step("reboot", {"boot": found["boot"], "message": message})
        after = self._await_boot(found["boot"])
        if after["kernel"] != found["kernel_to_boot"]:
            raise ComponentError(
                f"{self._turn.host} runs the kernel {after['kernel']} after its reboot, and {found['kernel_to_boot']} was to boot. Look at "
                "its console and 'grubby --info=ALL'"
            )
        action = PlannedAction(
            "host", "reboot", self._turn.host, "; ".join(reasons), before=f"{found['boot']}\n", after=f"{after['boot']}\n"
        )
        return {**self._action._result([action]), "rebooted": True}

    def _await_boot(self, before: str) -> Object:
        """What the host says once it is up again. While it goes down it still answers, with the boot of before."""
        end, said = time.monotonic() + self._wanted.timeout, ""
        while time.monotonic() < end:
            time.sleep(_PAUSE)
            try:
                self._action._connection.reset()
                found = self._look()
                if found["boot"] != before:
                    return found
                said = "it answers and has not gone down yet"
            except (AnsibleConnectionFailure, HostFailure) as error:
                said = str(error)
        raise ComponentError(f"{self._turn.host} is not up again within {self._wanted.timeout:.0f} s after it was told to reboot: {said}")

    def _look(self, *, units: c.Sequence[str] = (), virtual_address: str = "", packages: c.Sequence[str] = ()) -> Object:
        payload = {"units": list(units), "virtual_address": virtual_address, "packages": list(packages)}
        return LookedAtHost(self._action, self._variables).step("collect", payload)

    def verified(self) -> Object:
        return self._told(self._verify, cordoned=self._turn.drains)

    def _verify(self) -> Object:
        payload = {"units": units.required(self._cluster, self._turn.host), "member": self._member(), "deadline": self._wanted.timeout}
        found = TurnHost(self._action, self._variables).step("verify", payload)
        return {"changed": False, **{name: found[name] for name in ("boot", "booted", "rebooted")}}

    def returned(self) -> Object:
        return self._told(self._return) if self._turn.node else nothing()

    def _return(self) -> Object:
        known = self._variables.get(TURN) or {}
        done = self._node("schedulable", boot=str(known["boot"]), deadline=self._wanted.timeout)
        return {**done, "since": float(known["booted"]) if known["rebooted"] else 0.0}

    def settled(self) -> Object:
        return self._told(self._settle) if self._turn.node else nothing()

    def _settle(self) -> Object:
        since = float((self._variables.get(TURN) or {})["since"])
        left = plain(self._variables.get(DRAIN) or {}).get("left", [])
        return self._node("settled", ignored=list(self._planned["ignored"]), left=left, since=since)

    def _node(self, state: str, **options: t.Any) -> Object:
        arguments = {"name": self._turn.node, "state": state, "mark": plans.MARK, "timeout": self._wanted.timeout, **options}
        return self._action.delegate("node", arguments, self._variables)

    def finished(self) -> Object:
        return self._told(self._finish)

    def _finish(self) -> Object:
        TurnHost(self._action, self._variables).step("finish", {"mark": self._mark(done=True)})
        if self._turn.host not in self._planned["batches"][-1]:
            time.sleep(self._wanted.pause)
        return {"changed": False, "finished": True}

    def ended(self) -> Object:
        """Nothing of a restart that is complete stays on hosts. One that left hosts out, or failed on one, is gone on with."""
        observed = plain(self._variables.get(OWN) or {})
        had_its_turn = self._variables["inventory_hostname"] in self._planned["order"]
        complete = not self._planned["left_out"] and self._done() == list(self._planned["order"])
        if complete and (had_its_turn or observed.get("host", {}).get("mark")):
            TurnHost(self._action, self._variables).step("forget", {})
        return {"changed": False}

    def told(self) -> Object:
        """Fails for hosts that were left out, so that the exit status says it."""
        if self._planned["left_out"]:
            lines = told.left_out(self._planned["left_out"])
            raise ComponentError("\n".join(["Not all hosts had their turn. Mend that and run restart-nodes.yml again.", *lines]))
        return {"changed": False}

    @property
    def _planned(self) -> Object:
        return t.cast(Object, plain(self._variables[PLAN]))

    @property
    def _turn(self) -> Turn:
        found = dict(self._planned["turns"][self._variables["inventory_hostname"]])
        return Turn(**{**found, "work": work.Work(**{name: _tupled(value) for name, value in found["work"].items()})})

    def _member(self) -> Object | None:
        if self._turn.host not in self._cluster["etcd_hosts"]:
            return None
        return {"url": ETCD.urls["client"], "access": access.of_administrator()}

    def _mark(self, *, done: bool) -> Object:
        return {"began": self._planned["began"], "at": time.time(), "done": done}

    def _done(self) -> list[str]:
        """The hosts whose turn has ended in this run."""
        hostvars = self._variables["hostvars"]
        return [host for host in self._planned["order"] if (hostvars[host].get(TURN) or {}).get("finished")]

    def _told(self, perform: c.Callable[[], Object], *, touched: bool = True, cordoned: bool = False) -> Object:
        """The result of a phase. A failure says what is done, and how to go on."""
        words = told.how_to_go_on(self._turn, touched=touched, cordoned=cordoned, done=self._done(), batches=self._planned["batches"])
        return told_how_to_go_on(perform, words)


def _tupled(value: t.Any) -> t.Any:
    return tuple(value) if isinstance(value, list) else value
