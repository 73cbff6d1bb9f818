# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook in real runs. Its hosts are this machine, which has no cluster, and one that nobody can reach."""

from __future__ import annotations

import pathlib

import played
import pytest

# Starting ansible-playbook takes seconds.
pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    played.write_inventory(tmp_path)
    return tmp_path


def play(folder: pathlib.Path, *arguments: str) -> tuple[int, str]:
    done = played.play("explain.yml", *arguments, folder=folder)
    assert sorted(path.name for path in folder.iterdir()) == ["hosts.yml"], "it writes nothing"
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_a_host_that_is_away(folder: pathlib.Path, check: tuple[str, ...]) -> None:
    status, told = play(folder, "-e", "explain_node=w1", *check)
    assert status == 2, told
    assert "w1: no apiserver says how it is" in told and "First broken link: host" in told
    assert "w1: does not answer" in told and "changed=0" in told


def test_a_host_without_a_cluster(folder: pathlib.Path) -> None:
    """The chain of the host is judged without an API: the first link that such a machine lacks is one of its own."""
    status, told = play(folder, "-e", "explain_node=m1", "--limit", "m1")
    assert status == 2, told
    first = next(line for line in told.splitlines() if "First broken link: " in line)
    assert first.split("First broken link: ")[1].split(" (")[0] in ("machine", "clock", "runtime"), told
    assert "runtime BROKEN" in told and "kubelet BROKEN" in told and "API BROKEN" in told


def test_a_pod_while_there_is_no_api(folder: pathlib.Path) -> None:
    status, told = play(folder, "-e", "explain_pod=default/web")
    assert status == 2, told
    assert "pod default/web: no apiserver says how it is" in told and "First broken link: API" in told


def test_what_cannot_be_asked_is_told_before_a_host_is(folder: pathlib.Path) -> None:
    status, told = play(folder, "-e", "explain_node=w11")
    assert status == 2 and "did you mean w1" in told and "Look at the control plane" not in told
    status, told = play(folder, "-e", "explain_nod=w1")
    assert status == 2 and "did you mean explain_node?" in told and "Look at the control plane" not in told
