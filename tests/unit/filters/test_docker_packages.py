# SPDX-License-Identifier: GPL-3.0-or-later
"""F17: the version of Docker reaches the packages that have it."""

from __future__ import annotations

from ansible_collections.barehost.kubernetes.plugins.filter.cluster import docker_packages

NAMES = ["docker-ce", "docker-ce-cli", "containerd.io"]


def test_f17_engine_and_client_get_the_version() -> None:
    engine, client, containerd = docker_packages(NAMES, "29.8.0")
    assert (engine, client) == ({"name": "docker-ce", "version": "29.8.0"}, {"name": "docker-ce-cli", "version": "29.8.0"})
    assert containerd == "containerd.io"


def test_without_a_version_the_repository_decides() -> None:
    assert docker_packages(NAMES, "") == NAMES
