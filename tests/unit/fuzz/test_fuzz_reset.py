# SPDX-License-Identifier: GPL-3.0-or-later
"""A reset of a host on which two things are not as the record says: what was not ours stays, and what was done is not planned again."""

from __future__ import annotations

import copy
import dataclasses
import typing as t

from hypothesis import given
from hypothesis import strategies as st
from two_faults import TALLY, Case, Fault, cases, examples, planned

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._reset import plan as plan_reset

Entry = dict[str, t.Any]
FILE = {"type": "file", "owner": "root", "group": "root", "uid": "0", "gid": "0", "mode": "0644", "target": ""}
DIRECTORY = {**FILE, "type": "directory", "mode": "0755"}
ABSENT = {"type": "absent"}
RUNS = {"known": True, "active": "active", "enabled": "enabled"}
IDLE = {"known": True, "active": "inactive", "enabled": "disabled"}
USER = {"exists": True, "uid": 998, "shell": "/sbin/nologin"}


def _entry(kind: str, target: str, *, now: t.Any, **found: t.Any) -> Entry:
    return {"kind": kind, "target": target, "now": now, **found}


@dataclasses.dataclass
class Host:
    """The entries of the record with what is there now, and what nobody of us has made."""

    entries: list[Entry]
    foreign: set[str] = dataclasses.field(default_factory=set)

    def of(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry["kind"] == kind]


def _well() -> Host:
    """A host of a cluster, as its record has it."""
    tree = {"contents": "used", "mounts": [], "mount": False}
    return Host(
        [
            _entry("unit", "docker.service", found=IDLE, now=RUNS),
            _entry("unit", "kubelet.service", found={**IDLE, "known": False, "enabled": ""}, now=RUNS),
            _entry("unit", "chronyd.service", found=RUNS, now=RUNS),
            _entry("leftover_container", "docker.service", found=None, now=["a"]),
            _entry("leftover_interface", "cni0", found=False, now=True),
            _entry("leftover_chain", "KUBE-", found=False, now=["iptables filter KUBE-A"]),
            _entry("leftover_table", "ip kube-proxy", found=False, now=True),
            _entry("leftover_path", "/var/lib/docker", found="absent", now=tree),
            _entry("leftover_path", "/var/lib/kubelet", found="empty", now=tree),
            _entry("directory", "/etc/kubernetes", found=ABSENT, now={**DIRECTORY, "names": ["kubelet.yml"]}),
            _entry("directory", "/etc/sysctl.d", found=DIRECTORY, now={**DIRECTORY, "names": ["90-barehost.conf"]}),
            _entry("path", "/etc/kubernetes/kubelet.yml", found=ABSENT, now={**FILE, "same": False}),
            _entry("path", "/etc/sysctl.d/90-barehost.conf", found=ABSENT, now={**FILE, "same": False}),
            _entry("path", "/etc/chrony.conf", found=FILE, now={**FILE, "same": False}),
            {"kind": "block", "target": "/etc/hosts#x", "path": "/etc/hosts", "block": "x", "found": FILE, "now": True},
            _entry("user", "etcd", found={"exists": False}, now=USER),
            _entry("group", "etcd", found={"exists": False, "gid": None}, now={"exists": True, "gid": 998}),
            _entry("sysctl", "net.ipv4.ip_forward", found={"exists": True, "value": "0"}, now={"exists": True, "value": "1"}),
            _entry("kernel_module", "br_netfilter", now=True),
            _entry("fstab", "/etc/fstab", now=["/swap none swap sw 0 0"]),
            _entry("swap", "/swap", now=False),
            _entry("swap_unit", "dev-zram0.swap", now=True),
            _entry("selinux", "set-config", found={"config": "permissive", "kernel": "permissive"}, now=_selinux("enforcing")),
            _entry("selinux_boolean", "a_connects", found={"value": False}, now={"enabled": True, "value": True}),
            _entry("selinux_port", "6443/tcp", found={"type": None}, now={"enabled": True, "tool": True, "type": "http_port_t"}),
            _entry("package", "docker-ce", now=""),
            _entry("leftover_selinux_module", "docker-af-alg-deny", found=False, now=True),
        ]
    )


def _selinux(mode: str) -> dict[str, str]:
    return {"config": mode, "kernel": mode}


def _some(host: Host, kind: str, draw: st.DrawFn) -> Entry:
    """An entry of the kind; one that nobody has if the record has none."""
    return draw(st.sampled_from(host.of(kind) or [_entry(kind, "", found=None, now={})]))


