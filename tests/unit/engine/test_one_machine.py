# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that would take one machine for several hosts is refused: ansible-pull of more than the node itself."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import one_machine

ONE = {"nodes": dict.fromkeys(["m1", "w1", "w2"]), "etcd_hosts": ["m1"], "masters": ["m1"]}
THREE = {"nodes": dict.fromkeys(["m1", "m2", "m3", "w1"]), "etcd_hosts": ["m1", "m2", "m3"], "masters": ["m1", "m2", "m3"]}


def refused(spec: t.Any, *run: str, default: str = "local", **connections: str) -> str:
    variables = {host: {"ansible_connection": connection} for host, connection in connections.items()}
    return one_machine.refusal(spec, run_hosts=run, variables_of=lambda host: variables.get(host, {}), default=default)


@pytest.mark.parametrize("run", [("w1",), ("m1",), ("localhost", "w1"), ()])
def test_one_host_may_be_this_machine(run: tuple[str, ...]) -> None:
    assert refused(ONE, *run) == ""


def test_two_may_not() -> None:
    assert refused(ONE, "m1", "w1", "w2").startswith("m1, w1, w2 have the connection local, so this run would take one machine for all")
    assert refused(ONE, "w1", "w2", default="ansible.builtin.local")
    assert refused(ONE, "w1", "w2", default="ssh", w1="local", w2="local")


def test_others_may_be_reached_otherwise() -> None:
    assert refused(ONE, "m1", "w1", "w2", default="ssh", m1="local") == ""
    assert refused(ONE, "m1", "w1", w1="ssh") == ""


def test_one_of_several_masters_looks_at_the_others() -> None:
    assert "m2 is not this machine" in refused(THREE, "m1")
    assert refused(THREE, "w1") == ""
    assert refused(THREE, "m1", default="ssh", m1="local") == ""


@pytest.mark.parametrize(
    ("of_host", "task", "command_line", "default"),
    [
        ({}, "local", "ssh", "local"),  # of the play
        ({}, "ssh", None, "ssh"),
        ({"ansible_connection": "local"}, "local", "ssh", "ssh"),  # ansible-core 2.21 gives the task what its host has
        ({"ansible_connection": "ssh"}, "ssh", "local", "local"),
        ({"ansible_connection": "local"}, None, None, ""),
    ],
)
def test_what_a_task_has_from_its_host_is_not_what_others_have(
    of_host: dict[str, str], task: str | None, command_line: str | None, default: str
) -> None:
    assert one_machine.default_connection(of_host, task=task, command_line=command_line) == default
