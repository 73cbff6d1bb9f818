# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kinds ``kernel_module``, ``sysctl`` and ``swap`` of the running kernel. Files make them persistent."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must, run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

PROC = "/proc"
SYS = "/sys"
FSTAB = "/etc/fstab"
LIBRARY = "/lib/modules"


def collect_modules(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    built_in = _built_in()
    return [{"loaded": _is_loaded(item, built_in)} for item in items]


def _is_loaded(item: dict[str, t.Any], built_in: set[str]) -> bool:
    name = item["name"].replace("-", "_")
    evidence = item.get("evidence")
    return bool(evidence and os.path.exists(evidence)) or os.path.exists(f"{SYS}/module/{name}") or name in built_in


def _built_in() -> set[str]:
    """The modules that are built into the kernel. Those without parameters are not in /sys/module."""
    found = lines(f"{LIBRARY}/{os.uname().release}/modules.builtin")
    return {os.path.basename(line).split(".", 1)[0].replace("-", "_") for line in found}


def lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read().splitlines()
    except OSError:
        return []


def apply_modules(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    for action in actions:
        name = action["target"]
        done = run(["modprobe", "--", name])
        if not done.ok:
            release = os.uname().release
            raise HostError(
                f"the kernel module {name} cannot be loaded: {done.complaint()}. Wanted is a kernel that has it: "
                f"on EL 10 `dnf install kernel-modules-extra-{release}` may bring it; after an update of the kernel, reboot first"
            )
    return [{} for _action in actions]


def _sysctl_path(name: str) -> str:
    """The path of a setting. As in sysctl.d, a dot separates and a slash stands for a dot, unless the first separator is a slash."""
    first = re.search(r"[./]", name)
    swapped = name if first and first.group() == "/" else name.translate(str.maketrans("./", "/."))
    return f"{PROC}/sys/{swapped}"


def collect_sysctls(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return [_sysctl(item["name"]) for item in items]


def _sysctl(name: str) -> dict[str, t.Any]:
    path = _sysctl_path(name)
    if not os.path.exists(path):
        return {"exists": False, "value": None}
    try:
        with open(path, encoding="utf-8") as stream:
            return {"exists": True, "value": " ".join(stream.read().split())}
    except OSError as error:
        raise HostError(f"{path}: the kernel setting {name} cannot be read: {error.strerror}") from error


def apply_sysctls(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    for action in actions:
        name, value = action["target"], action["data"]["value"]
        try:
            with open(_sysctl_path(name), "w", encoding="utf-8") as stream:
                stream.write(value + "\n")
        except OSError as error:
            raise HostError(
                f"the kernel setting {name} cannot be set to {value}: {error.strerror}; "
                "load the module that has it (`kernel_modules`), or leave this setting out"
            ) from error
    return [{} for _action in actions]


def collect_swap(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The active swaps, and the lines of fstab that enable swap at the next boot."""
    active = [line.split()[0] for line in lines(f"{PROC}/swaps")[1:] if line.strip()]
    return [{"active": active, "fstab": [line for line in lines(FSTAB) if _is_swap(line)]} for _item in items]


def _is_swap(line: str) -> bool:
    fields = line.split()
    return len(fields) >= 3 and not fields[0].startswith("#") and fields[2] == "swap"


def apply_swap(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    for action in actions:
        if action["operation"] == "disable":
            _comment_fstab()
        else:
            must(["swapoff", "--", action["target"]], what=f"switch off the swap {action['target']}")
    return [{} for _action in actions]


def _comment_fstab() -> None:
    found = atomic.file_state(FSTAB)
    changed = [f"# {line}" if _is_swap(line) else line for line in lines(FSTAB)]
    ownership = atomic.Ownership(found["owner"], found["group"], found["mode"])
    atomic.write(FSTAB, "".join(f"{line}\n" for line in changed).encode(), ownership=ownership)
