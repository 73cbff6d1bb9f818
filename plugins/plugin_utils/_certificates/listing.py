# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of all hosts: what of it must be done something about, as lines for a terminal and as data. Pure."""

from __future__ import annotations

import collections
import collections.abc as c
import dataclasses
import datetime
import json
import textwrap
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import entries
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.entries import AUTHORITY, ENDS, STATES, Entry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.authorities import WARN_DAYS

# Of the data. It changes when a field gets another meaning or goes.
FORMAT = 1
_WIDTH = 140
_PADDED = 90
_DAYS = "DAYS"


@dataclasses.dataclass(frozen=True)
class Listing:
    """``silent``: why hosts could not be looked at; ``left_out``: hosts that the run was not to look at; ``notes``: what is not known."""

    cluster: str
    at: float
    days: int
    entries: tuple[Entry, ...]
    hosts: tuple[str, ...] = ()
    silent: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many entries have which state, the worst state first."""
        found = collections.Counter(entry.state for entry in self.entries)
        return {state: found[state] for state in STATES if found[state]}

    @property
    def faults(self) -> list[str]:
        """Why the run fails. A kubeconfig that names a certificate ends with that, which is told already; so do copies of an authority."""
        ends: dict[str, Entry] = {}
        for entry in (entry for entry in self.entries if entry.state in ENDS and not entry.ends_with):
            ends.setdefault(entry.fingerprint if entry.kind == AUTHORITY else f"{entry.host} {entry.path} {entry.fingerprint}", entry)
        return [
            *(f"{host}: {reason}" for host, reason in self.silent),
            *(f"{entry.host}: {entry.path} {_ends(entry)}" for entry in sorted(ends.values(), key=_left)),
        ]

    @property
    def time(self) -> str:
        return f"{datetime.datetime.fromtimestamp(int(self.at), tz=datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"

    def summary(self) -> str:
        """One sentence."""
        words = {
            "due": f"with less than {self.days} days left",
            "differs": "not as described",
            "warning": "of an authority in its last year",
            "ok": "well",
        }
        told = ", ".join(f"{count} {words.get(state, state)}" for state, count in self.counts.items())
        hosts = f"{len(self.hosts)} host{'' if len(self.hosts) == 1 else 's'}"
        return f"{len(self.entries)} certificates, kubeconfigs and keys of {hosts} and the controller: {told}"

    def as_dict(self) -> dict[str, t.Any]:
        """The list as data; plugins/modules/certificates.py documents the fields."""
        return {
            "format": FORMAT,
            "cluster": self.cluster,
            "time": self.time,
            "days": self.days,
            "authority_days": WARN_DAYS,
            "well": not self.faults,
            "faults": self.faults,
            "counts": self.counts,
            "hosts": list(self.hosts),
            "silent": [{"host": host, "reason": reason} for host, reason in self.silent],
            "left_out": list(self.left_out),
            "notes": list(self.notes),
            "entries": [entry.as_dict() for entry in self.entries],
        }

    def as_json(self) -> str:
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n"


def _left(entry: Entry) -> int:
    return entry.days_left or 0


def _ends(entry: Entry) -> str:
    date = entry.not_after[:10]
    if entry.state == "expired":
        return f"ended on {date}"
    if entry.state == "not valid yet":
        return f"is valid only from {entry.not_before} on"
    return f"ends on {date}, in {entry.days_left} {'day' if entry.days_left == 1 else 'days'}"


def lines(listing: Listing) -> list[str]:
    """A table for each host, then what concerns all."""
    of_host: dict[str, list[Entry]] = {}
    for entry in listing.entries:
        of_host.setdefault(entry.host, []).append(entry)
    shown = [line for host, found in of_host.items() for line in [*_table(host, found), ""]]
    return [
        *shown,
        *(f"{host}: {reason}" for host, reason in listing.silent),
        *([f"Left out by --limit: {', '.join(listing.left_out)}"] if listing.left_out else []),
        *listing.notes,
        listing.summary(),
    ]


def _table(host: str, found: c.Sequence[Entry]) -> list[str]:
    header = (_DAYS, host, "SUBJECT", "ISSUER", "USED BY")
    rows = [(_days(entry), entry.path, entry.subject or entry.name, entry.issuer, ", ".join(entry.used_by)) for entry in found]
    widths = [min(_PADDED, max(len(row[column]) for row in [header, *rows])) for column in range(len(header) - 1)]
    told = [_row(header, widths)]
    for entry, row in zip(found, rows, strict=True):
        told += [_row(row, widths), *_more(entry, indent=widths[0] + 2)]
    return told


def _row(row: c.Sequence[str], widths: c.Sequence[int]) -> str:
    # A text that begins with a space is shown in an uglier way: so the heading does not.
    days = row[0].ljust(widths[0]) if row[0] == _DAYS else row[0].rjust(widths[0])
    others = [text.ljust(width) for text, width in zip(row[1:-1], widths[1:], strict=True)]
    return "  ".join([days, *others, row[-1]]).rstrip()


def _days(entry: Entry) -> str:
    if entry.days_left is not None:
        return str(entry.days_left)
    return entry.state if entry.state in ("missing", "unreadable") else "-"


def _more(entry: Entry, *, indent: int) -> list[str]:
    """What stands below the row of an entry."""
    told = [entry.details] if entry.details else []
    if entry.ends_with:
        told.append(f"names {entry.ends_with}")
    elif entry.alternative_names:
        told.append(f"for {', '.join(entry.alternative_names)}")
    if entry.state in ENDS:
        told.append(f"! it {_ends(entry)}")
    elif entry.kind == AUTHORITY and entry.days_left is not None and entry.days_left < WARN_DAYS:
        told.append("! it is in its last year")
    # What is missing is said in the row.
    told += [f"! {text}" for text in entry.differences if entry.state != "missing"]
    return [
        line for text in told for line in textwrap.wrap(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))
    ]


def in_order(found: c.Iterable[Entry], hosts: c.Sequence[str]) -> tuple[Entry, ...]:
    """The controller first, then the hosts in their order; of each what ends first, then what does not end."""
    places = {host: place for place, host in enumerate([entries.CONTROLLER, *hosts])}

    def key(entry: Entry) -> tuple[int, float, str]:
        return places.get(entry.host, len(places)), float("inf") if entry.days_left is None else entry.days_left, entry.path

    return tuple(sorted(found, key=key))
