# SPDX-License-Identifier: GPL-3.0-or-later
"""Saving the hosts of a lab, and making disks from a save.

A host's disk is a stack of layers (the base tree at the bottom) and a /var/lib of its own. A save holds copies of the layers above the
base tree and of /var/lib. A lab that starts from it uses the saved layers in place, below a new empty one, and copies only /var/lib:
Docker's and etcd's data must not lie on an overlay.
"""

from __future__ import annotations

import functools
import pathlib
import shutil
import sys
import time

from barelab import disks, driver, hosts, ingredients, lifecycle, nspawn, parallel, saves, ssh, state
from barelab.errors import LabError
from barelab.inventory import Host
from barelab.process import run
from barelab.saves import Save
from barelab.state import Lab

# What playbooks make in an inventory's folder and a cluster cannot be reached or changed without.
BORN = ("pki", "kubeconfig")


def save(name: str) -> None:
    """Shut the hosts down, keep their disks under this name, and start them again."""
    lifecycle.require_root()
    saves.require_unused(name)
    with state.lock(lifecycle.WAITING) as lock:
        lab = state.require()
        if not driver.of(lab).saves:
            raise LabError(f"hosts of the driver {lab.driver} cannot be saved")
        parts = ingredients.ensure(versions=lab.versions).names()
        if not parts["the base tree"].startswith(lab.base_tree.name):
            raise LabError("the base tree has changed since these hosts were made: they cannot be saved; bring them up anew")
        running = [host for host in lab.hosts if hosts.leader(lab, host) is not None]
        saves.require_room(saves.size_of(*(disks.folder(lab, host) / part for host in lab.hosts for part in ("upper", "var-lib"))))
        try:
            progress(f"shutting down {len(running)} hosts")
            parallel.run_all([functools.partial(hosts.shut_down, lab, host) for host in running])
            progress("copying their disks")
            with saves.making(name) as folder:
                _fill(folder, lab=lab, name=name, parts=parts)
            progress(f"saved under the name {name}; starting the hosts again")
        finally:
            parallel.run_all([functools.partial(hosts.power_on, lab, host, lock=lock) for host in running])


def progress(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


def _fill(folder: pathlib.Path, *, lab: Lab, name: str, parts: dict[str, str]) -> None:
    parallel.run_all([functools.partial(_copy_host, folder / "hosts" / host.name, lab=lab, host=host) for host in lab.hosts])
    ssh.copy_keys_to(folder / "keys")
    (folder / "inventory").mkdir()
    for part in BORN:
        _copy_if_there(lab.inventory / part, folder / "inventory" / part)
    described = Save(name=name, inventory=lab.inventory, hosts=lab.hosts, versions=lab.versions, ingredients=parts, created=time.time())
    saves.describe(folder, described)


def _copy_host(folder: pathlib.Path, *, lab: Lab, host: Host) -> None:
    (folder / "layers").mkdir(parents=True)
    older = list(reversed(nspawn.saved_layers(lab, host)))
    for number, layer in enumerate(older):
        # nothing writes to the layers of a save: the same files may be in two saves
        run(["cp", "--archive", "--link", str(layer), str(folder / "layers" / f"{number:02}")])
    disk = disks.folder(lab, host)
    for source, target in (("upper", f"layers/{len(older):02}"), ("var-lib", "var-lib")):
        run(["cp", "--archive", "--reflink=auto", str(disk / source), str(folder / target)])


def _copy_if_there(source: pathlib.Path, target: pathlib.Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    elif source.exists():
        shutil.copy2(source, target)


def require_usable(saved: Save, *, hosts_wanted: tuple[Host, ...], folder: pathlib.Path) -> None:
    """Raise LabError that names everything for which a lab cannot start from the save with this inventory folder."""
    if found := saves.host_changes(saved, hosts_wanted):
        raise LabError(f"the save {saved.name} is of other hosts than {folder}: {'; '.join(found)}")
    if found := saves.changes(saved, ingredients=ingredients.ensure(versions=saved.versions).names()):
        raise LabError(
            f"the save {saved.name} cannot be used any more, because of what has changed since: {'; '.join(found)}. "
            f"Remove it (lab/lab forget {saved.name}), bring up bare hosts, and save again"
        )
    for authority in sorted((folder / "pki").glob("*-ca.crt")):
        of_the_save = saved.born() / "pki" / authority.name
        if not of_the_save.exists() or of_the_save.read_bytes() != authority.read_bytes():
            raise LabError(f"{folder}/pki is of another cluster than the save {saved.name}: move it away, it would be replaced")
    saves.require_room(saves.size_of(*(saved.data(host.name) for host in saved.hosts)))


def restore_born(saved: Save, folder: pathlib.Path) -> None:
    """The inventory folder has what playbooks had made in it when the hosts were saved."""
    for part in BORN:
        target = folder / part
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
        _copy_if_there(saved.born() / part, target)
