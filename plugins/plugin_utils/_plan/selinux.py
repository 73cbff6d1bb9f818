# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the SELinux mode of the running kernel and of the next boot. It never reboots a host."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

_CONFIG = "/etc/selinux/config"
_KERNEL = "kernel"


def plan(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    wanted = item["state"]
    if wanted == "unmanaged":
        return []
    kernel, config = state["kernel"], state["config"]
    if wanted != "disabled" and kernel == "disabled":
        raise PlanError(_switch_on_first(wanted, state))
    if wanted == "enforcing" and state.get("forced"):
        raise PlanError(
            f"the kernel's command line has {' '.join(state['forced'])}, so SELinux is permissive after each boot, wanted is {wanted}. "
            f"Remove it by {_removal(state['forced'])}, reboot, and run the playbook again"
        )
    if wanted == "enforcing" and kernel != wanted and state.get("relabels"):
        raise PlanError(
            "SELinux is permissive, and the next boot labels all files (/.autorelabel is there): enforced before that, it would deny "
            "services their files. Reboot this host, and run the playbook again"
        )
    actions = []
    if config is not None and config != wanted:
        reason = f"the next boot would be {config or 'undefined'}, wanted {wanted}"
        before = f"SELINUX={config}\n" if config else ""
        actions.append(
            PlannedAction("selinux", "set-config", _CONFIG, reason, before=before, after=f"SELINUX={wanted}\n", data={"state": wanted})
        )
    # SELinux cannot be disabled in a running kernel: until the reboot it is permissive.
    live = "permissive" if wanted == "disabled" else wanted
    if kernel not in ("disabled", live):
        reason = f"it is {kernel}, wanted {live}"
        actions.append(PlannedAction("selinux", "set-live", _KERNEL, reason, before=f"{kernel}\n", after=f"{live}\n", data={"state": live}))
    return actions


def _switch_on_first(wanted: str, state: dict[str, t.Any]) -> str:
    """The way on that Red Hat describes: files that were written meanwhile have no labels, so the first boot with SELinux is permissive."""
    config, forced = state["config"], state.get("forced") or []
    if config is None:
        return (
            f"SELinux is disabled in the running kernel, wanted is {wanted}, and this host has no {_CONFIG}: install "
            "selinux-policy-targeted and begin again; or choose `disabled` or `unmanaged` (host_selinux_state)"
        )
    steps = [] if config == "permissive" else [f"set SELINUX=permissive in {_CONFIG}"]
    steps += [f"remove {' '.join(forced)} from the kernel's command line by {_removal(forced)}"] if forced else []
    steps += [] if state.get("relabels") else ["run `fixfiles -F onboot`"]
    steps += ["reboot, which labels all files", "look at `ausearch -m avc -ts boot`", "run the playbook again"]
    return (
        f"SELinux is disabled in the running kernel, wanted is {wanted}. Files written meanwhile have no labels, and an enforcing "
        f"boot may not come up. So go by way of permissive: {', '.join(steps)}. Or choose `disabled` or `unmanaged` (host_selinux_state)"
    )


def _removal(forced: list[str]) -> str:
    return f'`grubby --update-kernel=ALL --remove-args="{" ".join(forced)}"`'
