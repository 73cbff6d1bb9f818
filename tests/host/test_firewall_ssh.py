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


ADDRESS = "192.168.200.110"
SERVICES = [{"name": "barehost-web", "description": "a test", "ports": ["8443/tcp"], "sources": ["192.168.200.0/24"]}]
MOVED = (
    "nic=$(ip -o -4 address show to 192.168.200.110/32 | cut -d' ' -f2 | cut -d@ -f1); "
    "firewall-cmd {flags} --zone={zone} --change-interface=$nic"
)


def described(**firewall: object) -> dict[str, object]:
    return {**DESCRIPTION, "firewall": {"services": SERVICES, "address": ADDRESS, **firewall}}


def allowed(engine: Engine, zone: str) -> str:
    """What is let in, and what will be: firewalld itself sees a changed file after some seconds."""
    return engine.on_host(f"firewall-cmd --zone={zone} --list-rich-rules; cat /etc/firewalld/zones/{zone}.xml", check=False)


def test_f32_services_are_opened_in_the_zone_of_the_interface_with_the_address(engine: Engine) -> None:
    engine.component(described())
    assert allowed(engine, "public").count("barehost-web") == 4
    for flags in ("--permanent", ""):
        engine.on_host(MOVED.format(zone="internal", flags=flags))
    try:
        engine.component(described())
        assert allowed(engine, "internal").count("barehost-web") == 4
        assert "barehost-web" not in allowed(engine, "public")
        assert engine.component(described()).done == []
        message = engine.component(described(zone="public"), fails=True).message
        assert "write `firewall_zone: internal`" in message
        # What comes from a source of a zone does not come to that of the interface.
        engine.on_host("firewall-cmd --zone=work --add-source=192.168.200.0/24")
        engine.component(described(peers=["192.168.200.1"]))
        assert allowed(engine, "work").count("barehost-web") == 4
    finally:
        engine.on_host("firewall-cmd --zone=work --remove-source=192.168.200.0/24", check=False)
        for flags in ("--permanent", ""):
            engine.on_host(MOVED.format(zone="public", flags=flags))
    engine.component(described(services=[]))


def test_f32_the_zone_is_known_before_firewalld_runs(engine: Engine) -> None:
    engine.component(DESCRIPTION)
    engine.on_host(MOVED.format(zone="internal", flags="--permanent"))
    engine.on_host("systemctl stop firewalld")
    try:
        engine.component(described())
        assert allowed(engine, "internal").count("barehost-web") == 4
        assert "barehost-web" not in allowed(engine, "public")
    finally:
        for flags in ("--permanent", ""):
            engine.on_host(MOVED.format(zone="public", flags=flags))
    engine.component(described(services=[]))
