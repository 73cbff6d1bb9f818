# SPDX-License-Identifier: GPL-3.0-or-later
"""F7: the ports of the ssh daemon, read from a /proc in a temporary place. Runs on Python 3.9 too."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import firewall_ssh
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import listeners

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def socket_line(address: str, port: int, state: str, inode: int) -> str:
    return f"   0: {address}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1\n"


def process(proc: pathlib.Path, pid: int, name: str, *, parent: int, inodes: tuple[int, ...]) -> None:
    (proc / str(pid) / "fd").mkdir(parents=True)
    (proc / str(pid) / "comm").write_text(f"{name}\n")
    (proc / str(pid) / "stat").write_text(f"{pid} ({name} (x) y) S {parent} 1 1 0\n")
    for number, inode in enumerate(inodes):
        (proc / str(pid) / "fd" / str(number)).symlink_to(f"socket:[{inode}]")


@pytest.fixture
def proc(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(listeners, "PROC", str(tmp_path))
    (tmp_path / "net").mkdir()
    return tmp_path


def test_f7_only_what_the_daemon_itself_listens_on_counts(proc: pathlib.Path) -> None:
    lines = [
        socket_line("00000000", 2222, "0A", 10),
        socket_line("0100007F", 6010, "0A", 11),  # loopback
        socket_line("0A00000A", 2222, "01", 12),  # a login
        socket_line("00000000", 8080, "0A", 20),  # what a session forwards
        socket_line("00000000", 443, "0A", 30),
    ]
    (proc / "net/tcp").write_text(HEAD + "".join(lines))
    (proc / "net/tcp6").write_text(HEAD + socket_line("0" * 32, 22, "0A", 13))
    process(proc, 100, "sshd", parent=1, inodes=(10, 11, 12, 13))
    process(proc, 200, "sshd", parent=100, inodes=(20,))
    process(proc, 300, "nginx", parent=1, inodes=(30,))
    assert firewall_ssh.ports() == [22, 2222]


def test_a_host_without_sshd_has_no_port(proc: pathlib.Path) -> None:
    assert firewall_ssh.ports() == []
