# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs steps on the host. Results contain no secrets and no arguments."""

from __future__ import annotations

import abc
import collections.abc as c
import typing as t

from ansible import constants, context
from ansible.plugins.action import ActionBase

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import STRANGE, ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import visible
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import cluster_identity, host_answer, host_program
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.first_looks import FirstLooks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.run_directory import directory_of_the_run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import downloads

_DNF = "ansible.builtin.dnf"
# Present on every EL.
HOST_PYTHON = "/usr/bin/python3"

Variables = dict[str, t.Any]


class HostFailure(ComponentError):
    """A step on the host failed; ``result`` is the result of the task."""

    def __init__(self, message: str, result: dict[str, t.Any]) -> None:
        self.result = result
        super().__init__(message)


def dnf(action: ActionBase, arguments: Variables, variables: Variables) -> dict[str, t.Any]:
    """The result of Ansible's module, which downloads through the proxies of the cluster. dnf's own setting goes before them."""
    own = action._task.environment
    proxies = downloads.environment(cluster_of(action._templar, variables))
    action._task.environment = [proxies, *(own if isinstance(own, list) else [own] if own else [])]
    try:
        # A dnf that a killed run started may still hold the lock.
        return t.cast(
            dict[str, t.Any],
            action._execute_module(module_name=_DNF, module_args={**arguments, "lock_timeout": 300}, task_vars=variables),
        )
    finally:
        action._task.environment = own


class Host:
    """The host of one task of an action plugin."""

    MODULE = "_component.steps"
    # A host of another cluster is refused. Only a reset may work on one, and what only reads may ask one.
    VERIFIES_IDENTITY = True

    def __init__(self, action: ActionBase, variables: Variables) -> None:
        self._action = action
        self._variables = variables

    def step(self, step: str, payload: dict[str, t.Any]) -> dict[str, t.Any]:
        """Runs a step and returns its result. The payload goes through standard input or a file of this task, never into a log."""
        if step != "collect" and self._action._task.check_mode:
            raise ComponentError(f"the step {step} changes the host and does not run in check mode")
        if step != "collect":
            FirstLooks(directory_of_the_run(), host=self.name).forget()
        verifies = step == "collect" and self.VERIFIES_IDENTITY
        expected = cluster_identity.expected(self._action._templar, self._variables, loader=self._action._loader) if verifies else None
        if expected is not None:
            payload = {**payload, "identity": expected.wanted}
        done = self._run(host_program.text(module=self.MODULE, step=step, payload=payload))
        answer = self._answer(done)
        if "failed" in answer:
            result = {"msg": answer["failed"], **({"details": answer["details"]} if answer.get("details") else {})}
            raise HostFailure(_message(result), result)
        if expected is not None:
            expected.verify(answer["identity"], host=self.name)
        return t.cast(dict[str, t.Any], answer["result"])

    def _answer(self, done: dict[str, t.Any]) -> dict[str, t.Any]:
        try:
            answer = host_answer.read(done["stdout"])
        except host_answer.Unusable as error:
            raise _unusable(self.name, str(error)) from None
        if answer is None:
            raise _died(done)
        return answer

    @property
    def name(self) -> str:
        """The inventory's name of the host that the steps run on."""
        return str(self._action._task.delegate_to or self._variables.get("inventory_hostname"))

    def install(self, packages: c.Sequence[str], *, remedies: c.Iterable[str] = ()) -> None:
        """Installs packages that are missing. A given version may be lower than the installed one. A failure has the remedies."""
        result = dnf(self._action, {"name": list(packages), "state": "present", "allow_downgrade": True}, self._variables)
        if result.get("unreachable"):
            raise HostFailure(str(result.get("msg", "the host cannot be reached")), _shown(result))
        if result.get("failed"):
            raise HostFailure(". ".join([_message(result), *dict.fromkeys(remedies)]), _shown(result))

    def _run(self, program: str) -> dict[str, t.Any]:
        """Runs the program as Ansible runs a module: by pipelining, or from a file if the connection or become does not support that."""
        action, shell = self._action, self._action._connection._shell
        # -I ignores the current directory and the environment of the login; -S: only the standard library is needed
        command = f"{action._compute_environment_string()} {shell.quote(self._python())} -IS"
        # ansible-core up to 2.20 asks for kept files in is_pipelining_enabled(), 2.21 does not.
        if action._connection.is_pipelining_enabled() and not constants.DEFAULT_KEEP_REMOTE_FILES:  # type: ignore[attr-defined]
            return t.cast(dict[str, t.Any], action._low_level_execute_command(command.strip(), in_data=program.encode()))
        directory = shell.tmpdir or action._make_tmp_path()
        path = shell.join_path(directory, "program.py")
        action._transfer_data(path, program)
        action._fixup_perms2([directory, path])
        return t.cast(dict[str, t.Any], action._low_level_execute_command(f"{command} {shell.quote(path)}".strip()))

    def _python(self) -> str:
        """The configured interpreter. If Ansible would search for one: the result of an earlier search, or the one of EL."""
        variables = self._variables
        if self._action._task.delegate_to:
            variables = variables["ansible_delegated_vars"][self._action._task.delegate_to]
        configured = constants.config.get_config_value("INTERPRETER_PYTHON", variables=variables)
        interpreter = str(self._action._templar.template(configured))
        if interpreter.startswith("auto"):
            return str(variables.get("ansible_facts", {}).get("discovered_interpreter_python") or HOST_PYTHON)
        return interpreter


