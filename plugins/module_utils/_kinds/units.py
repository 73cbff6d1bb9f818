# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kind ``unit``: collects all units in one call; enables, starts, restarts and reloads them in a fixed order."""

from __future__ import annotations

import contextlib
import os
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import checks, unit_dependents, unit_stamps
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic, key_material, locations
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must, run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.unit_states import RUNNING

_PROPERTIES = (
    "Id",
    "LoadState",
    "ActiveState",
    "SubState",
    "UnitFileState",
    "NeedDaemonReload",
    "MainPID",
    "InvocationID",
    "ActiveEnterTimestampMonotonic",
    "InactiveExitTimestampMonotonic",
)
_JOURNAL_LINES = 20
_STOP_TIMEOUT = 600.0
# Longer than any sensible TimeoutStartSec, because systemd itself ends a start that takes too long.
_START_TIMEOUT = 900.0
# Each collect asks; a host that does not answer is no reason for a restart, and not to be waited for.
_RESTART_IF_TIMEOUT = 5.0

# How long a unit without checks is watched, because a program that exits at once is active for a moment.
_SETTLE_SECONDS = 1.0


class UnitFailure(HostError):
    """A unit does not run as wanted after it was started, restarted or reloaded."""


def _show(names: list[str]) -> list[dict[str, str]]:
    """The properties of each unit, in order; empty if systemd cannot be asked."""
    if not names:
        return []
    done = run(["systemctl", "show", "--property", ",".join(_PROPERTIES), "--", *names])
    blocks = [
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in done.output.split("\n\n") if block.strip()
    ]
    return blocks if len(blocks) == len(names) else [{} for _name in names]


def _started_at(properties: dict[str, str]) -> float:
    """When the start of the unit began, in seconds since the epoch by the current clock; 0 if it does not run."""
    microseconds = int(properties.get("InactiveExitTimestampMonotonic") or 0)
    if not microseconds or properties.get("ActiveState") in ("inactive", "failed"):
        return 0.0
    return time.time() - (time.clock_gettime(time.CLOCK_MONOTONIC) - microseconds / 1e6)


def found(name: str) -> dict[str, t.Any]:
    """Whether systemd knows a unit, whether it runs, and whether it is enabled."""
    return found_all([name])[0]


def found_all(names: list[str]) -> list[dict[str, t.Any]]:
    """The same for each of several units, in one call."""
    return [
        {
            "known": properties.get("LoadState") in ("loaded", "masked"),
            "active": properties.get("ActiveState", "unknown"),
            "enabled": properties.get("UnitFileState", ""),
        }
        for properties in _show(names)
    ]


