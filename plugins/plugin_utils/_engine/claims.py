# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether another run is at work on the cluster, by the claims that masters have."""

from __future__ import annotations

import collections.abc as c
import datetime
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import this_run

Claim = c.Mapping[str, t.Any]


def in_the_way(found: c.Mapping[str, Claim | None], *, take_over: str, variable: str) -> str:
    """Why this run must not begin; empty if it may.

    ``found``: by master that answers, its claim. ``take_over``: the run that the operator says has ended; ``variable`` has it.
    """
    for host, claim in found.items():
        if claim and not claim["ended"] and claim["run"] != this_run.name():
            state = this_run.state(claim)
            if state == this_run.HERE:
                return _told_here(host, claim)
            if state == this_run.ELSEWHERE and claim["run"] != take_over:
                return _told_elsewhere(host, claim, take_over=take_over, variable=variable)
    return ""


def overtaken(host: str, claim: Claim | None) -> str:
    """What is said if another run has claimed a master since this one has looked."""
    other = f"{claim['playbook']} ({claim['run']})" if claim else "another run"
    return f"Nothing was changed: {other} has begun on {host} since this run has looked. Wait for its end, and run this again"


def _told_here(host: str, claim: Claim) -> str:
    process = str(claim["run"]).split(":")[-2]
    return (
        f"Nothing was changed: {claim['playbook']} is at work on this cluster since {_moment(claim)}, by process {process} of this "
        f"machine, as {host} says. Wait for its end"
    )


def _told_elsewhere(host: str, claim: Claim, *, take_over: str, variable: str) -> str:
    wrong = f"{variable} is {take_over}, which is another run. " if take_over else ""
    return (
        f"Nothing was changed: {wrong}{claim['playbook']} may be at work on this cluster since {_moment(claim)}: {host} was claimed by a "
        f"run that this machine cannot look at, {claim['run']} (machine, process, its start). Wait for its end. If it has ended without "
        f"saying so, add -e {variable}={claim['run']}"
    )


def _moment(claim: Claim) -> str:
    return datetime.datetime.fromtimestamp(float(claim["at"]), tz=datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
