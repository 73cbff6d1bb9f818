# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's own table of nftables: emptied, or unknown because nft cannot say which tables there are."""

from __future__ import annotations

import pytest
from doctor_situation import Situation

WHY = "nft: program not found"


def test_the_finding_is_that_nobody_knows() -> None:
    situation = Situation()
    situation.groups["w1"]["firewall"]["nftables"].update(tables=[], fault=WHY)
    (found,) = situation.findings()
    assert (found.check.id, found.host) == ("firewall-no-packet-filter", "w1")
    assert found.found == f"nftables: nobody knows the tables: {WHY}"
    assert found.remedy == "`dnf reinstall nftables`, and run the doctor again"


def test_a_table_without_rules_is_as_bad_as_none() -> None:
    situation = Situation()
    situation.groups["w1"]["firewall"]["nftables"].update(emptied=True)
    (found,) = situation.findings()
    assert (found.check.id, found.host) == ("firewall-no-packet-filter", "w1")
    assert found.found == "nftables: the table inet barehost has no rules"


@pytest.mark.parametrize("mode", ["nftables", "iptables"])
def test_a_unit_that_does_not_run_is_the_finding(mode: str) -> None:
    situation = Situation()
    situation.groups["w1"]["firewall"]["nftables"].update(tables=[], fault=WHY)
    situation.groups["w1"]["pod_network"].update(mode=mode)
    for unit in situation.groups["w1"]["units"]["units"]:
        if unit["name"] == "barehost-packet-filter.service":
            unit.update(active="inactive", state="dead")
    (found,) = situation.findings()
    assert found.found.startswith("barehost-packet-filter.service is inactive")
