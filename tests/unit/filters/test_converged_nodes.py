# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose node is waited for at the end of a run."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.filter.plays import converged_nodes

HOSTS = ("a", "b", "c")
CLUSTER: dict[str, t.Any] = {"node_hosts": list(HOSTS), "nodes": {host: {"name": f"{host}.example.org"} for host in HOSTS}}


def names(hostvars: dict[str, dict[str, t.Any]]) -> list[str]:
    return [node["name"] for node in converged_nodes(CLUSTER, hostvars, "done")]


def test_a_host_that_was_left_out_is_not_waited_for() -> None:
    assert names({"a": {"done": {"changed": False}}, "b": {}, "c": {"done": {"changed": True}}}) == ["a.example.org", "c.example.org"]


def test_nor_one_that_failed_was_skipped_or_could_not_be_reached() -> None:
    assert names({host: {"done": {word: True}} for host, word in zip(HOSTS, ("failed", "skipped", "unreachable"), strict=True)}) == []
