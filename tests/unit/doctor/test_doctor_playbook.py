# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook in real runs. Its hosts are this machine, which has no cluster, and one that nobody can reach."""

from __future__ import annotations

import json
import pathlib
import stat
import subprocess
import xml.etree.ElementTree as xml

import played
import pytest

# Starting ansible-playbook takes seconds.
pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    played.write_inventory(tmp_path)
    return tmp_path


def play(folder: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return played.play("doctor.yml", *arguments, folder=folder)


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_a_host_without_a_cluster_and_one_that_is_away(folder: pathlib.Path, check: tuple[str, ...]) -> None:
    done = play(folder, "-e", "doctor_json=d.json", "-e", "doctor_html=d.html", "-e", "doctor_junit=d.xml", *check)
    told = done.stdout + done.stderr
    assert done.returncode == 2, told
    data = json.loads((folder / "d.json").read_text())
    found = {(one["id"], one["host"]) for one in data["findings"]}
    assert {("host-away", "w1"), ("names-address-missing", "m1"), ("unit-missing", "m1"), ("certificate-missing", "m1")} <= found
    assert not [one for one in data["findings"] if one["id"] in ("look-failed", "answer-unreadable", "wanted-unknown")], data["findings"]
    assert [one["host"] for one in data["hosts"]] == ["m1"] and data["hosts"][0]["seconds"] < 20
    assert "[host-away]" in told and "changed=0" in done.stdout
    assert "<title>Doctor of kubernetes</title>" in (folder / "d.html").read_text()
    assert int(xml.parse(folder / "d.xml").getroot().get("failures", "0")) > 3
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in ("d.json", "d.html", "d.xml")} == {0o600}
    assert sorted(path.name for path in folder.iterdir()) == ["d.html", "d.json", "d.xml", "hosts.yml"]


def test_groups_and_a_severity(folder: pathlib.Path) -> None:
    done = play(folder, "-e", "doctor_groups=machine", "-e", "doctor_json=d.json", "--limit", "m1")
    data = json.loads((folder / "d.json").read_text())
    assert {one["group"] for one in data["findings"]} <= {"machine"}
    assert done.returncode == (2 if data["counts"]["error"] else 0), done.stdout
    never = play(folder, "-e", "doctor_fail_on=never", "-e", "doctor_details=true")
    assert never.returncode == 0 and "why: " in never.stdout


def test_no_host_answers(folder: pathlib.Path) -> None:
    done = play(folder, "-e", "doctor_json=d.json", "-e", "doctor_groups=hosts", "--limit", "w1")
    assert done.returncode == 2, done.stdout + done.stderr
    data = json.loads((folder / "d.json").read_text())
    assert [(one["id"], one["host"]) for one in data["findings"]] == [("host-away", "w1"), ("hosts-left-out", "")]


def test_wrong_options_are_told_before_a_host_is_asked(folder: pathlib.Path) -> None:
    done = play(folder, "-e", "doctor_skip=disk-ful", "-e", "doctor_fail=warning")
    told = done.stdout + done.stderr
    assert done.returncode == 2
    assert "did you mean disk-full?" in told and "did you mean doctor_fail_on?" in told
    assert "Look at the host" not in told