def _now(kind: str, **fields: t.Any) -> t.Callable[[Host, st.DrawFn], None]:
    def strike(host: Host, draw: st.DrawFn) -> None:
        entry = _some(host, kind, draw)
        entry["now"] = {**entry["now"], **copy.deepcopy(fields)}

    return strike


def _is(kind: str, value: t.Any) -> t.Callable[[Host, st.DrawFn], None]:
    def strike(host: Host, draw: st.DrawFn) -> None:
        _some(host, kind, draw)["now"] = copy.deepcopy(value)

    return strike


def _found(kind: str, value: t.Any) -> t.Callable[[Host, st.DrawFn], None]:
    def strike(host: Host, draw: st.DrawFn) -> None:
        _some(host, kind, draw)["found"] = copy.deepcopy(value)

    return strike


def _foreign_file(host: Host, draw: st.DrawFn) -> None:
    entry = _some(host, "directory", draw)
    if "names" in entry["now"]:
        entry["now"]["names"].append("theirs")
    host.foreign.add(entry["target"])


def _loses(host: Host, draw: st.DrawFn) -> None:
    host.entries.remove(draw(st.sampled_from(host.entries)))


FAULTS: list[Fault[Host]] = [
    Fault("an entry is missing in the record", _loses),
    Fault("a unit is stopped", _now("unit", active="inactive")),
    Fault("a unit crashes again and again", _now("unit", active="activating")),
    Fault("a unit is masked", _now("unit", enabled="masked", active="inactive")),
    Fault("a unit is gone", _is("unit", {"known": False, "active": "inactive", "enabled": ""})),
    Fault("no containers", _is("leftover_container", [])),
    Fault("an interface is gone", _is("leftover_interface", False)),
    Fault("an interface was there before", _found("leftover_interface", True)),
    Fault("no chains", _is("leftover_chain", [])),
    Fault("a tree is gone", _is("leftover_path", {"contents": "absent", "mounts": [], "mount": False})),
    Fault("a tree is a mount", _now("leftover_path", mount=True, mounts=["/var/lib/x"])),
    Fault("a tree was used before", _found("leftover_path", "used")),
    Fault("a file of others in a directory", _foreign_file),
    Fault("a directory is gone", _is("directory", ABSENT)),
    Fault("a file where a directory was", _is("directory", {**FILE})),
    Fault("a link where a directory was", _is("directory", {**FILE, "type": "link", "target": "/x"})),
    Fault("a directory where a file was", _is("path", {**DIRECTORY, "same": False})),
    Fault("a link where a file was", _is("path", {**FILE, "type": "link", "target": "/x", "same": False})),
    Fault("a file is gone", _is("path", {**ABSENT, "same": False})),
    Fault("a file has another mode", _now("path", mode="0600")),
    Fault("a directory was in the place of a file", _found("path", DIRECTORY)),
    Fault("a link was in the place of a file", _found("path", {**FILE, "type": "link", "target": "/y"})),
    Fault("a block is gone", _is("block", False)),
    Fault("a user is gone", _is("user", {"exists": False})),
    Fault("a user was another", _found("user", {**USER, "shell": "/bin/sh"})),
    Fault("a group is gone", _is("group", {"exists": False, "gid": None})),
    Fault("a group was another", _found("group", {"exists": True, "gid": 7})),
    Fault("a setting of the kernel is gone", _is("sysctl", {"exists": False, "value": None})),
    Fault("a module is unloaded", _is("kernel_module", False)),
    Fault("SELinux is disabled", _is("selinux", _selinux("disabled"))),
    Fault("no SELinux", _found("selinux", {"config": None, "kernel": "disabled"})),
    Fault("a boolean is unknown", _is("selinux_boolean", {"enabled": True, "value": None})),
    Fault("others need a package", _is("package", "other")),
    Fault("a package is gone", _is("package", None)),
]


def plan_of(host: Host) -> tuple[list[PlannedAction], list[str]]:
    state = {"entries": copy.deepcopy(host.entries), "firewall": None, "remains": ["/var/lib/barehost"]}
    reset = plan_reset.plan(state, packages=True)
    return planned(lambda: reset.actions) or [], reset.left


def perform(host: Host, action: PlannedAction) -> None:
    """As a host does it, except that it forgets its record."""
    for entry in host.entries:
        _PERFORM.get((action.kind, action.operation), _nothing)(entry, action)


def _nothing(entry: Entry, action: PlannedAction) -> None:
    """Changes nothing of which a record tells."""


