# SPDX-License-Identifier: GPL-3.0-or-later
"""What each playbook does while something is wrong: the table of docs/second-fault.md, which a gate compares with this one.

The lab's tests look for these outcomes. What a refusal has to say is with the tests of each cell.
"""

from __future__ import annotations

import typing as t

# It does its work on all hosts that answer; Ansible ends with 4 where it had to leave one out.
GOES_ON = "goes on"
# It brings back what is wrong.
MENDS = "mends"
# Every fault is named, with status 2.
TELLS = "tells"
# Before the first change, with what to do.
REFUSED = "refused"
# After some changes, none of which makes it worse; the message says how to go on.
STOPS = "stops"
OUTCOMES = (GOES_ON, MENDS, TELLS, REFUSED, STOPS)

PLAYBOOKS: t.Mapping[str, str] = {
    "health": "health",
    "backup": "backup",
    "site": "site",
    "remove-worker": "remove a worker",
    "remove-master": "remove a master",
    "restore": "restore",
    "reset-worker": "reset a worker",
    "reset-all": "reset all",
}

_WELL = (GOES_ON,) * len(PLAYBOOKS)
# By row: the outcomes in the order of the playbooks.
TABLE: t.Mapping[str, tuple[str, ...]] = {
    "nothing is wrong": _WELL,
    "a worker off": (TELLS, *_WELL[1:]),
    "a master off": (TELLS, GOES_ON, GOES_ON, GOES_ON, REFUSED, REFUSED, GOES_ON, GOES_ON),
    "first hosts off": (TELLS, GOES_ON, GOES_ON, GOES_ON, REFUSED, REFUSED, GOES_ON, GOES_ON),
    "member stopped": (TELLS, GOES_ON, MENDS, GOES_ON, REFUSED, GOES_ON, GOES_ON, GOES_ON),
    "member cut off": (TELLS, GOES_ON, STOPS, GOES_ON, REFUSED, REFUSED, GOES_ON, GOES_ON),
    "quorum lost": (TELLS, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, GOES_ON, GOES_ON),
    "API away": (TELLS, GOES_ON, MENDS, REFUSED, REFUSED, GOES_ON, GOES_ON, GOES_ON),
    "balancer off": (TELLS, *_WELL[1:]),
    "disk full": (GOES_ON, GOES_ON, GOES_ON, GOES_ON, GOES_ON, REFUSED, GOES_ON, GOES_ON),
    "clock ahead": (GOES_ON, GOES_ON, REFUSED, GOES_ON, GOES_ON, GOES_ON, GOES_ON, GOES_ON),
}


def outcome(fault: str, playbook: str) -> str:
    return TABLE[fault][tuple(PLAYBOOKS).index(playbook)]


def markdown() -> list[str]:
    """The lines of the table in the document."""
    head = [f"| | {' | '.join(PLAYBOOKS.values())} |", f"|---|{'---|' * len(PLAYBOOKS)}"]
    return [*head, *(f"| {fault} | {' | '.join(outcomes)} |" for fault, outcomes in TABLE.items())]
