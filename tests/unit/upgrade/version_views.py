# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters as the rules of versions see them: three masters, which are nodes too, and two workers."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import rules

MASTERS = ("m1", "m2", "m3")
WORKERS = ("w1", "w2")
HOSTS = (*MASTERS, *WORKERS)


def numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def wanted(kubernetes: str = "1.37.1", etcd: str = "3.7.2", *, run: t.Iterable[str] = HOSTS) -> rules.Wanted:
    return rules.Wanted(kubernetes, etcd, frozenset(run), MASTERS, MASTERS, {host: f"{host}.example" for host in HOSTS})


def cluster(present: str = "1.37.1", *, run: t.Iterable[str] = HOSTS, **other: str) -> rules.Found:
    """All hosts with one version, except those of ``other``; a host without one is bare. Apiservers answer."""
    versions = {host: other.get(host, present) for host in HOSTS}
    programs: dict[str, dict[str, list[tuple[int, ...]]]] = {}
    for host in run:
        names = [*(rules.CONTROL_PLANE if host in MASTERS else ()), *rules.NODE]
        programs[host] = {name: [numbers(versions[host])] if versions[host] else [] for name in names}
    return rules.Found(
        programs=programs,
        apiservers={host: numbers(versions[host]) if versions[host] else None for host in MASTERS},
        kubelets={f"{host}.example": numbers(version) for host, version in versions.items() if version},
    )
