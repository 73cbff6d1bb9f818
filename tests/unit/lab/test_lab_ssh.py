# SPDX-License-Identifier: GPL-3.0-or-later
"""What ssh itself makes of the configuration that the lab writes, and the proxy between ssh and a host."""

from __future__ import annotations

import pathlib
import socket
import subprocess
import sys
import threading

import pytest

from barelab import line, network, ssh
from barelab.inventory import Host

HOSTS = [Host(name="k8s.master.dev", address="10.1.2.10", groups=()), Host(name="b.dev", address="10.1.2.11", groups=())]
PROXY = pathlib.Path(ssh.__file__).parents[1] / "ssh_proxy.py"


@pytest.mark.parametrize("name", ["k8s.master.dev", "10.1.2.10"])
def test_ssh_understands_it(tmp_path: pathlib.Path, name: str) -> None:
    path = tmp_path / "ssh_config"
    path.write_text(ssh.configuration(HOSTS), encoding="utf-8")
    shown = subprocess.run(["ssh", "-G", "-F", str(path), name], capture_output=True, text=True, check=True).stdout.splitlines()
    settings = dict(line.split(" ", 1) for line in shown)
    assert settings["hostname"] == "10.1.2.10"
    assert settings["user"] == "root"
    assert settings["compression"] == "no"
    assert settings["stricthostkeychecking"] == "true"
    assert settings["proxycommand"].startswith(f"nsenter --net=/run/netns/{network.NAMESPACE} -- ")
    assert settings["proxycommand"].endswith(f"/ssh_proxy.py %h %p {line.FILE}")


def test_other_hosts_are_left_alone(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "ssh_config"
    path.write_text(ssh.configuration(HOSTS), encoding="utf-8")
    shown = subprocess.run(["ssh", "-G", "-F", str(path), "elsewhere"], capture_output=True, text=True, check=True).stdout
    assert "proxycommand" not in shown


def _echo_backwards(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        received = b""
        while data := connection.recv(65536):
            received += data
        connection.sendall(received[::-1])


def test_the_proxy_carries_both_directions_and_their_ends() -> None:
    sent = bytes(range(256)) * 8192
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_echo_backwards, args=(server,))
        thread.start()
        command = [sys.executable, "-IS", str(PROXY), "127.0.0.1", str(server.getsockname()[1])]
        done = subprocess.run(command, input=sent, capture_output=True, check=False, timeout=30)
        thread.join()
    assert done.returncode == 0, done.stderr
    assert done.stdout == sent[::-1]


def test_the_proxy_says_what_it_could_not_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    done = subprocess.run(
        [sys.executable, "-IS", str(PROXY), "127.0.0.1", port], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"127.0.0.1 port {port}: " in done.stderr
    assert "Traceback" not in done.stderr
