# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of kernel settings and swap: now, and at the next boot."""

from __future__ import annotations

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import kernel
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext

CONTEXT = PlanContext(component="host", now=0.0)
FORWARD = {"name": "net.ipv4.ip_forward", "value": "1", "file": "/etc/sysctl.d/zz-barehost.conf"}


def test_f14_a_setting_that_another_file_changes_at_the_next_boot_is_refused_before_it_is_set() -> None:
    state = {"exists": True, "value": "0", "overriding": {"file": "/etc/sysctl.d/zzz.conf", "value": "0"}}
    with pytest.raises(PlanError, match=r"/etc/sysctl\.d/zzz\.conf sets net\.ipv4\.ip_forward = 0 at the next boot, after .*zz-barehost"):
        kernel.plan_sysctl(FORWARD, state, CONTEXT)


def test_a_setting_that_no_file_changes_is_set() -> None:
    (action,) = kernel.plan_sysctl(FORWARD, {"exists": True, "value": "0", "overriding": None}, CONTEXT)
    assert (action.operation, action.target, action.data) == ("set", "net.ipv4.ip_forward", {"value": "1"})


def test_f41_swap_units_are_masked_before_swap_is_switched_off() -> None:
    state = {"active": ["/dev/zram0"], "fstab": [], "units": ["dev-zram0.swap"]}
    actions = kernel.plan_swap({"state": "off"}, state, CONTEXT)
    assert [(action.operation, action.target) for action in actions] == [("mask", "dev-zram0.swap"), ("switch-off", "/dev/zram0")]
    assert kernel.plan_swap({"state": "unmanaged"}, state, CONTEXT) == []
