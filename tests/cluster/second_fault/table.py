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
    "doctor": "doctor",
    "certificates": "certificates",
    "backup": "backup",
    "site": "site",
    "renew": "renew",
    "upgrade": "upgrade",
    "downgrade-etcd": "downgrade etcd",
    "restart-worker": "restart a worker",
    "restart-master": "restart a master",
    "remove-worker": "remove a worker",
    "remove-master": "remove a master",
    "restore": "restore",
    "reset-worker": "reset a worker",
    "reset-all": "reset all",
}

# What ends where a master, or its member of etcd, is away: no other may go then.
_A_MASTER_OFF = {
    **dict.fromkeys(("health", "doctor", "certificates"), TELLS),
    **dict.fromkeys(("upgrade", "downgrade-etcd", "restart-master", "remove-master", "restore"), REFUSED),
}
# By row: the outcomes of the playbooks that do not go on.
_OTHERWISE: t.Mapping[str, t.Mapping[str, str]] = {
    "nothing is wrong": {},
    "a worker off": dict.fromkeys(("health", "doctor", "certificates"), TELLS),
    "a master off": _A_MASTER_OFF,
    "first hosts off": _A_MASTER_OFF,
    "member stopped": {
        **dict.fromkeys(("health", "doctor"), TELLS),
        **dict.fromkeys(("site", "renew", "upgrade"), MENDS),
        **dict.fromkeys(("downgrade-etcd", "restart-master", "remove-master"), REFUSED),
    },
    "member cut off": {
        **dict.fromkeys(("health", "doctor"), TELLS),
        **dict.fromkeys(("site", "renew", "upgrade"), STOPS),
        **dict.fromkeys(("downgrade-etcd", "restart-master", "remove-master", "restore"), REFUSED),
    },
    "quorum lost": {
        **_A_MASTER_OFF,
        **dict.fromkeys(("backup", "site", "renew", "restart-worker", "remove-worker"), REFUSED),
    },
    "API away": {
        **dict.fromkeys(("health", "doctor"), TELLS),
        **dict.fromkeys(("site", "renew", "upgrade"), MENDS),
        **dict.fromkeys(("restart-worker", "restart-master", "remove-worker", "remove-master"), REFUSED),
    },
    "balancer off": dict.fromkeys(("health", "doctor", "certificates"), TELLS),
    "disk full": {"doctor": TELLS, "restore": REFUSED},
    "clock ahead": {"doctor": TELLS, **dict.fromkeys(("site", "renew"), REFUSED)},
}
# By row: the outcomes in the order of the playbooks.
TABLE: t.Mapping[str, tuple[str, ...]] = {
    row: tuple(outcomes.get(playbook, GOES_ON) for playbook in PLAYBOOKS) for row, outcomes in _OTHERWISE.items()
}


def outcome(fault: str, playbook: str) -> str:
    return TABLE[fault][tuple(PLAYBOOKS).index(playbook)]


def markdown() -> list[str]:
    """The lines of the table in the document."""
    head = [f"| | {' | '.join(PLAYBOOKS.values())} |", f"|---|{'---|' * len(PLAYBOOKS)}"]
    return [*head, *(f"| {fault} | {' | '.join(outcomes)} |" for fault, outcomes in TABLE.items())]
