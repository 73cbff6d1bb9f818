# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook in real runs. Its hosts are this machine, which has no cluster, and one that nobody can reach."""

from __future__ import annotations

import json
import pathlib
import stat
import tarfile

import played
import pytest

# Starting ansible-playbook takes seconds.
pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "mine").mkdir()
    played.write_inventory(tmp_path / "mine")
    return tmp_path


def play(folder: pathlib.Path, *arguments: str) -> tuple[int, str]:
    done = played.play("collect-logs.yml", *arguments, folder=folder, inventory="mine", ANSIBLE_INVENTORY_IGNORE_REGEX="^logs$")
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_a_host_without_a_cluster_and_one_that_is_away(folder: pathlib.Path, check: tuple[str, ...]) -> None:
    status, told = play(folder, *check)
    assert status == 0, told
    assert "not asked: w1: does not answer" in told and "changed=0" in told
    (path,) = (folder / "mine" / "logs").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with tarfile.open(path) as tar:
        texts = {member.name.partition("/")[2]: (tar.extractfile(member) or pytest.fail()).read().decode() for member in tar}
    assert "hosts/w1: does not answer" in texts["contents.txt"]
    assert "[host-away]" in texts["findings.txt"] and json.loads(texts["findings.json"])["counts"]["error"]
    assert json.loads(texts["hosts/m1/facts.json"])["facts"]["machine"]["processors"]
    assert texts["hosts/m1/states/kernel.txt"].startswith("Linux")
    assert json.loads(texts["cluster.json"])["masters"] == ["m1"]


def test_its_size_is_kept(folder: pathlib.Path) -> None:
    status, told = play(folder, "-e", f"collect_logs_file={folder}/a.tar.gz", "-e", "collect_logs_size=1", "--limit", "m1")
    assert status == 0, told
    assert (folder / "a.tar.gz").stat().st_size <= 1 << 20
    with tarfile.open(folder / "a.tar.gz") as tar:
        contents = next(
            (tar.extractfile(member) or pytest.fail()).read().decode() for member in tar if member.name.endswith("contents.txt")
        )
    assert "hosts/w1: --limit has left it out" in contents


def test_wrong_options_are_told_before_a_host_is_asked(folder: pathlib.Path) -> None:
    status, told = play(
        folder, "-e", "collect_logs_size=none", "-e", "collect_logs_hour=2", "-e", f"collect_logs_file={folder}/mine/a.tar.gz"
    )
    assert status == 2 and "Ask the host" not in told
    assert "wanted 1 to 2000 MiB" in told and "did you mean collect_logs_hours?" in told and "beside the inventory's own files" in told
    assert sorted(path.name for path in (folder / "mine").iterdir()) == ["hosts.yml"]
