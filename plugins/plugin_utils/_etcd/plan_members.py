# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the membership of an etcd cluster: compares the inventory with the answers of the members. Pure.

A plan is a sequence of single steps: the next safe step of a view, then the next safe step of the view after it, and so on. If a run is
interrupted anywhere, the next run plans again from the state it finds, and continues.

The rules follow etcd's documentation:

* runtime reconfiguration (https://etcd.io/docs/v3.7/op-guide/runtime-configuration/ and
  https://etcd.io/docs/v3.7/op-guide/runtime-reconf-design/): one change at a time; a dead member is removed before its
  replacement is added; a change needs a quorum of the present voters; a member that lost its data is another member;
  an advertised peer address is updated first, then the member is started with it. With ETCD_STRICT_RECONFIG_CHECK
  etcd adds no member while a voter is not connected to all others, and removes none if fewer than a quorum would be active.
* learners (https://etcd.io/docs/v3.7/learning/design-learner/): a new member is added as learner, which does not count for the
  quorum, and promoted when it has the log; one learner at a time.
"""

from __future__ import annotations

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import plan_starts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.cluster_view import (
    Member,
    View,
    Wanted,
    healthy,
    listed,
    quorum,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import (
    KIND,
    Members,
    Model,
    Plan,
    Policy,
    after,
    discard,
    names,
    start_member,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

UNLISTED = ("never", "safe", "always")
# More steps than a cluster of any sensible size needs; a longer plan repeats itself.
_LONGEST = 200

_CAREFUL = Policy()


def plan(*, wanted: Members, view: View, policy: Policy = _CAREFUL) -> Plan:
    """All steps in their order. Raises PlanError for a change that would lose the quorum."""
    if policy.remove_unlisted not in UNLISTED:
        raise PlanError(f"etcd: remove_unlisted: found {policy.remove_unlisted!r}, wanted one of {', '.join(UNLISTED)}")
    model = Model(view=view, wanted=wanted, policy=policy)
    actions: list[PlannedAction] = []
    if view.members is None:
        actions += plan_starts.first_steps(model)
        if not any(action.operation == "rebuild" for action in actions):
            return Plan(tuple(actions), ())
        model = after(model, actions[-1])
    for _turn in range(_LONGEST):
        action = _next(model)
        if action is None:
            return Plan(tuple(actions), _warnings(model))
        actions.append(action)
        model = after(model, action)
    raise AssertionError(f"the plan does not end: {[(action.operation, action.target) for action in actions[-8:]]}")


def _next(model: Model) -> PlannedAction | None:
    """The first step that is possible. Each step is safe by itself."""
    if (action := _starts(model)) is not None or _kept_apart(model):
        return action
    for rule in (_quorum_is_there, _addresses, _moved_starts, _removals, _learners, _additions, _last_removals):
        action = rule(model)
        if action is not None:
            return action
    return None


def _starts(model: Model) -> PlannedAction | None:
    """Starts members that have data and do not run. This is always safe."""
    for wanted in model.wanted:
        member = listed(wanted, model.members)
        if member and _stopped(model, wanted, member) and wanted.peer_url in member.peer_urls:
            return start_member(model, wanted, reason="has data and does not run")
    return None


def _stopped(model: Model, wanted: Wanted, member: Member) -> bool:
    state = model.view.host(wanted)
    return bool(state.data) and state.committed is None and not member.healthy and wanted.host not in model.started


def _kept_apart(model: Model) -> bool:
    """Whether there is no quorum although enough members run: not caused by the membership, and this run may repair it."""
    if model.policy.disaster_recovery or healthy(model.voters) >= quorum(len(model.voters)):
        return False
    run = [wanted for wanted in model.wanted if listed(wanted, model.voters) and model.view.host(wanted).committed is not None]
    return len(run) >= quorum(len(model.voters))


def _quorum_is_there(model: Model) -> PlannedAction | None:
    """Every change of the membership needs a quorum."""
    voters, up = len(model.voters), healthy(model.voters)
    if up >= quorum(voters):
        return None
    holders = [wanted for wanted in model.wanted if model.data(wanted) and listed(wanted, model.voters)]
    if model.policy.disaster_recovery and holders:
        # Only a running process tells what it has committed.
        silent = _moved_starts(model)
        return silent or plan_starts.rebuild(model, holders, found=f"{up} of {voters} voters are healthy, the quorum is {quorum(voters)}")
    down = ", ".join(member.title for member in model.voters if not member.healthy)
    raise PlanError(
        f"etcd: {up} of {voters} voters are healthy and the quorum of {voters} is {quorum(voters)}, so no member can be changed. "
        f"Not healthy: {down}. Bring back {quorum(voters) - up} of them, or set etcd_disaster_recovery: true to rebuild the cluster "
        "from the surviving member"
    )


def _addresses(model: Model) -> PlannedAction | None:
    """Tells the cluster the new address; the member is then restarted with it."""
    blocked = []
    for wanted in model.wanted:
        member = listed(wanted, model.members)
        if member is None or wanted.peer_url in member.peer_urls or not model.data(wanted):
            continue
        holder = next((other for other in model.members if wanted.peer_url in other.peer_urls), None)
        if holder is not None:
            blocked.append(f"{wanted.name} wants {wanted.peer_url}, which {holder.title} has")
            continue
        _must_stay(model, without=member, what=f"the new address of {wanted.name} takes it away while it restarts")
        return PlannedAction(
            kind=KIND,
            operation="update",
            target=wanted.name,
            reason=f"peer address: found {', '.join(member.peer_urls)}, wanted {wanted.peer_url}",
            before=f"{', '.join(member.peer_urls)}\n",
            after=f"{wanted.peer_url}\n",
            data={"host": wanted.host, "id": member.id, "peer_url": wanted.peer_url},
        )
    if blocked and not any(listed(wanted, model.members) is None for wanted in model.wanted):
        raise PlanError(f"etcd: addresses cannot be exchanged in one run: {'; '.join(blocked)}. Give one of them a free address first")
    return None


def _must_stay(model: Model, *, without: Member, what: str) -> None:
    """Refuses a restart that would leave no quorum, unless the member is a learner or the only voter."""
    voters = model.voters
    left, needed = healthy(voters) - without.healthy, quorum(len(voters))
    if without.learner or len(voters) == 1 or left >= needed or model.policy.disaster_recovery:
        return
    raise PlanError(
        f"etcd: {what}: {left} of {len(voters)} voters would be healthy and the quorum of {len(voters)} is {needed}. "
        "Mend or add members first, or set etcd_disaster_recovery: true to accept that etcd stands still meanwhile"
    )


def _moved_starts(model: Model) -> PlannedAction | None:
    for wanted in model.wanted:
        member = listed(wanted, model.members)
        if member and _stopped(model, wanted, member):
            return start_member(model, wanted, reason="its peer address has changed")
    return None


def _removals(model: Model) -> PlannedAction | None:
    """Removes what blocks an addition: members whose data is lost (they rejoin under a new ID) and dead members not in the inventory."""
    # A dead voter before one that is healthy: its removal costs the quorum nothing, the other one's may cost it.
    for member in sorted(model.members, key=lambda member: (not member.learner, member.healthy)):
        wanted = model.wanted_entry(member)
        if wanted is None:
            if (member.learner or not member.healthy) and _may_remove_unlisted(model):
                return _remove(model, member, reason="not in the inventory", host="")
        elif model.data(wanted) is False and member.ran:
            _can_be_added_again(model, member, wanted)
            return _remove(model, member, reason=f"{wanted.host} has lost its data: another member takes its place", host=wanted.host)
    return None


def _can_be_added_again(model: Model, lost: Member, wanted: Wanted) -> None:
    """Refuses a removal after which the member could not be added again."""
    if not lost.learner and len(model.voters) == 1:
        raise PlanError(
            f"etcd: {wanted.name} is the only voter and runs without its data directory, from files that are deleted or elsewhere. "
            "Nothing was changed. Save a snapshot now (etcdctl snapshot save) and restore it"
        )
    others = [member for member in model.voters if member.id != lost.id and not member.healthy and not _leaves(model, member)]
    if others:
        raise PlanError(
            f"etcd: {wanted.name} has lost its data, but etcd adds no member while a voter is not healthy: "
            f"{', '.join(member.title for member in others)}. {healthy(model.voters)} of {len(model.voters)} voters are healthy, the "
            f"quorum is {quorum(len(model.voters))}; nothing was changed. Mend these first, or take them out of the inventory"
        )


def _leaves(model: Model, member: Member) -> bool:
    wanted = model.wanted_entry(member)
    return _may_remove_unlisted(model) if wanted is None else model.data(wanted) is False


def _may_remove_unlisted(model: Model) -> bool:
    known = sum(model.wanted_entry(voter) is not None for voter in model.voters)
    rule = model.policy.remove_unlisted
    return rule == "always" or (rule == "safe" and 2 * known >= len(model.voters))


def _remove(model: Model, member: Member, *, reason: str, host: str) -> PlannedAction:
    voters = [voter for voter in model.voters if voter.id != member.id]
    left, needed = healthy(voters), quorum(len(voters))
    if not member.learner and left < needed:
        raise PlanError(
            f"etcd: {member.title} cannot be removed now ({reason}): without it {left} of {len(voters)} voters would be healthy, the "
            f"quorum is {needed}; nothing was changed. Mend the other members first, or take them out of the inventory"
        )
    return PlannedAction(
        kind=KIND,
        operation="remove",
        target=member.name or ", ".join(member.peer_urls),
        reason=f"{reason}; leaves {left} healthy of {len(voters)} voters, quorum {needed}" if not member.learner else reason,
        before=f"{member.title}\n",
        data={"host": host, "id": member.id},
    )


def _learners(model: Model) -> PlannedAction | None:
    """Starts a member that was added; promotes a learner that runs."""
    for member in model.members:
        wanted = model.wanted_entry(member)
        if wanted is None:
            continue
        if member.learner and (member.healthy or model.view.host(wanted).committed is not None):
            return PlannedAction(
                kind=KIND,
                operation="promote",
                target=wanted.name,
                reason="is a learner, wanted as a voter",
                before="learner\n",
                after="voter\n",
                data={"host": wanted.host, "id": member.id, "peer_url": wanted.peer_url},
            )
        if not member.healthy and model.data(wanted) is False and wanted.host not in model.started:
            return start_member(model, wanted, reason="was added to the cluster")
    return None


def _additions(model: Model) -> PlannedAction | None:
    missing = [wanted for wanted in model.wanted if listed(wanted, model.members) is None and model.data(wanted) is not None]
    if not missing:
        return None
    wanted = missing[0]
    in_the_way = [member for member in model.members if member.learner or not member.healthy]
    left = next((member for member in in_the_way if member.learner and not member.healthy and _not_observed(model, member)), None)
    if left is not None:
        return _remove(model, left, reason="a learner that does not run makes room; its host adds it again", host="")
    if in_the_way:
        raise PlanError(
            f"etcd: {wanted.name} cannot be added now: etcd adds no member while a voter is not healthy, and one learner at a time. "
            f"{healthy(model.voters)} of {len(model.voters)} voters are healthy; in the way: "
            f"{', '.join(member.title for member in in_the_way)}. Mend these first, or take them out of the inventory"
        )
    _can_do_without_leaving(model, wanted)
    if model.data(wanted):
        return discard(wanted, reason="the cluster does not have it as a member: the data is of a removed member or of another cluster")
    return PlannedAction(
        kind=KIND,
        operation="add",
        target=wanted.name,
        reason="in the inventory, not in the cluster",
        after=f"{wanted.name} ({wanted.peer_url}), learner\n",
        data={"host": wanted.host, "peer_url": wanted.peer_url},
    )


def _can_do_without_leaving(model: Model, joining: Wanted) -> None:
    """Refuses a replacement that needs the members that leave: the firewall closes to them before the new member has joined."""
    voters, leaving = model.voters, [voter for voter in model.voters if model.wanted_entry(voter) is None]
    staying = healthy(voter for voter in voters if voter not in leaving)
    if leaving and staying < quorum(len(voters)):
        raise PlanError(
            f"etcd: {joining.name} cannot take the place of {', '.join(member.title for member in leaving)} in one run: {staying} of "
            f"{len(voters)} voters are healthy and in the inventory, the quorum is {quorum(len(voters))}. "
            "Nothing was changed. Keep who leaves in the inventory until the new ones have joined, then take it out"
        )


def _not_observed(model: Model, member: Member) -> bool:
    wanted = model.wanted_entry(member)
    return wanted is not None and model.data(wanted) is None


def _last_removals(model: Model) -> PlannedAction | None:
    """Removes healthy members that are not in the inventory, once all wanted members are healthy voters."""
    unlisted = [member for member in model.voters if model.wanted_entry(member) is None]
    complete = all((found := listed(wanted, model.members)) and found.healthy and not found.learner for wanted in model.wanted)
    if not unlisted or not complete or not _may_remove_unlisted(model):
        return None
    return _remove(model, unlisted[0], reason="not in the inventory", host="")


def _warnings(model: Model) -> tuple[str, ...]:
    """The differences from the inventory that remain after the plan."""
    missing = [wanted for wanted in model.wanted if listed(wanted, model.members) is None]
    unlisted = [member.title for member in model.members if model.wanted_entry(member) is None]
    warnings = []
    if missing:
        warnings.append(f"etcd: {names(missing)} was not observed and is not added; let the play reach it")
    waiting = [wanted for wanted in model.wanted if (found := listed(wanted, model.members)) and found.learner]
    if waiting:
        warnings.append(f"etcd: {names(waiting)} was added as a learner and not started, and was not observed; let the play reach it")
    if unlisted:
        known = sum(model.wanted_entry(voter) is not None for voter in model.voters)
        warnings.append(
            f"etcd: not in the inventory and not removed: {', '.join(unlisted)}; the inventory has {known} of {len(model.voters)} voters "
            f"(remove_unlisted is {model.policy.remove_unlisted}, safe needs half of them, and all that the inventory has healthy)"
        )
    return tuple(warnings)