def _becomes(kind: str, value: t.Any) -> t.Callable[[Entry, PlannedAction], None]:
    def change(entry: Entry, action: PlannedAction) -> None:
        if entry["kind"] == kind and entry["target"] == action.target:
            entry["now"] = {**entry["now"], **value} if isinstance(value, dict) else copy.deepcopy(value)

    return change


def _as_found(*kinds: str) -> t.Callable[[Entry, PlannedAction], None]:
    def change(entry: Entry, action: PlannedAction) -> None:
        if entry["kind"] in kinds and entry["target"] == action.target:
            entry["now"] = {**entry["now"], **entry["found"]}
            if entry["kind"] == "path":
                entry["now"]["same"] = True

    return change


def _gone(kind: str) -> t.Callable[[Entry, PlannedAction], None]:
    def change(entry: Entry, action: PlannedAction) -> None:
        name = action.target.rpartition("/")
        if entry["kind"] == kind and entry["target"] == action.target:
            entry["now"] = {**ABSENT, "same": False}
        if entry["kind"] == "directory" and entry["target"] == name[0] and name[2] in entry["now"].get("names", []):
            entry["now"]["names"].remove(name[2])

    return change


def _chains(entry: Entry, action: PlannedAction) -> None:
    if entry["kind"] == "leftover_chain":
        entry["now"] = []


def _block(entry: Entry, action: PlannedAction) -> None:
    if entry["kind"] == "block" and entry["path"] == action.data["path"]:
        entry["now"] = False


def _selinux_is(entry: Entry, action: PlannedAction) -> None:
    if entry["kind"] == "selinux":
        entry["now"]["config" if action.operation == "set-config" else "kernel"] = action.data["state"]


_PERFORM: dict[tuple[str, str], t.Callable[[Entry, PlannedAction], None]] = {
    ("unit", "stop"): _becomes("unit", {"active": "inactive"}),
    ("unit", "disable"): _becomes("unit", {"enabled": "disabled"}),
    ("containers", "remove"): _becomes("leftover_container", []),
    ("chains", "remove"): _chains,
    ("table", "delete"): _becomes("leftover_table", False),
    ("interface", "delete"): _becomes("leftover_interface", False),
    ("tree", "remove"): _becomes("leftover_path", {"contents": "absent"}),
    ("tree", "empty"): _becomes("leftover_path", {"contents": "empty"}),
    ("file", "remove"): _gone("path"),
    ("file", "restore"): _as_found("path"),
    ("file", "set-attributes"): _as_found("path", "directory"),
    ("file", "remove-block"): _block,
    ("directory", "remove"): _gone("directory"),
    ("user", "remove"): _becomes("user", {"exists": False}),
    ("user", "restore"): _as_found("user"),
    ("group", "remove"): _becomes("group", {"exists": False}),
    ("group", "restore"): _as_found("group"),
    ("sysctl", "restore"): _as_found("sysctl"),
    ("kernel_module", "unload"): _becomes("kernel_module", False),
    ("swap", "restore"): _becomes("fstab", []),
    ("swap", "unmask"): _becomes("swap_unit", False),
    ("swap", "switch-on"): _becomes("swap", True),
    ("selinux", "set-config"): _selinux_is,
    ("selinux", "set-live"): _selinux_is,
    ("selinux_boolean", "set"): _as_found("selinux_boolean"),
    ("selinux_module", "remove"): _becomes("leftover_selinux_module", False),
    ("selinux_port", "set"): _as_found("selinux_port"),
    ("selinux_port", "remove"): _becomes("selinux_port", {"type": None}),
    ("package", "remove"): _becomes("package", None),
}


@examples(2)
@given(case=cases(st.builds(_well), FAULTS))
def test_a_reset_with_two_faults(case: Case[Host]) -> None:
    TALLY.count("reset", case.faults)
    host = copy.deepcopy(case.state)
    before = copy.deepcopy(host)
    actions, _left = plan_of(host)
    assert host == before, "the planner changed its input"
    removed = {action.target for action in actions if action.operation == "remove"}
    assert not removed & host.foreign, "a directory with files of others is removed"
    assert not any(action.operation == "remove" and action.kind == "tree" and _is_mount(host, action.target) for action in actions)
    told = [(action.kind, action.operation, action.target) for action in actions]
    assert len(told) == len(set(told)), "something is done twice"
    for action in actions:
        perform(host, action)
    again = [action for action in plan_of(host)[0] if action.kind != "record"]
    assert [action.report() for action in again] == []


def _is_mount(host: Host, path: str) -> bool:
    return any(entry["target"] == path and entry["now"]["mount"] for entry in host.of("leftover_path"))
