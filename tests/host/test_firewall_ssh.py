# SPDX-License-Identifier: GPL-3.0-or-later
"""F7: a host whose sshd listens on another port can be logged in to after firewalld has started."""

from __future__ import annotations

from .engine import Engine

DESCRIPTION = {
    "name": "ssh",
    "packages": ["firewalld"],
    "firewall": {"services": []},
    "units": [{"name": "firewalld.service", "inputs": []}],
}


def test_f7_the_port_of_sshd_is_open_as_long_as_it_listens_there(engine: Engine) -> None:
    engine.on_host("systemd-run --quiet --unit=second-sshd /usr/sbin/sshd -D -p 2222; sleep 1; ss -ltn | grep -q :2222")
    try:
        engine.component(DESCRIPTION)
        assert "barehost-ssh" in engine.on_host("firewall-cmd --list-services")
        assert engine.on_host("firewall-cmd --permanent --service=barehost-ssh --get-ports") == "2222/tcp"
        assert engine.component(DESCRIPTION).done == []
    finally:
        engine.on_host("systemctl stop second-sshd")
    engine.component(DESCRIPTION)
    assert "barehost-ssh" not in engine.on_host("firewall-cmd --list-services")
