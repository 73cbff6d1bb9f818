# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undoes changes of the system: units, containers, users, the kernel's settings, SELinux, the firewall, packages."""

from __future__ import annotations

import os
import re
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._component.host_record import Entry
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import (
    firewall,
    firewall_xml,
    kernel,
    kernel_modules,
    selinux,
    selinux_booleans,
    selinux_modules,
    selinux_ports,
    units,
    users,
)
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds.packages import installed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import TIMED_OUT, must, run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.unit_states import RUNNING_OR_STARTING

_STOP_TIMEOUT = 600.0
# What dockerd gives its containers when it ends (--shutdown-timeout).
_CONTAINERS_GRACE = 15.0
_KILLED_TIMEOUT = 60.0
_PAUSE = 0.2
# cri-dockerd marks the containers of pods so.
_OF_PODS = ["--filter", "label=io.kubernetes.pod.uid"]
_NEEDED = re.compile(r"^\s*(\S.*?) is needed by \(installed\) (\S+)$", re.MULTILINE)


def observers(entries: t.Sequence[Entry]) -> dict[str, t.Callable[[Entry], t.Any]]:
    """Observes entries. Packages are observed together, because one may keep another."""
    needed = _needed([entry["target"] for entry in entries if entry["kind"] == "package"])
    ran_before = {entry["target"] for entry in entries if entry["kind"] == "unit" and entry["found"]["active"] in RUNNING_OR_STARTING}
    return {
        "unit": lambda entry: units.found(entry["target"]),
        "leftover_container": lambda entry: _containers(entry["target"], all_of_them=entry["target"] not in ran_before),
        "user": lambda entry: users.collect_users([{"name": entry["target"]}])[0],
        "group": lambda entry: users.collect_groups([{"name": entry["target"]}])[0],
        "sysctl": lambda entry: kernel.collect_sysctls([{"name": entry["target"]}])[0],
        "kernel_module": lambda entry: os.path.exists(f"{kernel_modules.SYS}/module/{entry['target'].replace('-', '_')}/refcnt"),
        "swap": lambda entry: entry["target"] in kernel.collect_swap([{}])[0]["active"],
        "swap_unit": lambda entry: units.found(entry["target"])["enabled"] == "masked",
        "selinux": lambda entry: selinux.collect([{}])[0],
        "selinux_boolean": lambda entry: selinux_booleans.collect([{"name": entry["target"]}])[0],
        "selinux_port": lambda entry: selinux_ports.collect([{"port": entry["target"]}])[0],
        "leftover_selinux_module": lambda entry: selinux_modules.is_installed(entry["target"]),
        "firewall": lambda entry: None,
        "firewall_interface": lambda entry: None,
        "package": lambda entry: needed.get(entry["target"]),
    }


def _containers(unit: str, *, all_of_them: bool) -> list[str]:
    """The containers of pods, or all containers if the unit did not run before the collection."""
    if units.found(unit)["active"] not in RUNNING_OR_STARTING:
        return []
    done = run(["docker", "ps", "--all", "--quiet", *([] if all_of_them else _OF_PODS)])
    return done.output.split() if done.ok else []


def _needed(names: list[str]) -> dict[str, str]:
    """For each installed package, the packages that depend on it. They keep it on the host."""
    present = set(installed())
    going = [name for name in names if name in present]
    needed = dict.fromkeys(going, "")
    while going:
        done = run(["rpm", "--erase", "--test", "--", *going])
        if done.ok:
            break
        kept = {name: by for what, by in _NEEDED.findall(done.error) for name in _providers(what) if name in going}
        if not kept:
            raise HostError(f"rpm cannot say whether {', '.join(going)} may be removed: {done.complaint()}")
        needed.update(kept)
        going = [name for name in going if name not in kept]
    return needed


def _providers(capability: str) -> list[str]:
    return run(["rpm", "--query", "--whatprovides", "--queryformat", "%{NAME}\n", "--", capability.split(" ")[0]]).output.split()


def firewall_state(entries: t.Sequence[Entry]) -> dict[str, t.Any]:
    """What the kind ``firewall`` collects, and the zones that have a file only because of our entries in it."""
    state = firewall.collect([{}])[0]
    before = {zone for entry in entries if entry["kind"] == "firewall" for zone in entry["zones"]}
    interfaces = [entry["interface"] for entry in entries if entry["kind"] == "firewall_interface"]
    candidates = [zone for zone in state["permanent"]["zones"] if zone not in before]
    made = [zone for zone in candidates if firewall_xml.is_as_shipped(zone, without_interfaces=interfaces, root=firewall.ROOT)]
    return {**state, "made": made}


def _stop(action: Entry) -> None:
    unit = action["target"]
    stop = ["systemctl", "stop", "--", unit]
    if not unit.endswith(".slice"):
        must(stop, what=f"stop {unit}", timeout=_STOP_TIMEOUT)
        return
    if run(stop, timeout=_CONTAINERS_GRACE).status == TIMED_OUT:
        # The first process of a container that has no handler for SIGTERM never gets it, and systemd would wait for 90 s.
        run(["systemctl", "kill", "--signal=SIGKILL", "--", unit])
    _wait_until_stopped(unit)


