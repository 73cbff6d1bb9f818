# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and faults of the group ``time``."""

from __future__ import annotations

import typing as t

from doctor_situation import HOSTS, Fault, Situation


def healthy(_host: str) -> dict[str, t.Any]:
    tracking = {"fault": "", "reference": "192.0.2.1", "stratum": 3, "offset": 0.0001, "dispersion": 0.01, "leap": "Normal"}
    sources = [{"state": "*", "name": "192.0.2.1", "reach": "377"}]
    return {"time": {"keepers": ["chronyd.service"], "tracking": tracking, "sources": sources}}


def _of(situation: Situation) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", situation.groups["w1"]["time"])


def _tracking(situation: Situation, **changes: t.Any) -> None:
    _of(situation)["tracking"].update(changes)


def _nobody(situation: Situation) -> None:
    """Where the inventory says that the collection keeps no clock."""
    units = situation.groups["w1"]["units"]["units"]
    units[:] = [unit for unit in units if unit["name"] != "chronyd.service"]
    _of(situation).update(keepers=[], tracking={"fault": "chronyc: program not found"})


FAULTS: dict[str, Fault] = {
    "time-off": Fault(lambda s: s.ahead.update(w1=-7300.0), "2 hours behind the controller", "chronyc makestep"),
    "time-controller-off": Fault(
        lambda s: s.ahead.update(dict.fromkeys(HOSTS, 400.0)), "7 minutes behind all hosts", "timedatectl", host=""
    ),
    "time-not-kept": Fault(lambda s: _tracking(s, leap="Not synchronised"), "not synchronised; *192.0.2.1", "chronyc sources"),
    "time-inexact": Fault(lambda s: _tracking(s, offset=-0.7), "0.70 seconds", "chronyc makestep"),
    "time-keepers-many": Fault(
        lambda s: _of(s)["keepers"].append("ntpd.service"), "chronyd.service, ntpd.service", "systemctl disable --now ntpd.service"
    ),
    "time-keeper-none": Fault(_nobody, "none", "host_time_state"),
}
