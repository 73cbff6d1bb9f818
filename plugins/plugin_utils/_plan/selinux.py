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
        raise PlanError(
            f"SELinux is disabled in the running kernel, wanted is {wanted}. Set SELINUX={wanted} in {_CONFIG}, remove selinux=0 from the "
            "kernel's command line, run `fixfiles onboot`, reboot, and run the playbook again; or choose `disabled` or `unmanaged`"
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
