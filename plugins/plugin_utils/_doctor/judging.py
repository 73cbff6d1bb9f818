# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs checks on facts. A check that cannot read what a host has told is a finding itself, and hides no other. Pure."""

from __future__ import annotations

import collections
import collections.abc as c
import dataclasses

from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import STRANGE
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, SEVERITIES, Check, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts

_LONGEST = 600
_EVIDENCE = 12
# Of one check on one host: a host that lies must not fill the report.
_MOST = 20


def _nothing(_facts: Facts) -> c.Iterable[Found]:
    """Nobody asks: it is found when another check fails."""
    return ()


UNREADABLE = Check(
    id="answer-unreadable",
    group="hosts",
    severity=ERROR,
    looks_at="what a host answers",
    wanted="an answer as this collection's program gives it",
    why="A check that cannot read it cannot tell whether all is well.",
    remedy="see whether ansible_python_interpreter is the host's own Python",
    needs=(),
    of_cluster=_nothing,
)


@dataclasses.dataclass(frozen=True)
class Finding:
    """``host`` is empty for one of the whole cluster. ``explained_by``: the id of the check whose finding explains this one."""

    check: Check
    host: str
    found: str
    wanted: str
    remedy: str
    evidence: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    about: str = ""
    everywhere: bool = False
    of: tuple[str, ...] = ()
    explained_by: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """By which it can be explained."""
        return (self.check.id, f"{self.check.id}:{self.about}") if self.about else (self.check.id,)

    @property
    def reach(self) -> str:
        """Of which host it explains findings; empty for all."""
        return "" if self.everywhere else self.host


@dataclasses.dataclass(frozen=True)
class Verdict:
    """``judged``: each check with the host that it has judged, empty for the whole cluster. Findings are in order, the worst first."""

    findings: tuple[Finding, ...]
    judged: tuple[tuple[str, str], ...]


def judge(checks: c.Iterable[Check], facts: Facts) -> Verdict:
    found: list[Finding] = []
    judged: list[tuple[str, str]] = []
    for check in checks:
        for host, told in _told(check, facts):
            judged.append((check.id, host))
            found += told
    return Verdict(tuple(sorted(_explained(found), key=_rank)), tuple(judged))


def _rank(finding: Finding) -> tuple[bool, int, bool]:
    """Sorting keeps the order of the checks, and of hosts, among equals."""
    return bool(finding.explained_by), SEVERITIES.index(finding.check.severity), bool(finding.host)


def _told(check: Check, facts: Facts) -> c.Iterator[tuple[str, list[Finding]]]:
    if check.of_cluster is not None:
        if not check.needs or facts.having(*check.needs):
            function = check.of_cluster
            yield "", _findings(check, "", lambda: function(facts))
        return
    for host in facts.having(*check.needs):
        yield host.name, _findings(check, host.name, lambda host=host: check.of_host(host, facts))  # type: ignore[misc]


def _findings(check: Check, host: str, ask: c.Callable[[], c.Iterable[Found]]) -> list[Finding]:
    try:
        return [_finding(check, host, one) for one in _at_most(ask())]
    except (*STRANGE, AnsibleError) as error:
        reason = f"the check {check.id} cannot read it ({type(error).__name__}: {error})"
        return [_finding(UNREADABLE, host, Found(reason))]


def _at_most(found: c.Iterable[Found]) -> list[Found]:
    """The first of each host, and how many more there are."""
    counts: collections.Counter[str] = collections.Counter()
    kept = []
    for one in found:
        counts[one.host] += 1
        if counts[one.host] <= _MOST:
            kept.append(one)
    return [*kept, *(Found(f"{count - _MOST} more like these", host=host) for host, count in counts.items() if count > _MOST)]


def _finding(check: Check, host: str, found: Found) -> Finding:
    return Finding(
        check=check,
        host=shown(found.host) if found.host else host,
        found=shown(f"{check.subject}: {found.found}" if check.subject else found.found, _LONGEST),
        wanted=shown(found.wanted or check.wanted, _LONGEST),
        remedy=shown(found.remedy or check.remedy, _LONGEST),
        evidence=tuple(shown(line) for line in found.evidence[:_EVIDENCE]),
        explains=check.explains if found.explains is None else found.explains,
        about=found.about,
        everywhere=found.everywhere,
        of=found.of,
    )


def _explained(found: list[Finding]) -> list[Finding]:
    """One cause is one finding: what another finding explains gets its id. Nothing worse than itself is explained by a finding.

    Of findings that explain each other, the first one stands: else all were hidden, and a run would end well.
    """
    known: dict[tuple[str, str], Finding] = {}
    for finding in found:
        for explained in finding.explains:
            known.setdefault((explained, finding.reach), finding)
    reasons = {id(one): _reason(one, [known.get((key, host)) for key in one.keys for host in ("", one.host)]) for one in found}
    for one in found:
        if _explains_itself(one, reasons):
            reasons[id(one)] = None
    return [one if (reason := reasons[id(one)]) is None else dataclasses.replace(one, explained_by=reason.check.id) for one in found]


def _reason(finding: Finding, reasons: c.Iterable[Finding | None]) -> Finding | None:
    rank = SEVERITIES.index(finding.check.severity)
    for reason in reasons:
        if reason is not None and reason is not finding and SEVERITIES.index(reason.check.severity) <= rank:
            return reason
    return None


def _explains_itself(finding: Finding, reasons: c.Mapping[int, Finding | None]) -> bool:
    """Whether the reasons of a finding, one after the other, lead back to it."""
    reason, steps = reasons[id(finding)], len(reasons)
    while reason is not None and reason is not finding and steps:
        reason, steps = reasons[id(reason)], steps - 1
    return reason is finding
