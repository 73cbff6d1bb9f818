# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alarms of etcd's members: every member tells those of all, among the errors of its status."""

from __future__ import annotations

import re
import typing as t

NOSPACE, CORRUPT = "NOSPACE", "CORRUPT"
# What an alarm means and what ends it; https://etcd.io/docs/v3.7/op-guide/maintenance/#space-quota
REMEDIES = {
    NOSPACE: "etcd takes no writes until the alarm is disarmed, because a database has grown to its quota. Run playbooks/etcd.yml to see "
    "the sizes. Make room with -e etcd_compact=true -e etcd_defragment=true, or raise etcd_quota_backend_bytes and run site.yml. Then "
    "disarm with -e etcd_disarm=true",
    CORRUPT: "the data of members differs. Compare `etcdctl endpoint hashkv --cluster`, take the data of the member that differs away, "
    "and disarm the alarm with `etcdctl alarm disarm`",
}
# The text of a protocol buffer, which may have any number of blanks.
_ALARM = re.compile(r"^memberID:\s*(\d+)\s+alarm:\s*(\w+)\s*$")


class Alarm(t.NamedTuple):
    """``member`` is the ID of who has raised it, which may be no member any more."""

    member: str
    name: str


def of(errors: t.Iterable[str]) -> list[Alarm]:
    """The alarms among the errors of a member's status."""
    return [Alarm(found[1], found[2]) for found in map(_ALARM.match, errors) if found]


def others(errors: t.Iterable[str]) -> list[str]:
    """What else the status complains of."""
    return [error for error in errors if not _ALARM.match(error)]


def told(alarms: t.Iterable[Alarm], names: t.Mapping[str, str]) -> list[str]:
    """One line for each kind of alarm: who has raised it, and what to do. ``names``: of the members, by their IDs."""
    found: dict[str, list[str]] = {}
    for alarm in sorted(set(alarms)):
        found.setdefault(alarm.name, []).append(names.get(alarm.member) or f"a former member ({int(alarm.member):x})")
    return [
        f"alarm {name} of {', '.join(members)}: {REMEDIES.get(name, 'see the documentation of etcd')}" for name, members in found.items()
    ]
