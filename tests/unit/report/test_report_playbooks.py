# SPDX-License-Identifier: GPL-3.0-or-later
"""report.yml and status.yml in real runs. Their hosts are this machine, which has no cluster, and one that nobody can reach."""

from __future__ import annotations

import pathlib
import stat
import subprocess

import played
import pytest

# Starting ansible-playbook takes seconds.
pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    played.write_inventory(tmp_path)
    return tmp_path


def play(folder: pathlib.Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return played.play(name, *arguments, folder=folder)


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_a_page_of_a_host_without_a_cluster_and_of_one_that_is_away(folder: pathlib.Path, check: tuple[str, ...]) -> None:
    done = play(folder, "report.yml", *check)
    told = done.stdout + done.stderr
    assert done.returncode == 2, told
    assert "1 of 2 answer; away: w1" in told and f"The page: {folder}/report.html" in told and "changed=0" in done.stdout
    page = (folder / "report.html").read_text()
    assert "<title>Cluster kubernetes</title>" in page and "host-away" in page and "certificate-missing" in page
    assert stat.S_IMODE((folder / "report.html").stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == ["hosts.yml", "report.html"]


def test_a_screen(folder: pathlib.Path) -> None:
    done = play(folder, "status.yml")
    told = done.stdout + done.stderr
    assert done.returncode == 2 and "0 of 1 members serve; leader: none" in told, told
    assert "wanted-unknown" not in told and "look-failed" not in told and "answer-unreadable" not in told
    chosen = play(folder, "status.yml", "-e", "doctor_groups=hosts", "-e", "doctor_fail_on=never", "-e", "doctor_skip=host-away")
    assert chosen.returncode == 0 and "members serve" not in chosen.stdout
    assert sorted(path.name for path in folder.iterdir()) == ["hosts.yml"]


def test_wrong_options_are_told_before_a_host_is_asked(folder: pathlib.Path) -> None:
    done = play(folder, "report.yml", "-e", "report_html=/nowhere/cluster.html", "-e", "report_htm=a.html", "-e", "doctor_skip=disk-ful")
    told = done.stdout + done.stderr
    assert done.returncode == 2
    assert "report_html is '/nowhere/cluster.html', and there is no directory /nowhere" in told
    assert "did you mean report_html?" in told and "did you mean disk-full?" in told
    assert "Look at the host" not in told
