# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of certificates, authorities and keys: the judgement of playbooks/certificates.yml, on hosts and on the controller."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts

CHECKS = Checks("certificates", "Certificates, authorities, kubeconfigs and keys, of hosts and of the controller.", needs=())

_SOON = 7

Entry = c.Mapping[str, t.Any]


def _entries(facts: Facts, *states: str) -> c.Iterator[tuple[str, Entry]]:
    """Host and entry; those of the controller have no host. A kubeconfig that ends with a certificate is told with that one."""
    for entry in facts.controller.get("entries", []):
        if entry["state"] in states and not entry["ends_with"]:
            yield "", entry
    for host in facts.having("certificates"):
        for entry in host["certificates"]["entries"]:
            if entry["state"] in states and not entry["ends_with"]:
                yield host.name, entry


def _words(host: str, entry: Entry) -> str:
    where = entry["path"] if host else f"{entry['path']} on the controller"
    used = f", used by {', '.join(entry['used_by'])}" if entry["used_by"] else ""
    return f"{where} ({entry['subject'] or entry['name'] or entry['kind']}{used})"


def _renewal(entry: Entry) -> str:
    if entry["kind"] == "authority":
        return "replace the authority: replace-authority.yml"
    return "run site.yml, which issues it anew and restarts what uses it"


@CHECKS.of_cluster(
    "certificate-ended",
    ERROR,
    looks_at="when certificates end",
    wanted="that they are valid",
    why="Nobody accepts it any more: its program is refused, or refuses others.",
    remedy="run site.yml, which issues it anew",
    explains=("unit-unhealthy", "etcd-silent", "api-silent"),
)
def _ended(facts: Facts) -> c.Iterator[Found]:
    for host, entry in _entries(facts, "expired"):
        found = f"{_words(host, entry)} ended on {entry['not_after'][:10]}"
        yield Found(found, remedy=_renewal(entry), host=host, explains=None if host else ())


@CHECKS.of_cluster(
    "certificate-not-yet",
    ERROR,
    looks_at="when certificates begin",
    wanted="that they are valid",
    why="It was signed by a clock that was ahead. Nobody accepts it before that time.",
    remedy="see the clocks of controller and host, then renew it: renew-certificates.yml",
    explains=("unit-unhealthy", "etcd-silent", "api-silent"),
)
def _not_yet(facts: Facts) -> c.Iterator[Found]:
    for host, entry in _entries(facts, "not valid yet"):
        yield Found(f"{_words(host, entry)} is valid only from {entry['not_before']} on", host=host, explains=None if host else ())


@CHECKS.of_cluster(
    "certificate-ends-soon",
    ERROR,
    looks_at="when certificates end",
    wanted="7 days or more",
    why="When it has ended, its program is refused, or refuses others.",
    remedy="run site.yml, which issues it anew",
)
def _soon(facts: Facts) -> c.Iterator[Found]:
    for host, entry in _entries(facts, "due"):
        if entry["days_left"] < _SOON:
            yield Found(f"{_words(host, entry)} ends in {entry['days_left']} days", remedy=_renewal(entry), host=host)


@CHECKS.of_cluster(
    "certificate-due",
    WARNING,
    looks_at="when certificates end",
    wanted="30 days or more",
    why="site.yml renews it from now on. Nobody has run it.",
    remedy="run site.yml, once a month at least",
)
def _due(facts: Facts) -> c.Iterator[Found]:
    for host, entry in _entries(facts, "due"):
        if entry["days_left"] >= _SOON:
            yield Found(f"{_words(host, entry)} ends in {entry['days_left']} days", remedy=_renewal(entry), host=host)


@CHECKS.of_cluster(
    "certificate-missing",
    ERROR,
    looks_at="certificates and keys that the roles describe",
    wanted="that they are there, and can be read",
    why="The program that uses it does not start, or cannot ask others.",
    remedy="run site.yml, which issues it anew",
    explains=("unit-unhealthy", "unit-down", "etcd-silent", "api-silent"),
)
def _missing(facts: Facts) -> c.Iterator[Found]:
    for host, entry in _entries(facts, "missing", "unreadable"):
        told = "; ".join(entry["differences"]) or entry["state"]
        yield Found(f"{_words(host, entry)}: {told}", host=host, explains=None if host else ())


@CHECKS.of_cluster(
    "certificate-differs",
    WARNING,
    looks_at="names, usages, issuer, owner and mode of certificates and keys",
    wanted="as the roles describe them",
    why="Clients refuse a wrong name or issuer. A key that others may read is no secret.",
    remedy="run site.yml. What no role describes is yours: remove it if nobody needs it",
)
def _differs(facts: Facts) -> c.Iterator[Found]:
    for host, entry in _entries(facts, "differs"):
        yield Found(f"{_words(host, entry)}: {'; '.join(entry['differences'])}", host=host)


@CHECKS.of_cluster(
    "certificate-authority-ends",
    WARNING,
    looks_at="when authorities end",
    wanted="a year or more",
    why="What it has signed ends with it. To replace it takes preparation.",
    remedy="replace it: replace-authority.yml",
)
def _authority(facts: Facts) -> c.Iterator[Found]:
    seen = set()
    for host, entry in _entries(facts, "warning"):
        if entry["fingerprint"] not in seen:
            seen.add(entry["fingerprint"])
            yield Found(f"{entry['name'] or entry['subject']} ends in {entry['days_left']} days ({_words(host, entry)})")


@CHECKS.of_cluster(
    "certificate-not-judged",
    WARNING,
    subject="not compared",
    looks_at="what the list of certificates could not compare",
    wanted="nothing",
    why="What is not compared may be well or not.",
    remedy="see certificates.yml, which lists everything",
)
def _not_judged(facts: Facts) -> c.Iterator[Found]:
    told = [note for host in facts.having("certificates") for note in host["certificates"]["notes"]]
    for note in dict.fromkeys([*facts.controller.get("notes", []), *told]):
        yield Found(note)
