# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failing turn says, and when a restart is remembered."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.action import restart_node
from ansible_collections.barehost.kubernetes.plugins.filter.plays import restart_has_failed, restart_turns
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart import told
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart.plan import Turn
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart.work import Work

TURN = Turn("w1", "w1.x", "m1", Work(reboot=("asked for",)))


def test_a_failure_says_what_is_cordoned_and_how_to_go_on() -> None:
    words = told.how_to_go_on(TURN, cordoned=True, done=["w0"], batches=[["w0"], ["w1", "w3"], ["w2"], ["m1"]])
    assert words.startswith("The turn of w1 has not ended, and its Node w1.x stays cordoned.")
    assert "Restarted before: w0. At work still, to the end of their turn: w3. Not restarted: w2, m1." in words
    assert words.endswith("run restart-nodes.yml again, which goes on with this host; or give it up: kubectl uncordon w1.x")
    untouched = told.how_to_go_on(TURN, touched=False, done=[], batches=[["w1"]])
    assert untouched.startswith("w1 was not touched.") and "uncordon" not in untouched


def test_the_play_reads_the_plan_of_any_host() -> None:
    assert restart_turns({}) == {"hosts": [], "serial": []}
    found = {"order": ["w1", "m1"], "serial": [1, 1]}
    assert restart_turns({"silent": {}, "w1": {"barehost_restart": found}}) == {"hosts": ["w1", "m1"], "serial": [1, 1]}


def test_a_failed_turn_ends_the_play() -> None:
    assert not restart_has_failed({"w1": {}, "w2": {"barehost_restart_turn": {"finished": True}}})
    assert restart_has_failed({"w1": {}, "w2": {"barehost_restart_turn": {"failed": True}}})


@pytest.mark.parametrize(
    ("left_out", "turns", "forgotten"),
    [
        ({}, {"w1": {"finished": True}, "w2": {"finished": True}}, True),
        ({}, {"w1": {"finished": True}, "w2": {"failed": True}}, False),
        ({"w3": "away"}, {"w1": {"finished": True}, "w2": {"finished": True}}, False),
    ],
)
def test_a_restart_that_is_not_complete_is_remembered(
    left_out: dict[str, str], turns: dict[str, t.Any], forgotten: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next run would restart again what is done."""
    steps: list[str] = []

    class TurnHost:
        def __init__(self, *_arguments: t.Any) -> None:
            pass

        def step(self, name: str, _payload: t.Any) -> None:
            steps.append(name)

    monkeypatch.setattr(restart_node, "TurnHost", TurnHost)
    phase = object.__new__(restart_node._Phase)
    hostvars = {host: {"barehost_restart_turn": turn} for host, turn in turns.items()}
    planned = {"left_out": left_out, "order": ["w1", "w2"]}
    phase._action = t.cast(t.Any, None)
    phase._variables = {"inventory_hostname": "w1", "barehost_restart": planned, "hostvars": hostvars}
    phase.ended()
    assert steps == (["forget"] if forgotten else [])
