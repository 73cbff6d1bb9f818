# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the steps of an etcd cluster of which no member answers: a first start, the start of what has stopped, or a rebuild. Pure."""

from __future__ import annotations

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.cluster_view import quorum
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import KIND, Members, Model, initial_cluster, names, start
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD


def first_steps(model: Model) -> tuple[PlannedAction, ...]:
    """Either a first start of all members, also an unfinished one; or a stopped cluster, whose hosts with data start."""
    holders = [wanted for wanted in model.wanted if model.data(wanted)]
    unknown = [wanted for wanted in model.wanted if model.data(wanted) is None]
    empty = [wanted for wanted in model.wanted if model.data(wanted) is False]
    initial = initial_cluster((wanted.name, wanted.peer_url) for wanted in model.wanted)
    total = len(model.wanted)
    if not holders or _never_led(model, holders):
        if unknown:
            raise PlanError(
                f"etcd: no member answers, and {names(unknown)} was not observed, so it is unknown whether this is a first start. "
                "Let the play reach all members of the etcd group"
            )
        _forgets_nothing(model, empty)
        reason = "the first start was not finished" if holders else "no host has data and no member answers: first start"
        return tuple(start(wanted, reason=reason, initial=initial, state="new") for wanted in empty)
    silent = [wanted for wanted in holders if model.view.host(wanted).committed is None]
    if silent:
        return tuple(start(wanted, reason="has data and does not run", initial=initial, state="existing") for wanted in silent)
    if model.policy.disaster_recovery:
        return (rebuild(model, holders, found=f"{len(holders)} of {total} members run and have no leader, the quorum is {quorum(total)}"),)
    if len(holders) >= quorum(total):
        # Enough members run. What separates them is not the membership, and this run may repair it.
        return ()
    raise PlanError(
        f"etcd: {len(holders)} of {total} members run with data ({names(holders)}) and none of them has a leader; the quorum of {total} is "
        f"{quorum(total)}. Bring back {quorum(total) - len(holders)} more; or "
        "restore a snapshot; or set etcd_disaster_recovery: true to rebuild the cluster from the one that has committed most"
    )


def _forgets_nothing(model: Model, empty: Members) -> None:
    """A start of members without data is no first start if they had data before."""
    lost = [wanted for wanted in empty if model.view.host(wanted).was_up]
    if lost:
        raise PlanError(
            f"etcd: {names(lost)} had data, which is gone, and no member answers; nothing was changed. "
            f"Restore a snapshot; or, to begin with an empty etcd, remove {ETCD.files['started']} there"
        )


def _never_led(model: Model, holders: Members) -> bool:
    """Whether the processes have committed only the list of members they were started with. Then there was never a leader, since the
    first entry of a leader comes after that list; so there was never a key."""
    committed = [model.view.host(wanted).committed for wanted in holders]
    return len(holders) < len(model.wanted) and all(index is not None and index <= len(model.wanted) for index in committed)


def rebuild(model: Model, holders: Members, *, found: str) -> PlannedAction:
    """The survivor becomes a cluster of one member. The others are then no members, and join it as new hosts do."""
    survivor = max(holders, key=lambda wanted: (model.view.host(wanted).committed or 0, -model.wanted.index(wanted)))
    return PlannedAction(
        kind=KIND,
        operation="rebuild",
        target=survivor.name,
        reason=f"disaster recovery: {found}",
        data={"host": survivor.host, "initial_cluster": initial_cluster([(survivor.name, survivor.peer_url)]), "state": "existing"},
    )