def collect(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return [_state(item, properties) for item, properties in zip(items, _show([item["name"] for item in items]))]


def _state(item: dict[str, t.Any], properties: dict[str, str]) -> dict[str, t.Any]:
    name = item["name"]
    started = _started_at(properties)
    running = properties.get("ActiveState") in RUNNING
    changed = _changed_inputs(item, started) if running else []
    because, unanswered = _lost(item) if running else ("", False)
    return {
        "known": properties.get("LoadState") in ("loaded", "masked"),
        "masked": properties.get("LoadState") == "masked",
        "active": properties.get("ActiveState", "unknown"),
        "enabled": properties.get("UnitFileState", ""),
        "needs_daemon_reload": properties.get("NeedDaemonReload") == "yes",
        "invocation": properties.get("InvocationID", ""),
        "started": properties.get("ActiveEnterTimestampMonotonic", "0"),
        "changed_inputs": changed,
        "started_with": unit_stamps.values(name, changed) if item["stamped"] and changed else {},
        "changed_reload_inputs": _newer(item["reload_on"], max(started, _mtime(_reload_mark(name)))) if running else [],
        "unproven": running and os.path.exists(_doubt(name)),
        "restart_because": because,
        "restart_unanswered": unanswered,
    }


def _lost(item: dict[str, t.Any]) -> tuple[str, bool]:
    """What a running unit has lost that only its start makes, and whether somebody who would know did not answer."""
    unanswered = False
    for check in item.get("restart_if", []):
        found = checks.probe(check, timeout=_RESTART_IF_TIMEOUT)
        if found is None:
            return str(check.get("message") or f"{checks.subject(check)} holds"), False
        unanswered = unanswered or isinstance(found, checks.Unanswered)
    return "", unanswered


def _changed_inputs(item: dict[str, t.Any], started: float) -> list[str] | None:
    """The changed inputs; None if the unit runs without a stamp."""
    if not item["inputs"]:
        return []
    if not item["stamped"]:
        return _newer(item["inputs"], started)
    return unit_stamps.differences(item["name"], item["inputs"])


def _newer(paths: list[str], moment: float) -> list[str]:
    return [path for path in paths if _mtime(path) > moment]


def _mtime(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _reload_mark(name: str) -> str:
    return os.path.join(locations.RUN_DIRECTORY, f"{name}.reload")


def _doubt(name: str) -> str:
    """Marks a unit whose health is not seen yet: written before a start or reload, removed when it is healthy."""
    return os.path.join(locations.RUN_DIRECTORY, f"{name}.unproven")


def starts(names: list[str]) -> dict[str, dict[str, str]]:
    """For the task's result: what distinguishes one start of a unit from another."""
    return {
        name: {
            "active": properties.get("ActiveState", "unknown"),
            "started": properties.get("ActiveEnterTimestampMonotonic", "0"),
            "invocation": properties.get("InvocationID", ""),
        }
        for name, properties in zip(names, _show(names))
    }


def apply(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Order: unmask, disable, enable, daemon-reload, stop, reset-failed, requirements, start and restart, reload, health."""
    chosen = _by_operation(actions)
    # These change files only, so they work for units that systemd has not read. Without options, each makes systemd read all units again.
    done = [_on_all(chosen(operation), operation, "--no-reload") for operation in ("unmask", "disable", "enable")]
    # What is enabled for this boot only has its links below /run, which disable leaves without --runtime.
    _on_all([action for action in chosen("disable") if action["data"].get("runtime")], "disable", "--runtime", "--no-reload")
    if any(done) or chosen("daemon-reload"):
        must(["systemctl", "daemon-reload"], what="make systemd read its units again")
    for operation in ("stop", "reset-failed"):
        _on_all(chosen(operation), operation)
    begun = [action for action in actions if action["operation"] in ("start", "restart")]
    loaded = chosen("reload")
    unproven = begun + loaded + chosen("verify")
    _require(unproven)
    for action in begun + loaded:
        atomic.write(_doubt(action["target"]), b"", ownership=atomic.Ownership("root", "root", "0600"))
    dependents = _begin(begun)
    for action in loaded:
        _reload(action["target"])
    _wait_for_all(unproven)
    lost = dependents.unhealthy()
    if lost is not None:
        restarted = ", ".join(action["target"] for action in begun)
        # No UnitFailure: what was restarted is healthy. A rollback might take an etcd back that others have gone on from.
        raise HostError(
            f"{lost[0]} was stopped while {restarted} restarted, and is not healthy again: {lost[1]}. {restarted} is healthy and keeps its "
            f"new version. Look at `journalctl -u {lost[0]}`, mend what it complains about and run the playbook again",
            details=evidence(lost[0]),
        )
    return [{} for _action in actions]


def _begin(actions: list[dict[str, t.Any]]) -> unit_dependents.Dependents:
    """Starts and restarts. Returns what was stopped and started along with that."""
    dependents = unit_dependents.Dependents()
    for action in actions:
        if action["operation"] == "restart" or not _runs_as_wanted(action):
            with dependents.stopped(action["data"].get("dependents", [])):
                restart(action["target"], block=action["data"]["block"])
    return dependents


def _on_all(actions: list[dict[str, t.Any]], operation: str, *options: str) -> bool:
    """One systemctl call for all units with this operation. Returns whether there were any."""
    names = [action["target"] for action in actions]
    if names:
        must(["systemctl", operation, *options, "--", *names], what=f"{operation} {', '.join(names)}", timeout=_STOP_TIMEOUT)
    return bool(names)


def _by_operation(actions: list[dict[str, t.Any]]) -> t.Callable[[str], list[dict[str, t.Any]]]:
    return lambda operation: [action for action in actions if action["operation"] == operation]


def _require(actions: list[dict[str, t.Any]]) -> None:
    seen: list[dict[str, t.Any]] = []
    for check in (check for action in actions for check in action["data"]["requires"]):
        if check not in seen:
            seen.append(check)
            checks.wait(check)


def _runs_as_wanted(action: dict[str, t.Any]) -> bool:
    """Whether another unit or process has started this one since the plan was made, with the present inputs."""
    runs = _show([action["target"]])[0].get("ActiveState") == "active"
    return runs and unit_stamps.differences(action["target"], action["data"]["inputs"]) == []


def restart(name: str, *, block: bool = True) -> None:
    """Starts or restarts a unit. Without ``block`` it does not wait for systemd; the checks tell when the unit is up."""
    done = run(["systemctl", "restart", *([] if block else ["--no-block"]), "--", name], timeout=_START_TIMEOUT)
    if not done.ok:
        raise failure(name, f"{name} did not start: {done.complaint()}")


def _reload(name: str) -> None:
    began = time.time()
    done = run(["systemctl", "reload", "--", name], timeout=_START_TIMEOUT)
    if not done.ok:
        raise failure(name, f"{name} did not reload: {done.complaint()}")
    mark = _reload_mark(name)
    atomic.write(mark, b"", ownership=atomic.Ownership("root", "root", "0600"))
    # A change during the reload may have come too late to be read.
    os.utime(mark, (began, began))


def wait_for_health(action: dict[str, t.Any]) -> None:
    """Waits until the unit of an action is healthy; raises UnitFailure."""
    _wait_for_all([action])


def _wait_for_all(actions: list[dict[str, t.Any]]) -> None:
    """First the checks, then the units without any, which settle together: while others are waited for, they settle too."""
    for action in actions:
        _wait_for_checks(action)
    without = [action["target"] for action in actions if not action["data"]["health"] and action["target"].endswith(".service")]
    _settle(without)
    for action in actions:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_doubt(action["target"]))


def _wait_for_checks(action: dict[str, t.Any]) -> None:
    name, health = action["target"], action["data"]["health"]
    longest = 60.0 if action["data"]["block"] else max([60.0, *(check["deadline"] for check in health)])
    for check in [{"unit": name, "deadline": longest}, *health]:
        try:
            checks.wait(check, hopeless=lambda: _dead(name))
        except HostError as error:
            raise failure(name, f"{name} was started but is not healthy: {error.message}") from error


def _settle(names: list[str]) -> None:
    """Sees that these services, which have just been started and have no checks, do not end at once."""
    before = _show(names)
    running = [_running_for(properties) for properties in before]
    time.sleep(max([0.0, *(_SETTLE_SECONDS - seconds for seconds in running)]))
    for name, then, now in zip(names, before, _show(names)):
        if now.get("ActiveState") != "active" or now.get("InvocationID") != then.get("InvocationID"):
            raise failure(name, f"{name} was started but did not stay up for {_SETTLE_SECONDS:.0f} s")


def _running_for(properties: dict[str, str]) -> float:
    """Seconds since the unit became active."""
    return max(0.0, time.clock_gettime(time.CLOCK_MONOTONIC) - int(properties.get("ActiveEnterTimestampMonotonic") or 0) / 1e6)


def _dead(name: str) -> str | None:
    """Why the unit cannot become healthy any more, so that nothing waits for its deadline; None if it can."""
    properties = _show([name])[0]
    if properties.get("ActiveState") == "failed":
        return f"{name} has failed"
    return None


def failure(name: str, message: str) -> UnitFailure:
    """The error for the operator: what is wrong, the unit's state, and its last journal lines."""
    advice = f"look at `journalctl -u {name}`, mend what it complains about and run the playbook again"
    return UnitFailure(f"{message}; {advice}", details=evidence(name))


def evidence(name: str) -> str:
    """The state of a unit and the last lines of its journal, without those that may hold a secret."""
    properties = _show([name])[0]
    state = f"{name}: {properties.get('ActiveState', 'unknown')} ({properties.get('SubState', '')})"
    journal = run(["journalctl", "--no-pager", "--output=short-iso", f"--lines={_JOURNAL_LINES}", f"--unit={name}"], timeout=20)
    return "\n".join([state, *key_material.without(journal.output.splitlines())])
