# SPDX-License-Identifier: GPL-3.0-or-later
"""Views of an etcd cluster in few words, and what is planned for them."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.cluster_view import HostState, Member, View, Wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.plan_members import plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Policy

RUNS = HostState(data=True, committed=50)
STOPPED = HostState(data=True)
EMPTY = HostState(data=False)
UNSEEN = HostState()


def url(name: str) -> str:
    return f"https://{name}.example:2380"


def wanted(names: str) -> list[Wanted]:
    return [Wanted(host=f"h-{name}", name=name, peer_url=url(name), client_url=f"https://{name}.example:2379") for name in names]


def member(of: str, **fields: t.Any) -> Member:
    return dataclasses.replace(Member(id=f"id-{of}", name=of, peer_urls=(url(of),), healthy=True), **fields)


def seen(members: list[Member] | None, **hosts: HostState) -> View:
    return View(members=None if members is None else tuple(members), hosts={f"h-{name}": state for name, state in hosts.items()})


def steps(names: str, found: View, **policy: t.Any) -> list[tuple[str, str]]:
    return [(action.operation, action.target) for action in plan(wanted=wanted(names), view=found, policy=Policy(**policy)).actions]


def refused(names: str, found: View, **policy: t.Any) -> str:
    with pytest.raises(PlanError) as error:
        steps(names, found, **policy)
    return str(error.value)


def joining(name: str) -> list[tuple[str, str]]:
    return [(operation, name) for operation in ("add", "start", "promote")]
