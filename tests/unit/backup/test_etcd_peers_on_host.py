# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host reaches the other members of etcd. Runs on Python 3.9 too."""

from __future__ import annotations

import errno
import socket

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import peers


def test_a_member_that_listens_and_a_host_that_refuses_are_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert peers.silent([f"https://127.0.0.1:{port}"]) == {}
    assert peers.silent([f"https://127.0.0.1:{port}"]) == {}, "nothing listens, and the host says so"


def test_no_peers() -> None:
    assert peers.silent([]) == {}


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (socket.timeout(), "no answer within 4 s"),  # noqa: UP041  # another class on Python 3.9
        (OSError(errno.EHOSTUNREACH, "No route to host"), "No route to host"),
    ],
)
def test_what_cannot_be_known_is_a_fault(monkeypatch: pytest.MonkeyPatch, error: OSError, fault: str) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(socket, "create_connection", refuse)
    assert peers.silent(["https://192.0.2.1:2380", "https://192.0.2.2:2380"]) == {
        "https://192.0.2.1:2380": fault,
        "https://192.0.2.2:2380": fault,
    }
