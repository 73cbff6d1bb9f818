# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade takes beside an installation, for tools/bench: the same bare hosts with the older releases of lab/versions.yml."""

from __future__ import annotations

import pathlib
import sys
from typing import NamedTuple

import yaml
from bench_runs import BIN, ROOT, Timed, changed, say, timed


class Upgraded(NamedTuple):
    """Seconds until all nodes are Ready with the older releases, and of playbooks/upgrade.yml to the newest ones."""

    installed: float
    upgraded: float


def measure(inventory: pathlib.Path) -> Upgraded:
    """Bare hosts are made for it. The lab builds the older releases when they are first asked for."""
    known = yaml.safe_load((ROOT / "lab" / "versions.yml").read_text(encoding="utf-8"))["programs"]
    (new, old), (new_etcd, old_etcd) = known["kubernetes"][:2], known["etcd"][:2]
    offered = [f"kubernetes={old}", f"kubernetes={new}", f"etcd={old_etcd}", f"etcd={new_etcd}"]
    say(
        timed("lab/lab", "up", str(inventory), *(word for version in offered for word in ("--version", version))),
        "lab/lab up, older releases",
    )
    versions = ("-e", f"cluster_kubernetes_version={old}", "-e", f"cluster_etcd_version={old_etcd}")
    installed = _playbook("site.yml", inventory, *versions)
    say(installed, f"now: bare hosts, until all nodes are Ready with Kubernetes {old}")
    upgraded = _playbook("upgrade.yml", inventory)
    say(upgraded, f"now: upgrade.yml of all hosts, from there to Kubernetes {new}")
    if not changed(upgraded.output):
        sys.exit(f"the upgrade changed nothing:\n{upgraded.output}")
    return Upgraded(installed.seconds, upgraded.seconds)


def _playbook(name: str, inventory: pathlib.Path, *arguments: str) -> Timed:
    return timed(str(BIN / "ansible-playbook"), f"playbooks/{name}", "--inventory", str(inventory), *arguments)
