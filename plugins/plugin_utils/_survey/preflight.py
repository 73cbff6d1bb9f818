# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges a host before its first change, by what it has told the survey in the same call: which checks refuse it, and which only warn."""

from __future__ import annotations

import collections.abc as c
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import alike, asked, judging, registry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, WARNING
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.judging import Finding
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.request import words_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.part import Object

# The clock is not among them: role host is about to set it.
GROUPS = ("machine", "disks", "names")
VARIABLE = "site_preflight_skip"
# Beside the checks of these groups: what could not be looked at counts as bad.
_ALWAYS = ("look-failed", "look-incomplete")


def checks() -> list[str]:
    """The checks that judge one host that has no cluster yet."""
    known = registry.checks().values()
    own = [check.id for check in known if check.bare and check.of_host is not None and check.needs and set(check.needs) <= set(GROUPS)]
    return [*_ALWAYS, *own]


def skipped(value: t.Any) -> list[str]:
    """The ids in the variable. Raises ComponentError for one that is none."""
    words = words_of(value)
    if words == []:
        return words  # the usual case, without reading all checks in each process
    known = checks()
    if words is None:
        raise ComponentError(f"{VARIABLE} is {value!r}, wanted ids of checks with commas between them: -e {VARIABLE}={known[-1]}")
    unknown = [word for word in words if word not in known]
    if unknown:
        raise ComponentError(f"{VARIABLE} has {', '.join(map(repr, unknown))}, wanted some of {', '.join(known)}")
    return words


def asked_of(cluster: c.Mapping[str, t.Any], host: str, *, etcd_data: str) -> Object:
    """What each group is to know."""
    known = asked.Host(cluster, host, {}, {}, etcd_data or ETCD.data_directory, "")
    found: Object = asked.payload(known, GROUPS)["asked"]
    return found


class Verdict(t.NamedTuple):
    """Why a host is refused, and what its operator should know."""

    refusals: list[str]
    warnings: list[str]


def judged(cluster: c.Mapping[str, t.Any], host: str, answer: Object, *, skip: c.Collection[str]) -> Verdict:
    """What concerns a host that nothing of this collection has changed yet. Nothing concerns another one."""
    if not answer["new"]:
        return Verdict([], [])
    facts = Facts(cluster, {host: HostFacts(host, answer["facts"], answer["gaps"])}, time.time())
    known = registry.checks()
    findings = judging.judge((known[name] for name in checks() if name not in skip), facts).findings
    counting = [one for one in findings if not one.explained_by]
    return Verdict(
        [_words(one) for one in counting if one.check.severity == ERROR],
        [_words(one) for one in counting if one.check.severity == WARNING],
    )


def refusal(hosts: c.Mapping[str, c.Sequence[str]]) -> str:
    """One error for all hosts; empty if they are fit. ``hosts``: the refusals, by host."""
    lines = alike.lines(hosts)
    if not lines:
        return ""
    return "\n".join(
        [
            "Nothing was changed on any host: new hosts are not fit for the cluster.",
            *lines,
            f"Mend them. Or skip a check: -e {VARIABLE}=ID, with commas between several",
        ]
    )


def _words(finding: Finding) -> str:
    return f"{finding.found}; wanted: {finding.wanted} → {finding.remedy} [{finding.check.id}]"
