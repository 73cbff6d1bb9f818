# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell from what a run has registered which hosts a play has, and what it ends with; each is documented in <name>.yml beside
this file."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import health_report as health_reports

# By host, its variables
HostVars = c.Mapping[str, c.Mapping[str, t.Any]]


def settled(
    cluster: dict[str, t.Any],
    hostvars: HostVars,
    hosts: c.Iterable[str] | None = None,
) -> bool:
    """Whether the survey found nothing to do on any of these hosts; without ``hosts``, on no host of the run and nothing in the API.

    Without a survey nothing is settled. What is done on a balancer that is nothing else changes nothing in the API.
    """
    if hosts is not None:
        return all(_is_settled(hostvars[host]) for host in hosts)
    counting = dict.fromkeys([*cluster["etcd_hosts"], *cluster["masters"], *cluster["node_hosts"]])
    surveys = [found for host in counting if host in hostvars and (found := hostvars[host].get("barehost_survey")) is not None]
    return all(found.get("settled") for found in surveys) and any(found.get("api_settled") for found in surveys)


def unsettled(pattern: str, hostvars: HostVars, surveyed: bool = True) -> list[str]:
    """The hosts of a play: those of a pattern, without those where the survey found nothing to do.

    A play that contains a host which ends it at once looks through all that have done so, for each host. ``surveyed`` is False in a run
    that does not use the survey.
    """
    return [pattern, *(f"!{host}" for host in hostvars if surveyed and _is_settled(hostvars[host]))]


def hosts_of_other_versions(pattern: str, hostvars: HostVars, surveyed: bool = True) -> list[str]:
    """The hosts of a play: those where the survey found that a program gets another version, or may.

    In a new cluster no version can be wrong, and its survey says so. ``surveyed`` is False in a run that does not use the survey. All
    hosts of the pattern are asked then.
    """
    if not surveyed:
        return [pattern]
    return [host for host in hostvars if (hostvars[host].get("barehost_survey") or {}).get("other_versions")]


def hosts_to_upgrade(hostvars: HostVars, stage: int, part: str = "all") -> list[str]:
    """The hosts of a play of an upgrade, in their order: those of one part of a stage, such as ``members`` or ``nodes``.

    ``all`` are all hosts, as a pattern. There is no host if the upgrade has no such stage, or the stage nothing to do in this part.
    """
    found = upgrade_plan(hostvars)
    stages = found["stages"] if found.get("performs") else []
    if stage >= len(stages) or not all(_is_done(hostvars, stages, *before) for before in _parts_before(stage, part)):
        return []
    return ["all"] if part == "all" else list(stages[stage][part])


# The parts of a stage, in their order.
_PARTS = ("saved", "first", "saved_later", "members", "masters", "objects", "nodes")


def _parts_before(stage: int, part: str) -> list[tuple[int, str]]:
    own = () if part == "all" else _PARTS[: _PARTS.index(part)]
    return [*((number, name) for number in range(stage) for name in _PARTS), *((stage, name) for name in own)]


def _is_done(hostvars: HostVars, stages: list[dict[str, t.Any]], stage: int, part: str) -> bool:
    """Whether every host of a part has come to its end. Ansible goes on without a host that it has lost."""
    return all(f"{stage} {part}" in (hostvars[host].get("barehost_upgraded") or []) for host in stages[stage][part])


def upgrade_plan(hostvars: HostVars) -> dict[str, t.Any]:
    """The plan of an upgrade, which only some hosts have registered; empty before it is made."""
    return next((dict(known) for variables in hostvars.values() if (known := variables.get("barehost_upgrade"))), {})


def etcd_hosts_in_turn(hostvars: HostVars) -> list[str]:
    """The hosts of a play: those whose member of etcd gets another version, in their order; none if nothing was planned."""
    plans = (hostvars[host].get("barehost_etcd_back") or {} for host in hostvars)
    return next((list(plan["hosts"]) for plan in plans if plan.get("hosts")), [])


def restart_turns(hostvars: HostVars) -> dict[str, list[t.Any]]:
    """The hosts that are restarted, in order, and the sizes of the batches, as C(hosts) and C(serial) of a play take them."""
    found: c.Mapping[str, t.Any] = next((known for variables in hostvars.values() if (known := variables.get("barehost_restart"))), {})
    return {"hosts": list(found.get("order") or []), "serial": list(found.get("serial") or [])}


def restart_has_failed(hostvars: HostVars) -> bool:
    """Whether the turn of a host has failed: the others of its batch end theirs, and no further batch begins."""
    names = ("barehost_restart_drain", "barehost_restart_turn")
    turns = [variables.get(name) or {} for variables in hostvars.values() for name in names]
    return any(turn.get("failed") or turn.get("unreachable") for turn in turns)


def converged_nodes(cluster: dict[str, t.Any], hostvars: HostVars, result: str) -> list[dict[str, t.Any]]:
    """The nodes whose host this run has converged: its variable ``result``, registered by a task, is there and tells of no failure.

    A host that the survey found settled counts too. One that the run left out or could not reach has no say in whether the others are
    complete.
    """
    known = {host: hostvars[host] for host in cluster["node_hosts"] if host in hostvars}
    return [cluster["nodes"][host] for host, found in known.items() if _is_settled(found) or _has_converged(found.get(result))]


def _is_settled(found: c.Mapping[str, t.Any]) -> bool:
    return bool((found.get("barehost_survey") or {}).get("settled"))


def _has_converged(done: c.Mapping[str, t.Any] | None) -> bool:
    return done is not None and bool(done) and not (done.get("failed") or done.get("unreachable") or done.get("skipped"))


def changed_nodes(
    cluster: dict[str, t.Any],
    hostvars: HostVars,
    results: c.Iterable[str],
) -> list[str]:
    """The hosts of nodes where a task that registered one of these variables has changed something, or has failed and may have."""
    found = {host: [hostvars[host].get(result) or {} for result in results] for host in cluster["node_hosts"] if host in hostvars}
    return [host for host, done in found.items() if any(result.get("changed") or result.get("failed") for result in done)]


def silent_hosts(cluster: dict[str, t.Any], hostvars: HostVars, result: str) -> list[str]:
    """The hosts that may carry a cluster and have not said whether they do: their ``result`` has no actions, or there is none."""
    asked = {*cluster["etcd_hosts"], *cluster["masters"]}
    answers = {host: hostvars[host].get(result) or {} for host in asked if host in hostvars}
    return sorted(host for host in asked if "actions" not in answers.get(host, {}))


def health_report(
    cluster: dict[str, t.Any],
    hostvars: HostVars,
    asked: list[str],
    answering: list[str],
) -> dict[str, list[str]]:
    """What the tasks of ``health.yml`` have registered, as ``lines`` for people and ``faults``.

    ``asked`` are the hosts of the play, ``answering`` those that it has not lost.
    """
    return health_reports.report(cluster, hostvars, asked=asked, answering=answering)._asdict()


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {
            "settled": settled,
            "unsettled": unsettled,
            "hosts_of_other_versions": hosts_of_other_versions,
            "hosts_to_upgrade": hosts_to_upgrade,
            "upgrade_plan": upgrade_plan,
            "etcd_hosts_in_turn": etcd_hosts_in_turn,
            "restart_turns": restart_turns,
            "restart_has_failed": restart_has_failed,
            "converged_nodes": converged_nodes,
            "changed_nodes": changed_nodes,
            "silent_hosts": silent_hosts,
            "health_report": health_report,
        }
