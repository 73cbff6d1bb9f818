# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims a cluster for one run. Documented in plugins/modules/claim.py."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import of_loop
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import claims, this_run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["observed", "checked", "taken", "ended"], "required": True},
    "playbook": {"type": "str"},
    "take_over": {"type": "str", "default": ""},
    "variable": {"type": "str"},
}
# The variables in which the playbook registers what masters say, and what became of its claims
_FOUND, _TAKEN = "barehost_claims", "barehost_claimed"

Variables = dict[str, t.Any]
Object = dict[str, t.Any]


class ClaimedHost(Host):
    """A master, which keeps the claim."""

    MODULE = "_claim.claim"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the claims."""

    def _converge(self, variables: Variables) -> Object:
        arguments = self._arguments(ARGUMENT_SPEC, required_if=[("state", "checked", ["variable"]), ("state", "taken", ["playbook"])])
        host = ClaimedHost(self, variables)
        if arguments["state"] == "observed":
            return {"changed": False, **host.step("collect", {})}
        if arguments["state"] == "checked":
            return self._checked(arguments, variables)
        if self._task.check_mode:
            return {"changed": False, "taken": False}
        if arguments["state"] == "taken":
            return _taken(host, str(arguments["playbook"]), variables)
        if host.name in _answers(variables, _TAKEN, "taken"):
            host.step("end", {"run": this_run.name()})
        return {"changed": False}

    def _checked(self, arguments: Object, variables: Variables) -> Object:
        """Check mode changes nothing, so that another run is no reason to end it."""
        found = _answers(variables, _FOUND, "claim")
        why = claims.in_the_way(found, take_over=arguments["take_over"], variable=arguments["variable"])
        if why and not self._task.check_mode:
            raise ComponentError(why)
        return {"changed": False, "warnings": [f"{why}. What follows is of this moment"] if why else []}


def _taken(host: Host, playbook: str, variables: Variables) -> Object:
    """The claim of a master that has said which one it has. Others are no part of this."""
    found = _answers(variables, _FOUND, "claim")
    if not found:
        raise ComponentError("Nothing was changed: no master answers, so nobody knows whether another run is at work. Bring one back")
    if host.name not in found:
        return {"changed": False, "taken": False}
    done = host.step("take", {"claim": {**this_run.marks(), "playbook": playbook}, "seen": found[host.name]})
    if not done["taken"]:
        raise ComponentError(claims.overtaken(host.name, done["claim"]))
    return {"changed": False, "taken": True}


def _answers(variables: Variables, name: str, key: str) -> dict[str, t.Any]:
    """By master that has answered: what it has said. A claim that is not there counts, one that was not taken does not."""
    return {str(answer["item"]): answer[key] for answer in of_loop(variables, name) if key in answer and answer[key] is not False}
