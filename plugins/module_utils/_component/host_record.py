# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host record: what a host was like before the collection changed it. Only playbooks/reset.yml reads it.

To note a thing is to add an entry for it before it is changed for the first time. Later changes are ours, and add nothing. A file that
is replaced is kept beside the record. If the record is lost, only the reset suffers.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._component import netfilter
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import (
    firewall,
    firewall_xml,
    kernel,
    selinux,
    selinux_booleans,
    selinux_modules,
    selinux_ports,
    units,
    users,
)
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds.packages import installed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic, locations, nftables
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

_VERSION = 1
_PRIVATE = atomic.Ownership("0", "0", "0600")

Entry = dict[str, t.Any]
Actions = list[dict[str, t.Any]]


def record_path() -> str:
    return os.path.join(locations.STATE_DIRECTORY, locations.HOST_RECORD)


def original_path(entry: Entry) -> str:
    """Where the original of a replaced file is kept."""
    return os.path.join(locations.STATE_DIRECTORY, "originals", hashlib.sha256(entry["target"].encode()).hexdigest())


class Record:
    """Entries in the order in which they were added. ``installing``: the packages that were there when an installation began."""

    def __init__(self, entries: list[Entry], installing: t.Optional[dict[str, list[str]]] = None) -> None:
        self.entries = {(entry["kind"], entry["target"]): entry for entry in entries}
        self.installing = installing

    @classmethod
    def read(cls) -> Record:
        try:
            with open(record_path(), encoding="utf-8") as stream:
                found = json.load(stream)
            return cls([_renamed(entry) for entry in found["entries"]], found["installing"])
        except FileNotFoundError:
            return cls([])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise HostError(
                f"{record_path()} cannot be read ({error}): it says what this host was like before; put it back from a backup of the host, "
                "or move it away, after which a reset cannot know what to undo"
            ) from None

    def write(self) -> None:
        text = json.dumps({"version": _VERSION, "entries": list(self.entries.values()), "installing": self.installing}, indent=1)
        atomic.write(record_path(), (text + "\n").encode(), ownership=_PRIVATE)

    def add(self, kind: str, target: str, **found: t.Any) -> None:
        """Adds an entry, unless there is one. ``found`` is the state before the first change."""
        self.entries.setdefault((kind, target), {"kind": kind, "target": target, **found})

    def knows(self, kind: str, target: str) -> bool:
        return (kind, target) in self.entries

    def settle_packages(self) -> None:
        """Adds an entry for each package that the last installation brought, dependencies included."""
        if self.installing is None:
            return
        for name in sorted(set(installed()) - set(self.installing["before"])):
            self.add("package", name)
        self.installing = None


def _renamed(entry: Entry) -> Entry:
    """Records of earlier versions of the collection call leftovers traces."""
    return {**entry, "kind": entry["kind"].replace("trace_", "leftover_", 1)} if entry["kind"].startswith("trace_") else entry


def note(actions: Actions, leftovers: t.Sequence[Entry] = ()) -> None:
    """Adds entries before the actions are performed. ``leftovers`` are what the programs of the component make while they run.

    The caller holds the host lock, as it does to perform the actions.
    """
    if not actions:
        _settle()
        return
    atomic.make_parents(record_path())
    record = Record.read()
    before = (list(record.entries), record.installing)
    record.settle_packages()
    # Leftovers first: a reset stops units in reverse order, and the programs of a component use the units among its leftovers.
    for leftover in leftovers:
        _note_leftover(record, leftover)
    for action in actions:
        _NOTES[action["kind"]](record, action)
    wanted = [action["target"] for action in actions if action["kind"] == "package"]
    if wanted:
        record.installing = {"wanted": wanted, "before": installed()}
    if (list(record.entries), record.installing) != before:
        record.write()


def _settle() -> None:
    """Notes what an installation brought as soon as it has ended: what somebody installs later is not ours."""
    record = Record.read()
    if record.installing is not None:
        record.settle_packages()
        record.write()


def _note_path(record: Record, path: str) -> None:
    """Notes a file or link and its missing parent directories. Keeps a copy of an existing file."""
    if record.knows("path", path):
        return
    _note_parents(record, path)
    found = atomic.file_state(path)
    entry = {"kind": "path", "target": path, "found": found}
    if found["type"] == "file":
        _keep(entry)
    record.add("path", path, found=found)


def _note_parents(record: Record, path: str) -> None:
    missing = []
    parent = os.path.dirname(path)
    while not os.path.isdir(parent):
        missing.append(parent)
        parent = os.path.dirname(parent)
    for directory in reversed(missing):
        record.add("directory", directory, found={"type": "absent"})


def _keep(entry: Entry) -> None:
    kept = original_path(entry)
    os.makedirs(os.path.dirname(kept), mode=0o700, exist_ok=True)
    with open(entry["target"], "rb") as source, atomic.replacing(kept, ownership=_PRIVATE) as target:
        shutil.copyfileobj(source, target)


def _note_file(record: Record, action: Entry) -> None:
    block = action["data"].get("block")
    if block:
        record.add("block", f"{action['target']}#{block}", path=action["target"], block=block, found=atomic.file_state(action["target"]))
    else:
        _note_path(record, action["target"])


