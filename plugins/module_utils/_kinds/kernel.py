# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kinds ``sysctl`` and ``swap`` of the running kernel. Files make them persistent."""

from __future__ import annotations

import os
import stat
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import kernel_boot_settings, kernel_swap_units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

PROC = "/proc"
FSTAB = "/etc/fstab"


def lines(path: str) -> list[str]:
    """The lines of a file; none if it cannot be read. Bytes that are no UTF-8 survive when the lines are written again."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
            return stream.read().rstrip("\n").split("\n")
    except OSError:
        return []


def _shown(line: str) -> str:
    """A line as it can be shown: bytes that are no UTF-8 are replaced."""
    return line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _sysctl_path(name: str) -> str:
    return f"{PROC}/sys/{kernel_boot_settings.path_of(name)}"


def collect_sysctls(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The current values. ``overriding``: with ``file``, the later file of sysctl.d that sets another value at the next boot."""
    return [{**_sysctl(item["name"]), **({"overriding": _overriding(item)} if item.get("file") else {})} for item in items]


def _overriding(item: dict[str, t.Any]) -> t.Optional[dict[str, str]]:
    found = kernel_boot_settings.overriding(item["name"], " ".join(item["value"].split()), file=item["file"])
    return {"file": found[0], "value": found[1]} if found else None


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
    """The active swaps, and what enables swap at the next boot: lines of fstab, other units of systemd."""
    active = [line.split()[0] for line in lines(f"{PROC}/swaps")[1:] if line.strip()]
    fstab = [_shown(line) for line in swap_lines()]
    return [{"active": active, "fstab": fstab, "units": kernel_swap_units.enabled()} for _item in items]


def swap_lines() -> list[str]:
    """The lines of fstab that enable swap, as they are written there."""
    return [line for line in lines(FSTAB) if _is_swap(line)]


def _is_swap(line: str) -> bool:
    fields = line.split()
    return len(fields) >= 3 and not fields[0].startswith("#") and fields[2] == "swap"


def apply_swap(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    for action in actions:
        if action["operation"] == "disable":
            _comment_fstab()
        elif action["operation"] == "mask":
            must(["systemctl", "mask", "--", action["target"]], what=f"mask the swap unit {action['target']}")
        else:
            must(["swapoff", "--", action["target"]], what=f"switch off the swap {action['target']}")
    return [{} for _action in actions]


def _comment_fstab() -> None:
    write_fstab([f"# {line}" if _is_swap(line) else line for line in lines(FSTAB)], path=FSTAB)


def write_fstab(changed: list[str], *, path: str) -> None:
    """Writes the lines; where fstab is a link, to the file that it leads to."""
    target = os.path.realpath(path)
    found = os.stat(target)
    ownership = atomic.Ownership(str(found.st_uid), str(found.st_gid), f"{stat.S_IMODE(found.st_mode):04o}")
    atomic.write(target, "".join(f"{line}\n" for line in changed).encode("utf-8", "surrogateescape"), ownership=ownership)
