# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a lab up."""

from __future__ import annotations

import functools
import pathlib
import sys
import time
import typing as t

import yaml

from barelab import (
    artifacts,
    cache,
    driver,
    hosts,
    inventory,
    lifecycle,
    network,
    offers,
    parallel,
    product,
    saves,
    saving,
    services,
    ssh,
    state,
    system_packages,
)
from barelab.artifacts_progress import report
from barelab.ingredients import Making
from barelab.inventory import Host
from barelab.saves import Save
from barelab.state import Lab

DEFAULT_VERSION = product.default_kubernetes()
_PACKAGES = frozenset({"debootstrap", "iproute2", "nftables", "openssh-client", "util-linux"})
_started = time.monotonic()


def progress(text: str) -> None:
    print(f"lab: {time.monotonic() - _started:5.1f} s  {text}", file=sys.stderr, flush=True)


def up(folder: pathlib.Path | None, *, versions: list[str], start_from: str | None = None, kind: str = driver.DEFAULT) -> None:
    """Bare hosts for every host of the inventory, or hosts as they were saved. Hosts that are up already are thrown away first.

    ``versions``: what to offer for download (see offers.py) instead of the inventory's and of the collection's. ``kind``: see driver.py.
    """
    lifecycle.require_root()
    saved = saves.load(start_from) if start_from else None
    wanted = inventory.load(folder or t.cast("Save", saved).inventory)
    releases = offers.wanted(saved.versions) if saved else offers.wanted(versions, inventory=wanted.versions)
    chosen = driver.named(kind)
    system_packages.require(_PACKAGES | chosen.packages)
    chosen.require()
    with state.lock(lifecycle.WAITING) as lock, saves.using():
        if state.load() is not None:
            progress("a lab is up, or was left by a run that was killed: taking it down first")
        if saved:
            saving.require_usable(saved, hosts_wanted=wanted.hosts, folder=wanted.folder)
        making = Making(releases)
        lifecycle.clean()
        lab = Lab(
            inventory=wanted.folder,
            hosts=saved.hosts if saved else wanted.hosts,
            versions=offers.words(releases),
            base_tree=chosen.tree(making.base_tree(), report),
            data=cache.host_disks(),
            driver=kind,
            save=start_from,
        )
        state.save(lab)
        network.create_bridge(lab.bridge_address)
        if saved:
            ssh.take_keys_from(saved.keys(), lab.hosts)
            saving.restore_born(saved, lab.inventory)
        else:
            ssh.create_keys(lab.hosts)
        files = services.host_files(state.DIRECTORY, lab.bridge_address)
        boot = [functools.partial(_create, lab, host, files=files, lock=lock) for host in lab.hosts]
        parallel.run_all([functools.partial(services.start, state.DIRECTORY, lab.bridge_address, making), *boot])
        _link_kubectl(artifacts.ensure_program(name="kubernetes", version=offers.newest(releases)))
        _write_inventory_files(lab, services.variables(lab.bridge_address) | chosen.variables())
    them = f"hosts, as saved under the name {start_from}," if start_from else "bare hosts"
    progress(f"{len(lab.hosts)} {them} are up: {', '.join(f'{host.name} ({host.address})' for host in lab.hosts)}")


def _create(lab: Lab, host: Host, *, files: dict[str, bytes], lock: int) -> None:
    driver.of(lab).create_disk(lab, host, files)
    hosts.power_on(lab, host, lock=lock)
    progress(f"{host.name} is up")


def _link_kubectl(release: pathlib.Path) -> None:
    """Where ``lab kubectl`` finds it."""
    program = next(path for path in release.rglob("kubectl") if path.is_file())
    program.chmod(0o755)
    state.KUBECTL.symlink_to(program)


def _write_inventory_files(lab: Lab, variables: dict[str, t.Any]) -> None:
    """What points Ansible at the hosts, and the product at what the lab serves."""
    client, group_variables = lifecycle.inventory_files(lab.inventory)
    client.write_text(ssh.CONFIGURATION.read_text(encoding="utf-8"), encoding="utf-8")
    group_variables.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(variables)
    group_variables.write_text(f"# Written by lab/lab up; removed by lab/lab down.\n{text}", encoding="utf-8")
