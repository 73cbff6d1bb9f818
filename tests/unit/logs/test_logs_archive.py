# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive: whole or not there, bounded, listed, for its owner alone, and whatever a host gives."""

from __future__ import annotations

import base64
import os
import pathlib
import stat
import tarfile
import time
import typing as t
import zlib

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._logs import archive

KEY = "-----BEGIN PRIVATE KEY-----"


def file(name: str, text: bytes, **changes: t.Any) -> dict[str, t.Any]:
    return {"name": name, "data": base64.b64encode(zlib.compress(text)).decode(), "withheld": 0, "dropped": 0, "fault": "", **changes}


def written(folder: pathlib.Path, *files: dict[str, t.Any], size: int = 1 << 20) -> tuple[dict[str, str], str]:
    """The texts of an archive by their names, and its list of contents."""
    path = folder / "a.tar.gz"
    with archive.writing(path, top="top", size=size, moment=1_800_000_000.0) as new:
        new.add("findings.txt", f"one\n{KEY}\n")
        for one in files:
            new.add_given("h1", one)
        new.note("hosts/h2: does not answer")
        new.close(["head"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and path.stat().st_size <= size
    with tarfile.open(path) as tar:
        texts = {member.name: (tar.extractfile(member) or pytest.fail()).read().decode(errors="replace") for member in tar}
        assert {member.mode for member in tar} == {0o600}
    assert sorted(entry.name for entry in folder.iterdir()) == ["a.tar.gz"]
    return texts, texts["top/contents.txt"]


def test_what_is_in_it_is_listed(tmp_path: pathlib.Path) -> None:
    texts, contents = written(
        tmp_path, file("journals/etcd.service.log", b"a\nb\n", withheld=2, dropped=9), file("x.txt", b"", data="", fault="no")
    )
    assert texts["top/hosts/h1/journals/etcd.service.log"] == "a\nb\n"
    assert texts["top/findings.txt"] == "one\n(a line that may hold a secret is left out)\n"
    assert contents.splitlines()[0] == "head"
    line = "hosts/h1/journals/etcd.service.log: 4 bytes; 2 lines may hold a secret and are left out; the oldest 9 lines are left out"
    assert line in contents
    assert "hosts/h1/x.txt: not there: no" in contents and "hosts/h2: does not answer" in contents
    assert set(texts) == {"top/findings.txt", "top/hosts/h1/journals/etcd.service.log", "top/contents.txt"}


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../b", "", "a//b", ".hidden", "a\nb", "a/.b"])
def test_a_name_that_no_host_of_ours_gives_is_left_out(tmp_path: pathlib.Path, name: str) -> None:
    texts, contents = written(tmp_path, file(name, b"x"))
    assert set(texts) == {"top/findings.txt", "top/contents.txt"} and "is left out" in contents


@pytest.mark.parametrize("changes", [{"data": "!"}, {"data": base64.b64encode(b"no zlib").decode()}, {"withheld": "many"}, {"data": None}])
def test_what_cannot_be_read_costs_nothing_else(tmp_path: pathlib.Path, changes: dict[str, t.Any]) -> None:
    texts, contents = written(tmp_path, file("bad.txt", b"x", **changes), file("good.txt", b"y"))
    assert "top/hosts/h1/good.txt" in texts and "hosts/h1/bad.txt: it cannot be read" in contents


def test_a_text_that_unpacks_to_too_much_is_left_out(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_LONGEST", 1 << 20)
    texts, contents = written(tmp_path, file("bomb.txt", b"\0" * (4 << 20)), file("good.txt", b"y" * (1 << 20)))
    assert "hosts/h1/bomb.txt: it cannot be read" in contents and len(texts["top/hosts/h1/good.txt"]) == 1 << 20


def test_there_is_no_more_than_the_size(tmp_path: pathlib.Path) -> None:
    texts, contents = written(tmp_path, *(file(f"{number}.bin", os.urandom(30_000)) for number in range(9)), size=100_000)
    assert contents.count("no room") == 6 + 1 and "6 more texts had no room" in contents
    assert "top/hosts/h1/0.bin" in texts


def test_a_run_that_fails_leaves_nothing(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.tar.gz").write_text("the former one")
    with pytest.raises(KeyError), archive.writing(tmp_path / "a.tar.gz", top="t", size=1000, moment=0.0):
        raise KeyError
    assert (tmp_path / "a.tar.gz").read_text() == "the former one"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_killed_runs_have_left_goes(tmp_path: pathlib.Path) -> None:
    old, young = tmp_path / ".barehost-logs-a.tmp", tmp_path / ".barehost-logs-b.tmp"
    for path in (old, young):
        path.write_text("")
    os.utime(old, (time.time() - 90_000,) * 2)
    with archive.writing(tmp_path / "a.tar.gz", top="t", size=1000, moment=0.0) as new:
        new.close([])
    assert sorted(path.name for path in tmp_path.iterdir()) == [".barehost-logs-b.tmp", "a.tar.gz"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: pathlib.Path) -> None:
    with (
        pytest.raises(ComponentError, match="nothing can be written to"),
        archive.writing(tmp_path / "no/a.tar.gz", top="t", size=1, moment=0.0),
    ):
        pass


def test_what_hosts_give_waits_for_its_owner_alone(tmp_path: pathlib.Path) -> None:
    archive.store(tmp_path, "h/1", {"files": [file("a", b"x")]})
    (kept,) = tmp_path.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [one["name"] for one in archive.taken(tmp_path, "h/1")] == ["a"]
    assert archive.taken(tmp_path, "h/1") == [] and not list(tmp_path.iterdir())
