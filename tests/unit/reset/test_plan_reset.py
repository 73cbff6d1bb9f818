# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back, planned from a record and from what is there now."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._reset import plan

FILE = {"type": "file", "owner": "root", "group": "root", "uid": "0", "gid": "0", "mode": "0644", "target": ""}
DIRECTORY = {**FILE, "type": "directory", "mode": "0755"}
ABSENT = {"type": "absent"}
RUNS = {"known": True, "active": "active", "enabled": "enabled"}
IDLE = {"known": True, "active": "inactive", "enabled": "disabled"}

Entry = dict[str, t.Any]


def entry(kind: str, target: str, *, now: t.Any, **found: t.Any) -> Entry:
    return {"kind": kind, "target": target, "now": now, **found}


def planned(*entries: Entry, packages: bool = True) -> plan.Reset:
    return plan.plan({"entries": list(entries), "firewall": None, "remains": ["/var/lib/barehost"]}, packages=packages)


def done(*entries: Entry, **options: t.Any) -> list[tuple[str, str, str]]:
    """Without what every plan ends with."""
    actions = [(action.kind, action.operation, action.target) for action in planned(*entries, **options).actions]
    return [action for action in actions if action not in (("record", "forget", "/var/lib/barehost"), ("unit", "daemon-reload", "systemd"))]


def test_nothing_is_done_without_a_record() -> None:
    assert planned().actions == []


def test_a_new_file_goes_and_another_comes_back() -> None:
    assert done(entry("path", "/etc/x", found=ABSENT, now={**FILE, "same": False})) == [("file", "remove", "/etc/x")]
    assert done(entry("path", "/etc/x", found=FILE, now={**FILE, "same": False})) == [("file", "restore", "/etc/x")]
    assert done(entry("path", "/etc/x", found=FILE, now={**ABSENT, "same": False})) == [("file", "restore", "/etc/x")]
    assert done(entry("path", "/etc/x", found=FILE, now={**FILE, "mode": "0600", "same": True})) == [("file", "set-attributes", "/etc/x")]
    assert done(entry("path", "/etc/x", found=FILE, now={**FILE, "same": True})) == []
    assert done(entry("path", "/etc/x", found=ABSENT, now={**ABSENT, "same": False})) == []


def test_a_directory_goes_with_the_last_of_ours_and_stays_with_somebody_elses() -> None:
    """F37: what a killed write left beside a file is ours, under the name that such writes have."""
    ours = [
        entry("directory", "/etc/a", found=ABSENT, now={**DIRECTORY, "names": ["b"]}),
        entry("directory", "/etc/a/b", found=ABSENT, now={**DIRECTORY, "names": ["x", "x.new", ".x.barehost-new", ".x.new.barehost-new"]}),
        entry("path", "/etc/a/b/x", found=ABSENT, now={**FILE, "same": False}),
    ]
    assert done(*ours) == [("file", "remove", "/etc/a/b/x"), ("directory", "remove", "/etc/a/b"), ("directory", "remove", "/etc/a")]
    ours[1]["now"]["names"].append("theirs")
    reset = planned(*ours)
    assert [action.target for action in reset.actions if action.kind == "directory"] == []
    assert reset.left == ["/etc/a/b: it holds theirs", "/etc/a: it holds b"]


def test_a_tree_goes_only_as_far_as_it_was_not_there_before() -> None:
    full = {"contents": "used", "mounts": [], "mount": False}
    assert done(entry("leftover_path", "/var/lib/x", found="absent", now=full)) == [("tree", "remove", "/var/lib/x")]
    assert done(entry("leftover_path", "/var/lib/x", found="empty", now=full)) == [("tree", "empty", "/var/lib/x")]
    assert done(entry("leftover_path", "/var/lib/x", found="absent", now={**full, "mount": True})) == [("tree", "empty", "/var/lib/x")]
    reset = planned(entry("leftover_path", "/var/lib/x", found="used", now=full))
    assert reset.left == ["/var/lib/x: it was in use before"]
    assert {action.kind for action in reset.actions} <= {"record", "unit"}


def test_the_later_unit_stops_first_and_containers_before_what_runs_them() -> None:
    entries = [
        entry("leftover_container", "docker.service", found=None, now=["a", "b"]),
        entry("unit", "docker.service", found=IDLE, now=RUNS),
        entry("unit", "kubelet.service", found={**IDLE, "known": False, "enabled": ""}, now=RUNS),
    ]
    assert done(*entries) == [
        ("unit", "stop", "kubelet.service"),
        ("unit", "disable", "kubelet.service"),
        ("containers", "remove", "docker.service"),
        ("unit", "stop", "docker.service"),
        ("unit", "disable", "docker.service"),
    ]


