# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of what was there before, and the way back by it, on a real file system. Runs on Python 3.9 too."""

from __future__ import annotations

import json
import os
import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._component import host_record
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import packages
from ansible_collections.barehost.kubernetes.plugins.module_utils._reset import files, network
from ansible_collections.barehost.kubernetes.plugins.module_utils._reset import steps as reset_steps
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import locations
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import Completed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

Entry = dict[str, t.Any]


@pytest.fixture(autouse=True)
def root(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(locations, "STATE_DIRECTORY", str(tmp_path / "var"))
    return tmp_path


def write(path: pathlib.Path, **data: t.Any) -> Entry:
    return {"kind": "file", "operation": "write", "target": str(path), "data": data}


def entry(kind: str, target: object) -> Entry:
    return host_record.Record.read().entries[kind, str(target)]


def undo(kind: str, operation: str, target: object, **data: t.Any) -> str | None:
    return files.UNDO[kind, operation]({"kind": kind, "operation": operation, "target": str(target), "data": data})


def test_the_first_note_counts(root: pathlib.Path) -> None:
    path = root / "a.conf"
    path.write_text("theirs")
    host_record.note([write(path)])
    path.write_text("ours")
    host_record.note([write(path)])
    assert entry("path", path)["found"]["type"] == "file"
    assert files.OBSERVERS["path"](entry("path", path))["same"] is False
    undo("file", "restore", path, found=entry("path", path)["found"])
    assert path.read_text() == "theirs"
    assert files.OBSERVERS["path"](entry("path", path))["same"] is True


def test_the_record_and_what_it_keeps_are_private(root: pathlib.Path) -> None:
    path = root / "secret"
    path.write_text("theirs")
    path.chmod(0o600)
    host_record.note([write(path)])
    kept = pathlib.Path(host_record.original_path(entry("path", path)))
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (root / "var" / "record.json").stat().st_mode & 0o777 == 0o600


def test_parents_that_were_missing_are_noted(root: pathlib.Path) -> None:
    host_record.note([write(root / "one" / "two" / "a.conf")])
    assert list(host_record.Record.read().entries) == [
        ("directory", str(root / "one")),
        ("directory", str(root / "one" / "two")),
        ("path", str(root / "one" / "two" / "a.conf")),
    ]


def test_parents_of_what_a_program_makes_are_noted(root: pathlib.Path) -> None:
    """They go if they are empty by then, while a tree goes with everything in it."""
    tree = root / "one" / "two"
    host_record.note([write(root / "a.conf")], [{"kind": "leftover_path", "target": str(tree)}])
    assert list(host_record.Record.read().entries) == [
        ("directory", str(tree.parent)),
        ("leftover_path", str(tree)),
        ("path", str(root / "a.conf")),
    ]


def test_nothing_is_written_for_an_empty_plan(root: pathlib.Path) -> None:
    host_record.note([], [{"kind": "leftover_path", "target": str(root / "x")}])
    assert not (root / "var").exists()


def test_a_record_of_an_earlier_version_is_understood(root: pathlib.Path) -> None:
    entries = [{"kind": "trace_path", "target": "/var/lib/x", "found": "absent"}]
    pathlib.Path(host_record.record_path()).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(host_record.record_path()).write_text(json.dumps({"version": 1, "entries": entries, "installing": None}))
    assert host_record.Record.read().knows("leftover_path", "/var/lib/x")


@pytest.mark.parametrize(("make", "found"), [("", "absent"), ("empty", "empty"), ("used", "used")])
def test_a_tree_is_known_as_it_was(root: pathlib.Path, make: str, found: str) -> None:
    tree = root / "tree"
    if make:
        tree.mkdir()
    if make == "used":
        (tree / "theirs").touch()
    host_record.note([write(root / "a")], [{"kind": "leftover_path", "target": str(tree)}])
    assert entry("leftover_path", tree)["found"] == found


def test_a_tree_is_removed_or_emptied(root: pathlib.Path) -> None:
    tree, outside = root / "tree", root / "outside"
    outside.mkdir()
    (outside / "theirs").touch()
    for operation, left in (("empty", True), ("remove", False)):
        (tree / "deep").mkdir(parents=True)
        (tree / "link").symlink_to(outside)
        (tree / "deep" / "file").touch()
        undo("tree", operation, tree)
        assert tree.exists() == left
        assert not left or os.listdir(tree) == []
    assert (outside / "theirs").exists()


def test_nothing_is_removed_through_a_mount(root: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = root / "tree"
    (tree / "mounted").mkdir(parents=True)
    mounts = root / "mountinfo"
    mounts.write_text(f"1 2 0:3 / {tree}/mounted rw - nfs server:/ rw\n")
    monkeypatch.setattr(files, "MOUNTS", str(mounts))
    with pytest.raises(HostError, match="still mounted in it"):
        undo("tree", "remove", tree)
    assert (tree / "mounted").exists()


def test_f4_a_mount_is_found_where_the_way_to_it_is_a_link(root: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "data/kubelet/pods/volume").mkdir(parents=True)
    (root / "lib").symlink_to("data")
    mounts = root / "mountinfo"
    mounts.write_text(f"1 2 0:3 / {root}/data/kubelet/pods/volume rw - nfs server:/ rw\n")
    monkeypatch.setattr(files, "MOUNTS", str(mounts))
    with pytest.raises(HostError, match="still mounted in it"):
        undo("tree", "remove", root / "lib/kubelet")
    assert (root / "data/kubelet/pods/volume").exists()


def test_f4_another_device_is_not_entered(root: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "tree/other").mkdir(parents=True)
    found = os.lstat

    def elsewhere(path: str) -> t.Any:
        state = found(path)
        return state if not str(path).endswith("other") else os.stat_result((*state[:2], state.st_dev + 1, *state[3:10]))

    monkeypatch.setattr(files.os, "lstat", elsewhere)
    with pytest.raises(HostError, match="other in it is another file system"):
        undo("tree", "remove", root / "tree")
    monkeypatch.undo()
    assert (root / "tree/other").exists()


def test_a_block_goes_and_the_rest_stays(root: pathlib.Path) -> None:
    path = root / "hosts"
    path.write_text("127.0.0.1 localhost\n# BEGIN barehost: cluster\n192.0.2.1 one\n# END barehost: cluster\n# end\n")
    undo("file", "remove-block", f"{path}", path=str(path), block="cluster", created=False)
    assert path.read_text() == "127.0.0.1 localhost\n# end\n"


def test_swap_lines_come_back(root: pathlib.Path) -> None:
    path = root / "fstab"
    path.write_text("# /old none swap sw 0 0\n# /swap none swap sw 0 0\n/dev/sda1 / ext4 defaults 0 1\n")
    noted = {"target": str(path), "lines": ["/swap none swap sw 0 0"]}
    assert files.OBSERVERS["fstab"](noted) == noted["lines"]
    undo("swap", "restore", path, lines=noted["lines"])
    assert path.read_text() == "# /old none swap sw 0 0\n/swap none swap sw 0 0\n/dev/sda1 / ext4 defaults 0 1\n"
    assert files.OBSERVERS["fstab"](noted) == []


def test_packages_are_those_that_came(monkeypatch: pytest.MonkeyPatch) -> None:
    present = ["bash"]
    monkeypatch.setattr(host_record, "installed", lambda: sorted(present))
    host_record.note([{"kind": "package", "operation": "install", "target": "docker-ce", "data": {}}])
    present += ["docker-ce", "containerd.io"]
    record = host_record.Record.read()
    record.settle_packages()
    assert sorted(target for kind, target in record.entries if kind == "package") == ["containerd.io", "docker-ce"]


def test_a_record_that_cannot_be_read_stops_the_reset(root: pathlib.Path) -> None:
    (root / "var").mkdir()
    (root / "var" / "record.json").write_text("{")
    with pytest.raises(HostError, match=r"record\.json cannot be read"):
        reset_steps.run("collect", {})


def test_a_host_without_a_record_has_nothing_to_undo(root: pathlib.Path) -> None:
    found = reset_steps.run("collect", {})
    assert (found["entries"], found["firewall"]) == ([], None)


def test_chains_go_with_the_rules_that_lead_to_them() -> None:
    policies = {"INPUT": "ACCEPT", "FORWARD": "DROP", "KUBE-FIREWALL": "-", "DOCKER-USER": "-", "MINE": "-"}
    rules = ["-A INPUT -j KUBE-FIREWALL", "-A INPUT -j MINE", "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT", "-A KUBE-FIREWALL -j DROP"]
    text = network.without(policies, rules, prefixes=("KUBE-", "DOCKER"), interfaces=["docker0"])
    assert text is not None
    assert text.splitlines() == [
        ":FORWARD ACCEPT",
        "-D INPUT -j KUBE-FIREWALL",
        "-D FORWARD -i docker0 ! -o docker0 -j ACCEPT",
        "-F KUBE-FIREWALL",
        "-F DOCKER-USER",
        "-X KUBE-FIREWALL",
        "-X DOCKER-USER",
    ]
    assert network.without({"INPUT": "ACCEPT", "MINE": "-"}, rules[1:2], prefixes=("KUBE-",), interfaces=[]) is None


def test_the_record_is_json(root: pathlib.Path) -> None:
    host_record.note([write(root / "a")])
    assert json.loads((root / "var" / "record.json").read_text())["version"] == 1


def test_f10_an_installation_is_settled_by_the_next_step_though_it_does_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    present = {"bash"}
    monkeypatch.setattr(host_record, "installed", lambda: sorted(present))
    host_record.note([{"kind": "package", "operation": "install", "target": "chrony", "data": {}}])
    present |= {"chrony", "libseccomp"}
    host_record.note([])
    present.add("installed-by-hand-weeks-later")
    host_record.note([{"kind": "package", "operation": "install", "target": "tar", "data": {}}])
    names = [target for kind, target in host_record.Record.read().entries if kind == "package"]
    assert names == ["chrony", "libseccomp"]


def test_f9_imported_keys_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = "bash\t5.1-2.el9\ngpg-pubkey\t8483c65d-5ccc5b19\ngpg-pubkey\t621e9f35-58adea78\nkernel\t5.14-1\nkernel\t5.14-2\n"
    monkeypatch.setattr(packages, "run", lambda argv: Completed(0, listed, ""))
    assert packages.installed() == ["bash", "gpg-pubkey-621e9f35-58adea78", "gpg-pubkey-8483c65d-5ccc5b19", "kernel"]