def _refuse_start_in_the_middle(variables: Variables) -> None:
    """The tasks before are what checks the inventory, and plans what hosts do together, such as the members of etcd."""
    # A spec that a task has registered is plain data. The variable of a role is a template.
    if context.CLIARGS.get("start_at_task") and isinstance(variables.get("cluster"), str):
        raise ComponentError(
            "this run began in the middle (--start-at-task), without the tasks that check the inventory and plan for all hosts together. "
            "Nothing was changed on this host. Use --tags for a part of the work, such as --tags etcd, and --limit for some hosts"
        )


def _died(done: dict[str, t.Any]) -> HostFailure:
    said = (done["stderr"].strip() or done["stdout"].strip()).splitlines()
    message = f"the program on the host ended with {done['rc']}: {said[-1] if said else 'it said nothing'}"
    return HostFailure(message, {"msg": message, "rc": done["rc"], "module_stderr": done["stderr"], "module_stdout": done["stdout"]})


def _unusable(host: str, reason: str) -> HostFailure:
    message = (
        f"this cannot be worked with: {reason}. Either the answer of {host} is not what its program says: see whether "
        "ansible_python_interpreter is the host's own Python. Or it is a fault of the collection: report it with this message"
    )
    return HostFailure(message, {"msg": message})


def _message(result: dict[str, t.Any]) -> str:
    message = str(result.get("msg") or "the module failed")
    if result.get("failures"):
        message = f"{message}: {'; '.join(map(str, result['failures']))}"
    return f"{message}\n{result['details']}" if result.get("details") else message


def _shown(result: dict[str, t.Any]) -> dict[str, t.Any]:
    kept = ("msg", "failures", "rc", "module_stderr", "module_stdout", "exception", "unreachable")
    return {key: result[key] for key in kept if key in result}


class HostAction(ActionBase):
    """The base of action plugins that run steps on a host. Returns a failure of the host as a result and removes temporary files."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        _refuse_start_in_the_middle(task_vars or {})
        try:
            return t.cast(Variables, visible(self._converge(task_vars or {})))
        except HostFailure as error:
            return t.cast(Variables, visible({**error.result, "failed": True, "msg": error.message}))
        except STRANGE as error:
            name = str((task_vars or {}).get("inventory_hostname", "the host"))
            return t.cast(Variables, visible({"failed": True, **_unusable(name, host_answer.why(error)).result}))
        except ComponentError as error:
            # A planner may quote what it has read from the host.
            message = visible(error.message)
            if message == error.message:
                raise
            return {"failed": True, "msg": message}
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)

    def _arguments(self, specification: dict[str, dict[str, t.Any]], **rules: t.Any) -> dict[str, t.Any]:
        """The options of the task, validated, as plain data. ``rules``: as ``required_if`` of a module."""
        _validated, arguments = self.validate_argument_spec(argument_spec=specification, **rules)
        return t.cast(dict[str, t.Any], plain(arguments))

    def _result(self, actions: c.Sequence[PlannedAction]) -> dict[str, t.Any]:
        """What a task returns for its planned actions, performed or predicted."""
        result: dict[str, t.Any] = {"changed": bool(actions), "actions": [action.report() for action in actions]}
        if self._task.diff:
            result["diff"] = [action.diff() for action in actions]
        return result

    def delegate(self, plugin: str, arguments: dict[str, t.Any], variables: Variables) -> dict[str, t.Any]:
        """The result of another action of the collection, on the host of this task."""
        task = self._task.copy()
        task.args = arguments
        action = self._shared_loader_obj.action_loader.get(
            f"barehost.kubernetes.{plugin}",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        return t.cast(dict[str, t.Any], action.run(task_vars=variables))

    @abc.abstractmethod
    def _converge(self, variables: Variables) -> dict[str, t.Any]:
        """Does the work of one task and returns its result."""
