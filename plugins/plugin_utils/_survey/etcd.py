# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a survey that ask for etcd: whether its members are those of the inventory, and what a former member has left."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.options import validated
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import host_plan, plan_cleanup, requests
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Members
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import role_tasks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.part import Object, Part
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site

_MEMBERS = "barehost.kubernetes.etcd_members"
_ROLE = "etcd"
_PENDING = "members of etcd"


class MembersPart(Part):
    """The members of etcd, as a host of the group etcd sees them."""

    module = "_etcd.membership"

    def __init__(self, arguments: Object, wanted: Members, host: str) -> None:
        self._arguments, self._wanted, self._host = arguments, wanted, host

    def request(self) -> Object:
        return requests.observation(self._arguments, self._wanted, patient=False)

    def pending(self, answer: Object) -> dict[str, str]:
        observations = {self._host: answer}
        if not host_plan.in_sync(self._wanted, host_plan.view_of(observations), host=self._host):
            return {_PENDING: "they are not those of the inventory, or not all of them are well"}
        return dict.fromkeys(host_plan.standing_alarms(observations) and [_PENDING], "an alarm stands")


class FormerMemberPart(Part):
    """What a former member has left on a host that is not in the group etcd."""

    module = "_etcd.former_member"

    def __init__(self, arguments: Object, wanted: Members, node: Object) -> None:
        self._arguments, self._wanted, self._node = arguments, wanted, node

    def request(self) -> Object:
        return requests.former_member(self._arguments, self._wanted)

    def pending(self, answer: Object) -> dict[str, str]:
        plan = plan_cleanup.plan(answer, name=self._node["name"], address=self._node["address"], leaving=())
        return dict.fromkeys([_PENDING] if plan else [], "a former member has left something on this host")


def parts_of(site: Site) -> list[Part]:
    """The part of etcd that ``site.yml`` would look at on this host, if there is one."""
    cluster = site.cluster
    wanted = host_plan.wanted_of(plain(cluster["etcd"]["members"]))
    if site.host in cluster["etcd_hosts"]:
        return [MembersPart(_arguments(site, "observe.yml"), wanted, site.host)]
    if site.host in cluster["masters"]:
        return [FormerMemberPart(_arguments(site, "clean.yml"), wanted, plain(cluster["nodes"][site.host]))]
    return []


def _arguments(site: Site, file: str) -> Object:
    task = role_tasks.tasks_of(_ROLE, _MEMBERS, file=file)[0]
    own = role_tasks.seen_by([_ROLE], site).with_task(task.variables)
    options: t.Mapping[str, t.Any] = own.templates.value(task.options)
    return validated(options, requests.ARGUMENT_SPEC)
