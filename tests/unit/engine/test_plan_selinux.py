# SPDX-License-Identifier: GPL-3.0-or-later
"""EL finding 15: SELinux that was off comes back by way of permissive, as Red Hat describes it."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import selinux
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext

CONTEXT = PlanContext(component="host", now=0.0)


def plan(kernel: str, config: str | None, *, wanted: str = "enforcing", **state: t.Any) -> list[tuple[str, str]]:
    found = {"kernel": kernel, "config": config, "forced": [], "relabels": False, **state}
    return [(action.operation, action.data["state"]) for action in selinux.plan({"state": wanted}, found, CONTEXT)]


def refusal(*arguments: t.Any, **state: t.Any) -> str:
    with pytest.raises(PlanError) as caught:
        plan(*arguments, **state)
    return str(caught.value)


def test_el15_the_way_from_disabled_names_each_step_that_is_left() -> None:
    message = refusal("disabled", "disabled", forced=["selinux=0"])
    steps = [
        "set SELINUX=permissive",
        '--remove-args="selinux=0"',
        "`fixfiles -F onboot`",
        "reboot",
        "`ausearch -m avc",
        "run the playbook",
    ]
    assert [message.index(step) for step in steps] == sorted(message.index(step) for step in steps)
    assert "SELINUX=enforcing" not in message
    # the same while the configuration says enforcing already: such a boot may not come up
    assert "set SELINUX=permissive" in refusal("disabled", "enforcing")
    rest = refusal("disabled", "permissive", relabels=True)
    assert "SELINUX=" not in rest and "fixfiles" not in rest and "grubby" not in rest and "reboot" in rest


def test_el15_a_host_without_a_policy_has_no_configuration() -> None:
    assert "install selinux-policy-targeted" in refusal("disabled", None)


def test_el15_nothing_is_enforced_before_files_have_their_labels() -> None:
    assert "/.autorelabel is there" in refusal("permissive", "permissive", relabels=True)
    assert plan("permissive", "permissive") == [("set-config", "enforcing"), ("set-live", "enforcing")]
    # who labels an enforcing host anew knows why
    assert plan("enforcing", "enforcing", relabels=True) == []


def test_el15_a_command_line_that_wins_over_the_configuration_is_refused() -> None:
    assert '`grubby --update-kernel=ALL --remove-args="enforcing=0"`' in refusal("enforcing", "enforcing", forced=["enforcing=0"])
    assert plan("permissive", "permissive", wanted="permissive", forced=["enforcing=0"]) == []
    assert plan("disabled", "disabled", wanted="disabled", forced=["selinux=0"]) == []
