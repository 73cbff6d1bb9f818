# SPDX-License-Identifier: GPL-3.0-or-later
"""Files, blocks and directories on a real file system. Runs on Python 3.9 too."""

from __future__ import annotations

import concurrent.futures
import grp
import hashlib
import os
import pathlib
import pwd
import signal
import subprocess
import sys
import time
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import directories, file_blocks, files
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic, ours
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

OWNER = pwd.getpwuid(os.getuid()).pw_name
GROUP = grp.getgrgid(os.getgid()).gr_name


def item(path: pathlib.Path, text: str, **changes: t.Any) -> dict[str, t.Any]:
    return {"path": str(path), "digest": hashlib.sha256(text.encode()).hexdigest(), "secret": False, "block": None, **changes}


def write(path: pathlib.Path, text: str, **changes: t.Any) -> None:
    data = {"owner": OWNER, "group": GROUP, "mode": "0640", "text": text, "block": None, "validate": None, **changes}
    files.apply([{"kind": "file", "operation": "write", "target": str(path), "data": data}])


def test_what_was_written_is_found_the_same(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "new" / "directory" / "a.conf"
    assert files.collect([item(path, "hello\n")])[0] == {"type": "absent", "same": False, "text": None}
    write(path, "hello\n")
    found = files.collect([item(path, "hello\n")])[0]
    numbers = {"uid": str(os.getuid()), "gid": str(os.getgid())}
    expected = {"type": "file", "owner": OWNER, "group": GROUP, **numbers, "mode": "0640", "target": "", "same": True, "text": None}
    assert found == expected
    assert path.parent.stat().st_mode & 0o777 == 0o755
    assert os.listdir(path.parent) == ["a.conf"]


def test_a_differing_text_is_returned_and_a_secret_never(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a"
    path.write_text("old\n")
    assert files.collect([item(path, "new\n")])[0]["text"] == "old\n"
    assert files.collect([item(path, "new\n", secret=True)])[0]["text"] is None
    path.write_bytes(b"\0binary")
    assert files.collect([item(path, "new\n")])[0]["text"] is None


def test_a_link_is_replaced_and_its_target_left_alone(tmp_path: pathlib.Path) -> None:
    target, path = tmp_path / "target", tmp_path / "a"
    target.write_text("theirs\n")
    path.symlink_to(target)
    assert files.collect([item(path, "theirs\n")])[0]["type"] == "link"
    write(path, "ours\n")
    assert not path.is_symlink()
    assert (path.read_text(), target.read_text()) == ("ours\n", "theirs\n")


def test_a_refused_file_stays_as_it_was(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a"
    path.write_text("old\n")
    with pytest.raises(HostError, match="refused by `grep -q good %s`, so the file was left as it was"):
        write(path, "bad\n", validate="grep -q good %s")
    assert path.read_text() == "old\n"
    assert os.listdir(tmp_path) == ["a"]
    write(path, "good\n", validate="grep -q good %s")
    assert path.read_text() == "good\n"


def test_an_owner_that_does_not_exist_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(HostError, match=r"its owner 'no-such-user' does not exist.*add the user to `users`"):
        write(tmp_path / "a", "x", owner="no-such-user")
    assert os.listdir(tmp_path) == []


def test_a_file_is_closed_to_others_before_it_has_content(tmp_path: pathlib.Path) -> None:
    seen = []

    def look(temporary: str) -> None:
        seen.append(os.stat(temporary).st_mode & 0o777)

    before = os.umask(0)
    try:
        atomic.write(str(tmp_path / "a"), b"secret", ownership=atomic.Ownership(OWNER, GROUP, "0600"), check=look)
    finally:
        os.umask(before)
    assert seen == [0o600]


KILLED = """
import os, signal, sys
sys.path.insert(0, {collections!r})
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic
def kill(temporary):
    os.kill(os.getpid(), signal.SIGKILL)
atomic.write({path!r}, b"new", ownership=atomic.Ownership({owner!r}, {group!r}, "0644"), check=kill)
"""


def test_a_killed_write_leaves_the_old_file_and_the_next_one_clears_up(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    collections = next(entry for entry in sys.path if entry and os.path.isdir(os.path.join(entry, "ansible_collections")))
    script = KILLED.format(collections=collections, path=str(path), owner=OWNER, group=GROUP)
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == [".a.barehost-new", "a"]
    write(path, "new")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a"]


def test_a_block_keeps_what_others_wrote(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost")
    wanted = item(path, "10.0.0.1 a\n", block="cluster")
    assert not files.collect([wanted])[0]["same"]
    write(path, "10.0.0.1 a\n", block="cluster")
    assert files.collect([wanted])[0]["same"]
    path.write_text(path.read_text() + "10.9.9.9 theirs\n")
    write(path, "10.0.0.2 b\n", block="cluster")
    assert path.read_text() == ("127.0.0.1 localhost\n# BEGIN barehost: cluster\n10.0.0.2 b\n# END barehost: cluster\n10.9.9.9 theirs\n")


@pytest.mark.parametrize("text", ["", "a", "a\n", "# BEGIN barehost: x\n", "# BEGIN barehost: x\nold\n# END barehost: x\nz", "caf\udce9\n"])
@pytest.mark.parametrize("content", ["", "one\n", "one\ntwo\n"])
def test_a_merged_block_is_found_again(text: str, content: str) -> None:
    merged = file_blocks.merge(text, "x", content)
    assert file_blocks.extract(merged, "x") == content
    assert file_blocks.merge(merged, "x", content) == merged


def test_directories_get_their_mode_and_keep_what_is_in_them(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "d" / "e"
    action = {"kind": "directory", "operation": "create", "target": str(path), "data": {"owner": OWNER, "group": GROUP, "mode": "0700"}}
    directories.apply([action])
    (path / "f").write_text("x")
    (path / "f").chmod(0o604)
    directories.apply([{**action, "data": {**action["data"], "mode": "0750"}}])
    assert directories.collect([{"path": str(path)}])[0]["mode"] == "0750"
    assert (path / "f").stat().st_mode & 0o777 == 0o604


def test_whether_a_file_that_must_go_is_ours(tmp_path: pathlib.Path) -> None:
    """By the line that each file of this collection has."""
    texts = {"ours": f'{{"comment": "{ours.MANAGED}"}}', "theirs": "{}"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "link").symlink_to("ours")
    (tmp_path / "directory").mkdir()
    names = ("ours", "theirs", "link", "directory", "never")
    found = files.collect_absent([{"path": str(tmp_path / name), "recursive": False, "ours": True} for name in names])
    assert [state["ours"] for state in found] == [True, False, False, False, False]
    assert "ours" not in files.collect_absent([{"path": str(tmp_path / "ours"), "recursive": False, "ours": False}])[0]


def absent(path: pathlib.Path, *, recursive: bool = False) -> list[dict[str, t.Any]]:
    return [{"kind": "absent", "operation": "remove", "target": str(path), "data": {"recursive": recursive}}]


def test_what_must_not_be_there_is_removed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "full")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "f").write_text("x")
    files.apply_absent(absent(tmp_path / "file") + absent(tmp_path / "link") + absent(tmp_path / "never"))
    assert os.listdir(tmp_path) == ["full"]
    with pytest.raises(HostError, match="full: cannot be removed: Directory not empty"):
        files.apply_absent(absent(tmp_path / "full"))
    files.apply_absent(absent(tmp_path / "full", recursive=True))
    assert os.listdir(tmp_path) == []


def test_a_link_is_switched_at_once(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "bin"
    atomic.link(str(path), "/v1")
    atomic.link(str(path), "/v2")
    assert os.readlink(path) == "/v2"
    assert os.listdir(tmp_path) == ["bin"]


def test_threads_may_make_the_same_directories_at_once(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads run in parallel, into directories that may not be there yet."""
    makers = 4
    real = os.mkdir

    def mkdir(path: str, mode: int) -> None:
        time.sleep(0.02)  # another would now find that the directory is missing
        real(path, mode)

    monkeypatch.setattr(atomic.os, "mkdir", mkdir)
    with concurrent.futures.ThreadPoolExecutor(makers) as pool:
        list(pool.map(atomic.make_parents, [str(tmp_path / "new" / str(number)) for number in range(makers)]))
    assert os.listdir(tmp_path) == ["new"]


def test_a_file_where_a_directory_belongs_is_told(tmp_path: pathlib.Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(HostError, match="taken is not a directory"):
        atomic.make_parents(str(tmp_path / "taken" / "file"))
