# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of Docker and cri-dockerd, and of what they keep."""

from __future__ import annotations

import collections.abc as c
import re

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, NOTE, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import FLANNELD, PATHS

CHECKS = Checks("runtime", "Docker, cri-dockerd, and what they keep.", needs=("runtime",))

_DRIVER = "systemd"
_MANY_ENDED = 200
# States of Docker in which a container stays only if something went wrong.
_STUCK = ("dead", "removing")
_GIB = 1 << 30
# What every Docker on cgroup v1 says; machine-cgroup-v1 tells that.
_KNOWN = ("cgroup v1", "blkio", "No swap limit", "No kernel memory")


@CHECKS.of_host(
    "runtime-docker-silent",
    ERROR,
    subject="Docker",
    looks_at="whether Docker answers at its socket",
    wanted="an answer",
    why="No container of this node can be started or ended.",
    remedy="see what it says: `journalctl -u docker -n 50 --no-pager`",
    explains=("runtime-cri-silent", "node-not-ready", "kubelet-errors"),
)
def _silent(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if host["runtime"]["docker"]["fault"]:
        yield Found(host["runtime"]["docker"]["fault"])


@CHECKS.of_host(
    "runtime-cri-silent",
    ERROR,
    subject="cri-dockerd",
    looks_at="whether cri-dockerd answers at its socket",
    wanted="an answer",
    why="The kubelet reaches Docker by it alone.",
    remedy="see what it says: `journalctl -u cri-docker -n 50 --no-pager`",
    explains=("node-not-ready", "kubelet-errors"),
)
def _cri(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if host["runtime"]["cri"]["fault"]:
        yield Found(host["runtime"]["cri"]["fault"])


@CHECKS.of_host(
    "runtime-cgroup-driver",
    ERROR,
    subject="Docker's cgroup driver",
    looks_at="Docker's driver of control groups",
    wanted=_DRIVER,
    why="The kubelet and systemd count on it. With another one, limits of pods do not hold, or no pod starts.",
    remedy="run site.yml; see exec-opts in Docker's daemon.json",
)
def _driver(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    found = host["runtime"]["docker"].get("cgroup_driver", _DRIVER)
    if found != _DRIVER:
        yield Found(found)


@CHECKS.of_host(
    "runtime-docker-old",
    ERROR,
    subject="Docker",
    looks_at="the version of Docker",
    wanted="what cri-dockerd needs, or later",
    why="cri-dockerd speaks a version of Docker's API that an older Docker does not know.",
    remedy="set cluster_docker_version, and run site.yml",
)
def _old(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    wanted = str(facts.cluster["features"].get("docker_minimum", ""))
    found = host["runtime"]["docker"].get("version", "")
    if wanted and found and _numbers(found) < _numbers(wanted):
        yield Found(found, wanted=f"{wanted} or later")


@CHECKS.of_host(
    "runtime-versions-differ",
    WARNING,
    looks_at="the version of cri-dockerd, and of Docker where the inventory has one",
    wanted="that of the inventory",
    why="The host was left out of the last run, or somebody has updated it by hand.",
    remedy="run site.yml",
)
def _versions(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    versions = facts.cluster["versions"]
    for name, found, wanted in (
        ("cri-dockerd", host["runtime"]["cri"]["version"], versions["cri_dockerd"]),
        ("Docker", host["runtime"]["docker"].get("version", ""), versions["docker"]),
    ):
        # a version may be given without its last parts
        if found and wanted and _numbers(found)[: len(_numbers(wanted))] != _numbers(wanted):
            yield Found(f"{name} {found}", wanted=f"{name} {wanted}")


def _numbers(version: str) -> list[int]:
    """As far as they go: 26.1.5+dfsg1 is 26.1.5."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    return [int(part) for part in match[0].split(".")] if match else []


@CHECKS.of_host(
    "runtime-restart-kills",
    WARNING,
    subject="live-restore",
    looks_at="Docker's setting live-restore",
    wanted="true",
    why="Without it, a restart of Docker ends all containers of the node.",
    remedy="take live-restore out of docker_daemon_options, and run site.yml",
)
def _live_restore(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    docker = host["runtime"]["docker"]
    if not docker["fault"] and not docker["live_restore"]:
        yield Found("false")


@CHECKS.of_host(
    "runtime-complains",
    NOTE,
    subject="Docker",
    looks_at="what Docker warns of itself",
    wanted="nothing",
    why="Something of the host or of its settings is not as Docker wants it.",
    remedy="see `docker info`",
)
def _complains(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    warnings = [text for text in host["runtime"]["docker"].get("warnings", []) if not any(known in text for known in _KNOWN)]
    if warnings:
        yield Found("; ".join(warnings))


@CHECKS.of_host(
    "runtime-containers-stuck",
    WARNING,
    subject="containers",
    looks_at="the states of containers",
    wanted="none that is dead, or is being removed",
    why="Docker could not remove it. Its pod does not end, and its disk stays full.",
    remedy="see `docker ps --all --filter status=dead --filter status=removing`; then `docker rm --force ID`",
)
def _stuck(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    states = host["runtime"]["docker"].get("states", {})
    stuck = [f"{states[state]} {state}" for state in _STUCK if states.get(state)]
    if stuck:
        yield Found(", ".join(stuck))


@CHECKS.of_host(
    "runtime-ended-many",
    NOTE,
    subject="ended containers",
    looks_at="containers that have ended and are kept",
    wanted="less than 200",
    why="Each keeps its logs and what it has written. The kubelet removes those of pods only.",
    remedy="see `docker ps --all --filter status=exited`; remove those of nobody: `docker container prune`",
)
def _ended(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    count = host["runtime"]["docker"].get("states", {}).get("exited", 0)
    if count >= _MANY_ENDED:
        yield Found(str(count))


@CHECKS.of_host(
    "runtime-log-large",
    WARNING,
    subject="log",
    looks_at="the logs of containers",
    wanted="1 GiB each, at most",
    why="A log without a limit fills the disk. It was made before Docker's settings had one.",
    remedy="start the pod anew, which gets the present limits; see docker_log_max_size",
)
def _logs(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for log in host["runtime"]["logs"]:
        yield Found(f"{log['path']}: {log['size'] / _GIB:.1f} GiB")


@CHECKS.of_host(
    "runtime-network-of-others",
    ERROR,
    subject="networks of pods",
    looks_at="the configurations of networks of pods",
    wanted="that the cluster's comes first",
    why="Pods get the first network by name. They reach no pod of this cluster in another one.",
    remedy="remove it with what has installed it, and start the pods of this node anew",
)
def _others(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    own = _configuration()
    before = [name for name in host["runtime"]["cni"] if name < own]
    if before:
        remedy = f"remove it: `rm {PATHS['cni']}/{before[0]}`; start the pods of this node anew"
        yield Found(f"before {own}: {', '.join(before)}", remedy=remedy)


@CHECKS.of_host(
    "runtime-network-missing",
    ERROR,
    looks_at="the configurations of networks of pods",
    wanted="the cluster's",
    why="No pod gets an address, and the node is not ready.",
    remedy="`systemctl restart flanneld`, which writes it",
    explains=("node-not-ready",),
)
def _missing(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if _configuration() not in host["runtime"]["cni"]:
        yield Found(f"there is no {_configuration()}")


def _configuration() -> str:
    return FLANNELD.files["cni_configuration"].rpartition("/")[2]