def _wait_until_stopped(unit: str) -> None:
    """Asked for, not stopped again: a slice is unknown to systemd once it is empty."""
    end = time.monotonic() + _KILLED_TIMEOUT
    while (active := units.found(unit)["active"]) in (*RUNNING_OR_STARTING, "deactivating"):
        if time.monotonic() > end:
            raise HostError(f"{unit} was stopped {_KILLED_TIMEOUT:.0f} s ago and is still {active}: see systemctl status {unit}")
        time.sleep(_PAUSE)


def _disable(action: Entry) -> None:
    must(["systemctl", "disable", "--", action["target"]], what=f"disable {action['target']}")


def _reload_or_restart(action: Entry) -> None:
    must(["systemctl", "reload-or-restart", "--", action["target"]], what=f"restart {action['target']}", timeout=_STOP_TIMEOUT)


def _daemon_reload(action: Entry) -> None:
    must(["systemctl", "daemon-reload"], what="make systemd read its units again")
    # Only units of ours: that others have failed is for their owner to see.
    run(["systemctl", "reset-failed", "--", *action["data"]["units"]])


def _remove_containers(action: Entry) -> None:
    must(
        ["docker", "rm", "--force", "--volumes", *action["data"]["containers"]],
        what="remove containers",
        timeout=_STOP_TIMEOUT,
    )


def _remove_user(action: Entry) -> None:
    must(["userdel", action["target"]], what=f"remove the user {action['target']}")


def _restore_user(action: Entry) -> None:
    users.apply_users([{"operation": "modify", "target": action["target"], "data": {"wanted": action["data"]["wanted"]}}])


def _remove_group(action: Entry) -> None:
    # userdel removes the group of the user's name, where that is empty then.
    if users.collect_groups([{"name": action["target"]}])[0]["exists"]:
        must(["groupdel", action["target"]], what=f"remove the group {action['target']}")


def _restore_group(action: Entry) -> None:
    users.apply_groups([{"operation": "modify", "target": action["target"], "data": {"gid": action["data"]["gid"], "system": False}}])


def _restore_sysctl(action: Entry) -> t.Optional[str]:
    if not kernel.collect_sysctls([{"name": action["target"]}])[0]["exists"]:
        return None  # went with its interface or module
    try:
        kernel.apply_sysctls([action])
    except HostError as error:
        return error.message
    return None


def _unload(action: Entry) -> t.Optional[str]:
    done = run(["modprobe", "--remove", "--", action["target"]])
    return None if done.ok else f"the kernel module {action['target']} stays loaded until the next boot: {done.complaint()}"


def _switch_on(action: Entry) -> t.Optional[str]:
    done = run(["swapon", "--", action["target"]])
    return None if done.ok else f"the swap {action['target']} is not active: {done.complaint()}"


def _unmask(action: Entry) -> None:
    must(["systemctl", "unmask", "--", action["target"]], what=f"unmask {action['target']}")


def _restore_selinux(action: Entry) -> None:
    selinux.apply([action])


def _restore_boolean(action: Entry) -> None:
    selinux_booleans.apply([action])


def _restore_port(action: Entry) -> None:
    selinux_ports.apply([action])


def _remove_selinux_module(action: Entry) -> None:
    if selinux_modules.is_installed(action["target"]):
        selinux_modules.remove(action["target"])


def _undo_firewall(operation: str, actions: list[Entry]) -> None:
    if operation == "remove-file":
        for action in actions:
            firewall_xml.remove("zones", action["data"]["zone"], root=firewall.ROOT)
    else:
        firewall.apply(actions)


def _erase(operation: str, actions: list[Entry]) -> None:
    names = [action["target"] for action in actions]
    must(["rpm", "--erase", "--", *names], what=f"remove the packages {', '.join(names)}", timeout=_STOP_TIMEOUT)


# Kinds that perform all their actions at once
TOGETHER: dict[str, t.Callable[[str, list[Entry]], None]] = {"firewall": _undo_firewall, "package": _erase}
UNDO: dict[tuple[str, str], t.Callable[[Entry], t.Optional[str]]] = {
    ("unit", "stop"): _stop,
    ("unit", "disable"): _disable,
    ("unit", "reload-or-restart"): _reload_or_restart,
    ("unit", "daemon-reload"): _daemon_reload,
    ("containers", "remove"): _remove_containers,
    ("user", "remove"): _remove_user,
    ("user", "restore"): _restore_user,
    ("group", "remove"): _remove_group,
    ("group", "restore"): _restore_group,
    ("sysctl", "restore"): _restore_sysctl,
    ("kernel_module", "unload"): _unload,
    ("swap", "switch-on"): _switch_on,
    ("swap", "unmask"): _unmask,
    ("selinux", "set-config"): _restore_selinux,
    ("selinux", "set-live"): _restore_selinux,
    ("selinux_boolean", "set"): _restore_boolean,
    ("selinux_module", "remove"): _remove_selinux_module,
    ("selinux_port", "set"): _restore_port,
    ("selinux_port", "remove"): _restore_port,
}
