# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that a file of ours keeps from somebody else's file. Runs on Python 3.9 too."""

from __future__ import annotations

import grp
import hashlib
import os
import pathlib
import pwd
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import files, files_kept
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import ours

# That of the role host for /etc/chrony.conf, with servers in the inventory and without.
SOURCES = "|server|pool|peer|refclock"
PATTERN = r"(?!\s*(?:[#!;%]|$|(?:driftfile|makestep|rtcsync|ntsdumpdir|logdir{})\b))"
OURS = f"# {ours.MANAGED}\nserver 192.168.200.1 iburst\nmakestep 1.0 3\nrtcsync\n"
THEIRS = """# Use public servers
pool 2.centos.pool.ntp.org iburst
  server 169.254.169.123 prefer
sourcedir /run/chrony-dhcp

makestep 0.1 -1
rtcsync
keyfile /etc/chrony.keys
allow 10.0.0.0/8
"""


def converge(path: pathlib.Path, pattern: str, text: str = OURS) -> bool:
    """Collects and, if it differs, writes. Returns whether it was the same."""
    item: dict[str, t.Any] = {"path": str(path), "digest": hashlib.sha256(text.encode()).hexdigest(), "secret": False, "block": None}
    if files.collect([{**item, "keep": pattern}])[0]["same"]:
        return True
    owner, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    data = {"owner": owner, "group": group, "mode": "0644", "text": text, "block": None, "validate": None, "keep": pattern}
    files.apply([{"kind": "file", "operation": "write", "target": str(path), "data": data}])
    return False


@pytest.mark.parametrize(
    ("sources", "kept"),
    [
        ("", ["pool 2.centos.pool.ntp.org iburst", "  server 169.254.169.123 prefer"]),
        (SOURCES, []),
    ],
)
def test_lines_of_somebody_else_stay_through_all_later_runs(tmp_path: pathlib.Path, sources: str, kept: list[str]) -> None:
    path, pattern = tmp_path / "chrony.conf", PATTERN.format(sources)
    path.write_text(THEIRS)
    assert not converge(path, pattern)
    lines = [*kept, "sourcedir /run/chrony-dhcp", "keyfile /etc/chrony.keys", "allow 10.0.0.0/8"]
    assert path.read_text() == OURS + files_kept.MARK + "".join(f"{line}\n" for line in lines)
    assert converge(path, pattern)
    changed = OURS + "logdir /var/log/chrony\n"
    assert not converge(path, pattern, changed)
    assert path.read_text().startswith(changed + files_kept.MARK)
    assert path.read_text().endswith("allow 10.0.0.0/8\n")
    assert converge(path, pattern, changed)


def test_sources_go_when_the_inventory_names_servers_later(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "chrony.conf"
    path.write_text(THEIRS)
    converge(path, PATTERN.format(""))
    assert not converge(path, PATTERN.format(SOURCES))
    assert "pool" not in path.read_text()
    assert "sourcedir /run/chrony-dhcp\n" in path.read_text()


def test_a_line_that_ours_has_is_not_there_twice(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "chrony.conf"
    path.write_text("server 192.168.200.1 iburst\n")
    assert not converge(path, PATTERN.format(""))
    assert path.read_text() == OURS
    assert converge(path, PATTERN.format(""))


def test_changes_of_our_part_are_drift(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "chrony.conf"
    path.write_text(OURS.replace("makestep 1.0 3\n", ""))
    assert not converge(path, PATTERN.format(""))
    assert path.read_text() == OURS


def test_bytes_that_are_not_utf8_survive(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "chrony.conf"
    path.write_bytes(b"keyfile /etc/\xe9\n")
    assert not converge(path, PATTERN.format(""))
    assert path.read_bytes().endswith(b"keyfile /etc/\xe9\n")
    assert converge(path, PATTERN.format(""))
