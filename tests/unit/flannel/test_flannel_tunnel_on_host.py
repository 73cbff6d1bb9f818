# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that removes a tunnel of another Node, with a stand-in for ip. Runs on Python 3.9 too."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

PROGRAM = pathlib.Path(__file__).parents[3] / "roles" / "flannel" / "files" / "flannel_tunnel.py"
# Interfaces are files; one that is also in the folder "stuck" cannot be removed.
IP = """#!/bin/sh
cd %s/interfaces
case "$1 $2 $3" in
    "link show dev") test -e "$4" ;;
    "link delete dev") test ! -e "../stuck/$4" || { echo "busy" >&2; exit 2; }; rm "$4" ;;
    *) exit 3 ;;
esac
"""


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    for name in ("bin", "interfaces", "stuck"):
        (tmp_path / name).mkdir()
    (tmp_path / "bin/ip").write_text(IP % tmp_path)
    (tmp_path / "bin/ip").chmod(0o755)
    for name in ("flannel.1", "flannel.7", "eth0"):
        (tmp_path / "interfaces" / name).touch()
    return tmp_path


def run(folder: pathlib.Path, *, node: str = "a", device: str = "flannel.1") -> subprocess.CompletedProcess[str]:
    settings = {"node": node, "device": device, "record": str(folder / "run/tunnel.json")}
    (folder / "settings.json").write_text(json.dumps(settings))
    surroundings = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    command = [sys.executable, str(PROGRAM), str(folder / "settings.json")]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)


def made_anew(folder: pathlib.Path) -> None:
    """As flanneld does."""
    (folder / "interfaces/flannel.1").touch()


def interfaces(folder: pathlib.Path) -> list[str]:
    return sorted(path.name for path in (folder / "interfaces").iterdir())


def test_the_interface_of_the_same_node_stays(folder: pathlib.Path) -> None:
    assert run(folder).returncode == 0
    made_anew(folder)
    again = run(folder)
    assert (again.returncode, again.stdout) == (0, "")
    assert "flannel.1" in interfaces(folder)


def test_the_interface_of_another_node_goes(folder: pathlib.Path) -> None:
    run(folder)
    made_anew(folder)
    assert run(folder, node="b").returncode == 0
    assert interfaces(folder) == ["eth0", "flannel.7"]


def test_of_whom_it_is_may_be_unknown(folder: pathlib.Path) -> None:
    """As after an installation by an earlier version, or with a damaged record."""
    for text in (None, "{", "[]", '{"node": "a"}'):
        made_anew(folder)
        if text is not None:
            (folder / "run/tunnel.json").write_text(text)
        assert run(folder).returncode == 0
        assert "flannel.1" not in interfaces(folder), text


def test_the_interface_of_another_vni_goes(folder: pathlib.Path) -> None:
    run(folder)
    made_anew(folder)
    assert run(folder, device="flannel.9").returncode == 0
    assert interfaces(folder) == ["eth0", "flannel.7"]


def test_without_an_interface_only_the_record_is_written(folder: pathlib.Path) -> None:
    (folder / "interfaces/flannel.1").unlink()
    assert run(folder).stdout == ""
    assert json.loads((folder / "run/tunnel.json").read_text()) == {"node": "a", "device": "flannel.1"}


def test_an_interface_that_stays_is_told_of_and_tried_again(folder: pathlib.Path) -> None:
    (folder / "stuck/flannel.1").touch()
    failed = run(folder)
    assert failed.returncode == 1
    assert failed.stderr.strip() == ("the interface flannel.1 of another Node stays: busy; remove it by `ip link delete flannel.1`")
    (folder / "stuck/flannel.1").unlink()
    assert run(folder).returncode == 0
    assert "flannel.1" not in interfaces(folder)
