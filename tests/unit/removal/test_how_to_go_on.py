# SPDX-License-Identifier: GPL-3.0-or-later
"""A removal or a restore that ends half way says what is done and which command goes on, also where a connection is lost."""

from __future__ import annotations

import types
import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.barehost.kubernetes.plugins.action import etcd_restore
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError, PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.phases import told_how_to_go_on
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import HostFailure

WORDS = "the node is drained; run it again"
LOST = AnsibleConnectionFailure("no route")


def ends_with(error: Exception) -> t.Callable[[], dict[str, t.Any]]:
    def perform() -> dict[str, t.Any]:
        raise error

    return perform


@pytest.mark.parametrize("error", [HostFailure("disk full", {"rc": 1}), PlanError("two voters are down"), LOST])
def test_an_error_of_a_phase_says_how_to_go_on(error: Exception) -> None:
    with pytest.raises(ComponentError, match=rf"(?s)(disk full|two voters are down|no route).*{WORDS}$"):
        told_how_to_go_on(ends_with(error), WORDS, refusals=True)


def test_a_refusal_before_the_first_change_is_left_as_it_is() -> None:
    with pytest.raises(PlanError) as raised:
        told_how_to_go_on(ends_with(PlanError("unmanaged pods")), WORDS, refusals=False)
    assert raised.value.message == "unmanaged pods"


def test_a_failure_that_another_action_returns_says_it_too() -> None:
    result = told_how_to_go_on(lambda: {"failed": True, "msg": "403"}, WORDS, refusals=True)
    assert result["msg"] == f"403\n{WORDS}"
    assert told_how_to_go_on(lambda: {"changed": True}, WORDS, refusals=True) == {"changed": True}


def restore(phase: str, error: Exception, *, check_mode: bool = False) -> None:
    action = t.cast(t.Any, types.SimpleNamespace(_task=types.SimpleNamespace(check_mode=check_mode)))
    etcd_restore.ActionModule._guided(action, phase, ends_with(error))


@pytest.mark.parametrize(
    ("phase", "command"),
    [
        ("stopped", r"etcd was not touched.*run restore\.yml again.*site\.yml"),
        ("switched", r"run restore\.yml again"),
        ("resumed", r"run site\.yml"),
    ],
)
def test_a_restore_that_ends_half_way_says_how_to_go_on(phase: str, command: str) -> None:
    for error in (HostFailure("disk full", {"rc": 1}), LOST):
        with pytest.raises(ComponentError, match=f"(?s)(disk full|no route).*{command}"):
            restore(phase, error)


def test_before_the_first_change_a_lost_host_is_unreachable() -> None:
    with pytest.raises(AnsibleConnectionFailure):
        restore("staged", LOST)
    with pytest.raises(AnsibleConnectionFailure):
        restore("stopped", LOST, check_mode=True)