def test_a_unit_that_ran_before_runs_on_what_it_had() -> None:
    journal = entry("unit", "systemd-journald.service", found={**RUNS, "enabled": "static"}, now={**RUNS, "enabled": "static"})
    changed = entry("path", "/etc/journald.conf", found=ABSENT, now={**FILE, "same": False})
    assert done(journal, changed) == [
        ("file", "remove", "/etc/journald.conf"),
        ("unit", "reload-or-restart", "systemd-journald.service"),
    ]


def test_only_packages_that_nobody_needs_go() -> None:
    entries = [entry("package", "socat", now=""), entry("package", "chrony", now="mine"), entry("package", "gone", now=None)]
    assert done(*entries) == [("package", "remove", "socat")]
    assert planned(*entries).left == ["package chrony: mine needs it"]
    assert done(*entries, packages=False) == []


def test_users_and_the_kernel_are_as_they_were() -> None:
    entries = [
        entry("user", "etcd", found={"exists": False}, now={"exists": True}),
        entry(
            "user",
            "kube",
            found={"exists": True, "shell": "/bin/sh", "home": "/"},
            now={"exists": True, "shell": "/sbin/nologin", "home": "/"},
        ),
        entry("group", "etcd", found={"exists": False, "gid": None}, now={"exists": True, "gid": 7}),
        entry("sysctl", "net.ipv4.ip_forward", found={"exists": True, "value": "0"}, now={"exists": True, "value": "1"}),
        entry("sysctl", "kernel.panic", found={"exists": True, "value": "10"}, now={"exists": True, "value": "10"}),
        entry("fstab", "/etc/fstab", lines=["/swap none swap sw 0 0"], now=["/swap none swap sw 0 0"]),
        entry("swap", "/swap", now=False),
        entry(
            "selinux",
            "set-config",
            found={"config": "permissive", "kernel": "permissive"},
            now={"config": "enforcing", "kernel": "enforcing"},
        ),
    ]
    assert done(*entries) == [
        ("user", "remove", "etcd"),
        ("user", "restore", "kube"),
        ("group", "remove", "etcd"),
        ("sysctl", "restore", "net.ipv4.ip_forward"),
        ("swap", "restore", "/etc/fstab"),
        ("swap", "switch-on", "/swap"),
        ("selinux", "set-config", "/etc/selinux/config"),
    ]


@pytest.mark.parametrize(
    ("found", "now", "packages", "planned"),
    [
        (False, True, True, [("selinux_module", "remove", "docker-af-alg-deny")]),
        (False, True, False, []),
        (True, True, True, []),
        (False, False, True, []),
    ],
)
def test_el23_a_policy_that_a_package_forgets_goes_with_it(
    *, found: bool, now: bool, packages: bool, planned: list[tuple[str, str, str]]
) -> None:
    module = entry("leftover_selinux_module", "docker-af-alg-deny", found=found, now=now)
    assert [one for one in done(module, packages=packages) if one[0] == "selinux_module"] == planned


@pytest.mark.parametrize(
    ("found", "now", "planned"),
    [
        (None, {"enabled": True, "tool": True, "type": "http_port_t"}, [("selinux_port", "remove", "6443/tcp")]),
        ("sge_port_t", {"enabled": True, "tool": True, "type": "http_port_t"}, [("selinux_port", "set", "6443/tcp")]),
        (None, {"enabled": True, "tool": True, "type": None}, []),
        (None, {"enabled": True, "tool": False, "type": "http_port_t"}, []),
        (None, {"enabled": False, "tool": True, "type": "http_port_t"}, []),
    ],
)
def test_el4_the_type_of_a_port_is_as_it_was(found: str | None, now: dict[str, object], planned: list[tuple[str, str, str]]) -> None:
    assert done(entry("selinux_port", "6443/tcp", found={"type": found}, now=now)) == planned


def test_the_network_of_others_is_left() -> None:
    entries = [
        entry("leftover_interface", "cni0", found=False, now=True),
        entry("leftover_interface", "docker0", found=True, now=True),
        entry("leftover_chain", "KUBE-", found=False, now=["iptables filter KUBE-FIREWALL"]),
        entry("leftover_chain", "DOCKER", found=True, now=["iptables filter DOCKER"]),
        entry("leftover_table", "ip kube-proxy", found=False, now=True),
    ]
    assert done(*entries) == [("chains", "remove", "iptables"), ("table", "delete", "ip kube-proxy"), ("interface", "delete", "cni0")]
    (chains,) = [action for action in planned(*entries).actions if action.kind == "chains"]
    assert chains.data == {"prefixes": ["KUBE-"], "interfaces": ["cni0"]}


def test_no_content_is_in_a_difference() -> None:
    for action in planned(entry("path", "/etc/x", found=FILE, now={**FILE, "same": False})).actions:
        assert set(action.diff()) <= {"before", "after", "before_header", "after_header", "prepared"}
        assert action.before in ("", "file root root 0644\n")
