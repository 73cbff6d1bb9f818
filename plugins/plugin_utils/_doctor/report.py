# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks have found on all hosts: as lines for a terminal, the worst first, and as data. Pure."""

from __future__ import annotations

import collections
import collections.abc as c
import dataclasses
import datetime
import functools
import json
import textwrap
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import alike, judging
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import SEVERITIES, Check
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.judging import Finding, Verdict
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.request import Request

# Of the data. It changes when a field gets another meaning or goes.
FORMAT = 1
_WIDTH = 140
_OF_ONE_CHECK = 8


class Told(t.NamedTuple):
    """Findings of one check that say the same of several hosts; and what they explain."""

    finding: Finding
    hosts: tuple[str, ...]
    explained: tuple[Finding, ...]

    @property
    def where(self) -> str:
        return alike.where(self.hosts)


@dataclasses.dataclass(frozen=True)
class Report:
    """``hosts`` were looked at, ``silent`` were not, with the reasons; ``left_out``: hosts that the run was not to look at."""

    cluster: str
    at: float
    request: Request
    known: c.Mapping[str, Check]
    verdict: Verdict
    hosts: tuple[str, ...] = ()
    silent: c.Mapping[str, str] = dataclasses.field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    seconds: c.Mapping[str, float] = dataclasses.field(default_factory=dict)

    @property
    def time(self) -> str:
        return f"{datetime.datetime.fromtimestamp(int(self.at), tz=datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def findings(self) -> list[Finding]:
        """Those that no other finding explains."""
        return [one for one in self.verdict.findings if not one.explained_by]

    @property
    def counts(self) -> dict[str, int]:
        """How many findings have which severity, the worst first."""
        found = collections.Counter(one.check.severity for one in self.findings)
        return {severity: found[severity] for severity in SEVERITIES}

    @property
    def failing(self) -> list[str]:
        """Why the run fails, in few words each."""
        return [
            f"{told.where}: {told.finding.found} ({told.finding.check.id})"
            for told in self.told
            if self.request.fails(told.finding.check.severity)
        ]

    @functools.cached_property
    def told(self) -> list[Told]:
        """The findings as they are told: what is the same on several hosts once."""
        same = alike.gathered(((one.check.id, one.found, one.wanted, one.remedy), one) for one in self.findings)
        return [Told(found[0], tuple(one.host for one in found if one.host), self._explained(found)) for found in same.values()]

    def _explained(self, reasons: c.Sequence[Finding]) -> tuple[Finding, ...]:
        first = reasons[0]
        hosts = {reason.reach for reason in reasons}
        return tuple(
            one
            for one in self.verdict.findings
            if one.explained_by == first.check.id and set(one.keys) & set(first.explains) and ("" in hosts or one.host in hosts)
        )

    def summary(self) -> str:
        """One sentence."""
        counted = [f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in self.counts.items() if count]
        hosts = f"{len(self.hosts)} host{'' if len(self.hosts) == 1 else 's'}"
        return f"{', '.join(counted) or 'nothing is wrong'}: {len(self.request.checks)} checks of {hosts}"

    def as_dict(self) -> dict[str, t.Any]:
        """The report as data; plugins/modules/doctor.py documents the fields."""
        return {
            "format": FORMAT,
            "cluster": self.cluster,
            "time": self.time,
            "well": not self.failing,
            "fail_on": self.request.fail_on,
            "counts": self.counts,
            "checks": list(self.request.checks),
            "skipped": list(self.request.skipped),
            "hosts": [{"host": host, "seconds": self.seconds.get(host, 0.0)} for host in self.hosts],
            "silent": [{"host": host, "reason": reason} for host, reason in self.silent.items()],
            "left_out": list(self.left_out),
            "findings": [_as_dict(one) for one in self.verdict.findings],
        }

    def as_json(self) -> str:
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n"


def of(facts: Facts, wanted: Request, known: c.Mapping[str, Check], *, seconds: c.Mapping[str, float]) -> Report:
    """The report of what hosts have told. ``seconds``: how long each has taken."""
    return Report(
        cluster=str(facts.cluster["name"]),
        at=facts.now,
        request=wanted,
        known=known,
        verdict=judging.judge((known[name] for name in wanted.checks), facts),
        hosts=tuple(facts.hosts),
        silent=facts.silent,
        left_out=facts.left_out,
        seconds=seconds,
    )


def _as_dict(finding: Finding) -> dict[str, t.Any]:
    check = finding.check
    return {
        "id": check.id,
        "group": check.group,
        "severity": check.severity,
        "host": finding.host,
        "found": finding.found,
        "wanted": finding.wanted,
        "why": check.why,
        "remedy": finding.remedy,
        "evidence": list(finding.evidence),
        "explained_by": finding.explained_by,
    }


def lines(report: Report) -> list[str]:
    """One line for each finding, with more below it where the operator has asked for details. Without, many of one check are cut short."""
    shown = []
    counts: collections.Counter[str] = collections.Counter()
    for told in report.told:
        identifier = told.finding.check.id
        detailed = identifier in report.request.details
        counts[identifier] += 1
        if detailed or counts[identifier] <= _OF_ONE_CHECK:
            shown += [_line(told), *(_details(told) if detailed else [])]
    cut = {identifier: count - _OF_ONE_CHECK for identifier, count in counts.items()}
    more = [f"{count} more of {identifier}" for identifier, count in cut.items() if count > 0 and identifier not in report.request.details]
    return [report.summary(), *shown, *([f"Not shown: {', '.join(more)}; see them by doctor_details"] if more else [])]


def _line(told: Told) -> str:
    finding = told.finding
    count = len(told.explained)
    explains = f"; it explains {count} more" if count else ""
    return (
        f"{finding.check.severity:7}  {told.where}: {finding.found}; wanted: {finding.wanted} → {finding.remedy} "
        f"[{finding.check.id}{explains}]"
    )


def _details(told: Told) -> list[str]:
    finding = told.finding
    more = [f"why: {finding.check.why}", f"looked at: {finding.check.looks_at}"]
    more += [f"hosts: {', '.join(told.hosts)}"] if len(told.hosts) > alike.HOSTS else []
    more += [f"explains: {f'{one.host}: ' if one.host else ''}{one.found} [{one.check.id}]" for one in told.explained]
    more += [f"| {line}" for line in finding.evidence]
    indent = " " * 9
    return [line for text in more for line in textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ")]
