# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of unit files that confine programs."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.barehost.kubernetes.plugins.filter.unit_files import sandbox


def settings(*capabilities: str, network: bool = False) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in sandbox(list(capabilities), network=network).splitlines():
        name, _equals, value = line.partition("=")
        found.setdefault(name, []).append(value)
    return found


def test_a_program_without_capabilities_can_gain_none() -> None:
    found = settings()
    assert found["CapabilityBoundingSet"] == [""]
    assert found["NoNewPrivileges"] == ["true"]
    assert found["ProtectSystem"] == ["full"]
    assert found["SystemCallFilter"] == ["@system-service", "~@privileged", "@chown"]


def test_selinux_gives_a_program_with_capabilities_its_domain() -> None:
    """NoNewPrivileges would keep it from that."""
    assert "NoNewPrivileges" not in settings("CAP_KILL")


def test_a_capability_comes_with_its_system_calls() -> None:
    found = settings("CAP_SETGID", "CAP_SETUID", "CAP_SYS_CHROOT")
    assert found["CapabilityBoundingSet"] == ["CAP_SETGID CAP_SETUID CAP_SYS_CHROOT"]
    assert found["SystemCallFilter"][-1] == "@chown @setuid chroot"


def test_who_changes_the_network_may_write_its_settings() -> None:
    found = settings("CAP_NET_ADMIN", network=True)
    assert found["ProtectSystem"] == ["true"]
    assert "ProtectKernelTunables" not in found
    assert "AF_PACKET" in found["RestrictAddressFamilies"][0].split()


def test_a_misspelt_capability_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="net_admin: names of capabilities begin with CAP_"):
        sandbox(["net_admin"])