def _note_directory(record: Record, action: Entry) -> None:
    if not record.knows("directory", action["target"]):
        _note_parents(record, action["target"])
        record.add("directory", action["target"], found=atomic.file_state(action["target"]))


def _note_binary(record: Record, action: Entry) -> None:
    # A further link points to the first one, which has an action of its own where it is changed.
    file = None if action["operation"] == "link" else action["data"].get("file")
    for path in (file, action["data"].get("path")):
        if path:
            _note_path(record, path)


def _note_certificate(record: Record, action: Entry) -> None:
    for path in (action["data"]["path"], action["data"].get("key")):
        if path:
            _note_path(record, path)


def _note_absent(record: Record, action: Entry) -> None:
    """Notes a removed path. A removed directory is restored empty."""
    _note_path(record, action["target"])


def _note_user(record: Record, action: Entry) -> None:
    record.add("user", action["target"], found=users.collect_users([{"name": action["target"]}])[0])


def _note_group(record: Record, action: Entry) -> None:
    record.add("group", action["target"], found=users.collect_groups([{"name": action["target"]}])[0])


def _note_sysctl(record: Record, action: Entry) -> None:
    record.add("sysctl", action["target"], found=kernel.collect_sysctls([{"name": action["target"]}])[0])


def _note_module(record: Record, action: Entry) -> None:
    if action["operation"] == "load":
        record.add("kernel_module", action["target"])


def _note_swap(record: Record, action: Entry) -> None:
    if action["operation"] == "disable":
        record.add("fstab", action["target"], lines=kernel.swap_lines())
    elif action["operation"] == "mask":
        record.add("swap_unit", action["target"])
    else:
        record.add("swap", action["target"])


def _note_selinux(record: Record, action: Entry) -> None:
    record.add("selinux", action["operation"], found=selinux.collect([{}])[0])


def _note_boolean(record: Record, action: Entry) -> None:
    if not record.knows("selinux_boolean", action["target"]):
        record.add("selinux_boolean", action["target"], found=selinux_booleans.collect([{"name": action["target"]}])[0])


def _note_port(record: Record, action: Entry) -> None:
    if not record.knows("selinux_port", action["target"]):
        record.add("selinux_port", action["target"], found=selinux_ports.collect([{"port": action["target"]}])[0])


def _note_firewall(record: Record, action: Entry) -> None:
    """Notes which zones had a file, and which interfaces we add to a zone."""
    if not record.knows("firewall", "firewalld"):
        record.add("firewall", "firewalld", zones=sorted(firewall_xml.read_permanent(root=firewall.ROOT)["zones"]))
    for zone, sides in action["data"].get("zones", {}).items():
        for interface in (name for side in sides.values() for name in side.get("add_interfaces", [])):
            record.add("firewall_interface", f"{zone} {interface}", zone=zone, interface=interface)


def _note_unit(record: Record, action: Entry) -> None:
    if not record.knows("unit", action["target"]):
        record.add("unit", action["target"], found=units.found(action["target"]))


def _note_nothing(record: Record, action: Entry) -> None:
    """Packages are noted after the installation, by settle_packages."""


def _note_leftover(record: Record, leftover: Entry) -> None:
    kind, target = leftover["kind"], leftover["target"]
    if kind in _AS_CHANGED:
        _NOTES[_AS_CHANGED[kind]](record, leftover)
    elif not record.knows(kind, target):
        if kind == "leftover_path":
            _note_parents(record, target)
        record.add(kind, target, found=_LEFTOVERS[kind](target))


def contents(path: str) -> str:
    """The state of a tree: absent, empty (an empty directory) or used."""
    found = str(atomic.file_state(path)["type"])
    if found == "absent":
        return found
    return "empty" if found == "directory" and not os.listdir(path) else "used"


_LEFTOVERS: dict[str, t.Callable[[str], t.Any]] = {
    "leftover_path": contents,
    "leftover_interface": lambda name: name in netfilter.interfaces(),
    "leftover_table": lambda name: name in nftables.tables()[0],
    "leftover_chain": lambda prefix: any(chain.split()[2].startswith(prefix) for chain in netfilter.chains()),
    "leftover_container": lambda unit: None,
    "leftover_selinux_module": selinux_modules.is_installed,
}
# Leftovers that are noted like changes of the collection itself
_AS_CHANGED = {"leftover_unit": "unit", "leftover_sysctl": "sysctl"}
_NOTES: dict[str, t.Callable[[Record, Entry], None]] = {
    "early_file": _note_file,
    "package": _note_nothing,
    "group": _note_group,
    "user": _note_user,
    "directory": _note_directory,
    "binary": _note_binary,
    "certificate": _note_certificate,
    "file": _note_file,
    "absent": _note_absent,
    "kernel_module": _note_module,
    "sysctl": _note_sysctl,
    "swap": _note_swap,
    "selinux": _note_selinux,
    "selinux_boolean": _note_boolean,
    "selinux_port": _note_port,
    "trusted_programs": _note_file,
    "firewall": _note_firewall,
    "unit": _note_unit,
}
