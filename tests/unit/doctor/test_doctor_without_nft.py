# SPDX-License-Identifier: GPL-3.0-or-later
"""Where nft cannot say which tables there are, none of them is called missing: what mends that is another thing than a restart."""

from __future__ import annotations

import pytest
from doctor_situation import Situation

WHY = "nft: program not found"


def test_the_finding_is_that_nobody_knows() -> None:
    situation = Situation()
    situation.groups["w1"]["pod_network"].update(tables=[], tables_fault=WHY)
    (found,) = situation.findings()
    assert (found.check.id, found.host) == ("firewall-no-packet-filter", "w1")
    assert found.found == f"nftables: nobody knows the tables: {WHY}"
    assert found.remedy == "`dnf reinstall nftables`, and run the doctor again"


@pytest.mark.parametrize("mode", ["nftables", "iptables"])
def test_a_unit_that_does_not_run_is_the_finding(mode: str) -> None:
    situation = Situation()
    situation.groups["w1"]["pod_network"].update(tables=[], tables_fault=WHY, mode=mode)
    for unit in situation.groups["w1"]["units"]["units"]:
        if unit["name"] == "barehost-packet-filter.service":
            unit.update(active="inactive", state="dead")
    (found,) = situation.findings()
    assert found.found.startswith("barehost-packet-filter.service is inactive")
