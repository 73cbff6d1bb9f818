# SPDX-License-Identifier: GPL-3.0-or-later
"""The stamp that systemd's helper writes at a start says the same as the host side computes. Runs on Python 3.9 too."""

from __future__ import annotations

import os
import pathlib
import subprocess
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import unit_stamps

HELPER = pathlib.Path(unit_stamps.__file__).parents[2] / "plugin_utils" / "_engine" / "stamp.sh"
UNIT = "a.service"


class Started(t.NamedTuple):
    """A unit with inputs in a temporary place."""

    root: pathlib.Path
    inputs: list[str]

    def start(self, shell: str = "sh") -> None:
        """What systemd does before it starts the unit."""
        lists = self.root / "inputs"
        lists.mkdir(exist_ok=True)
        (lists / UNIT).write_text("".join(f"{path}\n" for path in self.inputs))
        environment = {"PATH": os.environ["PATH"], "BAREHOST_INPUTS": str(lists), "BAREHOST_RUN": str(self.root / "run")}
        done = subprocess.run([shell, str(HELPER), UNIT], env=environment, capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")

    def differences(self) -> list[str] | None:
        return unit_stamps.differences(UNIT, self.inputs, directory=str(self.root / "run"))


@pytest.fixture
def unit(tmp_path: pathlib.Path) -> Started:
    (tmp_path / "conf").write_text("a=1\n")
    (tmp_path / "empty").write_text("")
    (tmp_path / "with  two blanks").write_text("x")
    (tmp_path / "big").write_bytes(b"x" * ((1 << 20) + 1))
    (tmp_path / "exactly").write_bytes(b"x" * (1 << 20))
    (tmp_path / "link").symlink_to(tmp_path / "big")
    (tmp_path / "directory").mkdir()
    names = ["conf", "empty", "with  two blanks", "big", "exactly", "link", "directory", "missing", "-n"]
    return Started(tmp_path, [str(tmp_path / name) for name in names])


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_nothing_changed_since_the_start(unit: Started, shell: str) -> None:
    unit.start(shell)
    assert unit.differences() == []


def test_the_stamp_is_readable_by_root_only(unit: Started) -> None:
    unit.start()
    assert (unit.root / "run" / UNIT).stat().st_mode & 0o777 == 0o600
    assert os.listdir(unit.root / "run") == [UNIT]


def test_before_the_first_start_nothing_is_known(unit: Started) -> None:
    assert unit.differences() is None


@pytest.mark.parametrize("name", ["conf", "empty", "big", "exactly", "missing"])
def test_a_changed_input_is_named(unit: Started, name: str) -> None:
    unit.start()
    (unit.root / name).write_text("changed\n")
    assert str(unit.root / name) in (unit.differences() or [])
    unit.start()
    assert unit.differences() == []


def test_a_removed_input_is_named(unit: Started) -> None:
    unit.start()
    (unit.root / "conf").unlink()
    assert unit.differences() == [str(unit.root / "conf")]


def test_a_switched_link_is_named(unit: Started) -> None:
    unit.start()
    (unit.root / "other").write_bytes((unit.root / "big").read_bytes())
    (unit.root / "link").unlink()
    (unit.root / "link").symlink_to(unit.root / "other")
    assert unit.differences() == [str(unit.root / "link")]


def test_a_new_and_a_dropped_input_are_named(unit: Started) -> None:
    unit.start()
    dropped = unit.inputs.pop(0)
    (unit.root / "new").write_text("")
    unit.inputs.append(str(unit.root / "new"))
    assert unit.differences() == [str(unit.root / "new"), dropped]


def test_a_unit_whose_list_is_missing_starts_all_the_same(unit: Started) -> None:
    unit.start()
    (unit.root / "inputs" / UNIT).unlink()
    environment = {"PATH": os.environ["PATH"], "BAREHOST_INPUTS": str(unit.root / "inputs"), "BAREHOST_RUN": str(unit.root / "run")}
    assert subprocess.run(["sh", str(HELPER), UNIT], env=environment, capture_output=True, check=False).returncode == 0
    assert unit.differences() is None


def test_a_directory_that_cannot_be_written_keeps_no_unit_from_starting(unit: Started) -> None:
    (unit.root / "run").write_text("in the way")
    environment = {"PATH": os.environ["PATH"], "BAREHOST_INPUTS": str(unit.root / "inputs"), "BAREHOST_RUN": str(unit.root / "run")}
    assert subprocess.run(["sh", str(HELPER), UNIT], env=environment, capture_output=True, check=False).returncode == 0
