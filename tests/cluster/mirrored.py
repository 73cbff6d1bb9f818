# SPDX-License-Identifier: GPL-3.0-or-later
"""A network in which hosts reach one directory, a registry that has its images, and the time. What tries to leave it is counted."""

from __future__ import annotations

import collections.abc
import contextlib
import json
import pathlib
import re
import shutil
import sys

from . import docker_versions
from .driver import Cluster
from .ways_out import ADDRESS, server

# isort: split
from barelab import registry, services_ntp, state

PORT, REGISTRY_PORT = 8090, registry.PORT + 2
URL, REGISTRY = f"http://{ADDRESS}:{PORT}", f"{ADDRESS}:{REGISTRY_PORT}"
# Where packages of the distribution and of Docker are below the directory, and in the lab's own mirror.
PACKAGES, DOCKER = "rpms", "rpms-docker"
_OF_THE_LAB = {PACKAGES: "rpm", DOCKER: f"rpm-docker-{docker_versions.DEFAULT}"}
_NETWORK = "192.168.200.0/24"
_RULES = f"""table inet mirrored {{
    counter left {{ }}
    counter tried {{ }}
    counter refused {{ }}
    chain prerouting {{
        type filter hook prerouting priority -200
        iifname br0 ip daddr != {{ {_NETWORK}, 224.0.0.0/4, 255.255.255.255 }} counter name tried
    }}
    chain input {{
        type filter hook input priority 0
        iifname br0 ct state established accept
        iifname br0 udp dport {services_ntp.PORT} accept
        iifname br0 tcp dport != {{ {PORT}, {REGISTRY_PORT} }} counter name refused reject with tcp reset
    }}
    chain forward {{
        type filter hook forward priority 0
        oifname != {{ lo, br0, "host*" }} counter name left
    }}
    chain postrouting {{
        type filter hook postrouting priority 0
        oifname != {{ lo, br0, "host*" }} counter name left
    }}
}}"""


@contextlib.contextmanager
def empty_registry(cluster: Cluster, folder: pathlib.Path) -> collections.abc.Iterator[None]:
    """A registry that has nothing, with a certificate of the lab's authority."""
    settings = json.loads(registry.configuration(address=ADDRESS))
    settings["http"]["addr"] = REGISTRY
    settings["storage"] = {"filesystem": {"rootdirectory": str(folder / "registry")}}
    (folder / "registry.yml").write_text(json.dumps(settings))
    with server(cluster, *registry.command(folder / "registry.yml"), answers=f"https://{REGISTRY}/v2/", status="200"):
        yield


@contextlib.contextmanager
def served(cluster: Cluster, directory: pathlib.Path) -> collections.abc.Iterator[None]:
    """The directory on a web server, with the packages of the lab in it."""
    for name, of_the_lab in _OF_THE_LAB.items():
        shutil.copytree(state.DIRECTORY / "services" / "mirror" / of_the_lab, directory / name)
    command = [sys.executable, "-m", "barelab.mirror", "--folder", str(directory), "--address", ADDRESS, "--port", str(PORT)]
    with server(cluster, *command, answers=f"{URL}/manifest.json", status="200"):
        yield


@contextlib.contextmanager
def nothing_else(cluster: Cluster) -> collections.abc.Iterator[None]:
    """Hosts reach nothing else of this machine, and what they send to other networks is counted."""
    cluster.lab("run", "nft", _RULES)
    try:
        yield
    finally:
        cluster.lab("run", "nft", "delete table inet mirrored")


def counted(cluster: Cluster) -> dict[str, int]:
    """Packets by counter: ``left`` the lab's network, ``tried`` to leave it, and were ``refused`` by this machine."""
    told = cluster.lab("run", "nft", "list", "counters", "table", "inet", "mirrored").stdout
    return {name: int(packets) for name, packets in re.findall(r"counter (\w+) \{\s*packets (\d+)", told)}


@contextlib.contextmanager
def flipped(directory: pathlib.Path, paths: collections.abc.Iterable[str]) -> collections.abc.Iterator[None]:
    """One bit in the middle of each file is another."""
    chosen = list(paths)
    _flip(directory, chosen)
    try:
        yield
    finally:
        _flip(directory, chosen)


def _flip(directory: pathlib.Path, paths: collections.abc.Iterable[str]) -> None:
    for path in paths:
        with (directory / path).open("r+b") as file:
            file.seek((directory / path).stat().st_size // 2)
            byte = file.read(1)[0]
            file.seek(-1, 1)
            file.write(bytes([byte ^ 1]))
