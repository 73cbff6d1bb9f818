# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the list of etcd's members and the state of this host's member; changes the list.

A change is requested from any healthy member, and repeated for a while. After a change etcd refuses the next one until all voters have
been connected for some seconds (ETCD_STRICT_RECONFIG_CHECK), and the promotion of a learner until it has the log.
The list of members shows whether a change was made, so a lost answer or a killed run does no harm.
"""

from __future__ import annotations

import concurrent.futures
import os
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import client
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import Access, EtcdApi, EtcdUnreachable, Object
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.waiting import last_found

_PAUSE = 0.3
_DEADLINE = 60.0
_ELECTION = 10.0
_COMMITTED = "etcd_server_proposals_committed_total"


def run(step: str, payload: Object) -> Object:
    """Runs one step; raises HostError."""
    return STEPS[step](payload)


def _collect(payload: Object) -> Object:
    """``answers``: of the endpoints, and of the client addresses that these list; ``host``: the state of this host's member."""
    access = Access(**payload["access"])
    patience = payload.get("election", _ELECTION)
    answers = _ask_until_led(payload["endpoints"], access, patience)
    known = {url for answer in answers for member in answer["members"] or [] for url in member["client_urls"]}
    answers += _ask_until_led(sorted(known - set(payload["endpoints"])), access, patience)
    started = os.path.exists(payload["started_file"])
    found = {**local(payload["data_directory"], payload["metrics_url"]), "was_up": started}
    return {"answers": answers, "host": found, "used": used(payload["apiserver_file"])}


def _ask_until_led(urls: t.Sequence[str], access: Access, patience: float) -> list[Object]:
    """A member that answers without a leader may be electing one: waits up to ``patience`` seconds for that."""
    return last_found(
        lambda: ask_all(urls, access),
        well=lambda answers: all(answer["members"] is None or led(answer) for answer in answers),
        deadline=patience,
        pause=_PAUSE,
    )


def led(answer: Object) -> bool:
    """Whether the member has a leader: a voter then answers a linearizable read, a learner names the leader."""
    return bool(answer["linearizable"] or (answer["learner"] and answer["leader"]))


def ask_all(urls: t.Sequence[str], access: Access) -> list[Object]:
    """Asks all members at the same time, so that several silent ones take no longer than one."""
    if not urls:
        return []
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(urls)) as pool:
        return list(pool.map(lambda url: client.look(url, access), urls))


def used(apiserver_file: str) -> list[str]:
    """The members that the apiserver of this host is configured to use, if there is one."""
    try:
        with open(apiserver_file, encoding="utf-8") as file:
            found = re.search(r"--etcd-servers=([^\s\"\\]+)", file.read())
    except OSError:
        return []
    return found.group(1).split(",") if found else []


def local(data_directory: str, metrics_url: str) -> Object:
    """Whether this host has a member's data, and what its process has committed (a member without a leader answers no client)."""
    data = os.path.isdir(os.path.join(data_directory, "member", "wal"))
    return {"data": data, "committed": _committed(metrics_url) if data else None}


def _committed(metrics_url: str) -> t.Optional[int]:
    try:
        text = EtcdApi(metrics_url, Access(), timeout=2.0).get("/metrics")
    except EtcdUnreachable:
        return None
    values = [line.split()[1] for line in text.splitlines() if line.startswith(f"{_COMMITTED} ")]
    return int(float(values[0])) if values else None


def _apply(payload: Object) -> Object:
    """Performs actions on the list of members, in their order. The actions of a single host (start, discard, rebuild) are elsewhere."""
    cluster = _Cluster(Access(**payload["access"]), payload["endpoints"])
    for action in payload["actions"]:
        try:
            CHANGES[action["operation"]](cluster, action["data"])
        except HostError as error:
            raise HostError(f"etcd member {action['target']} cannot be {_PAST[action['operation']]}: {error.message}") from error
    return {}


class _Cluster:
    """Finds the healthy members again before every attempt."""

    def __init__(self, access: Access, endpoints: t.Sequence[str]) -> None:
        self._access = access
        self._endpoints = list(endpoints)

    def healthy(self) -> list[Object]:
        answers = ask_all(self._endpoints, self._access)
        found = [answer for answer in answers if answer["linearizable"]]
        if not found:
            raise EtcdUnreachable("no member has a quorum: " + "; ".join(answer["fault"] for answer in answers))
        return found

    def api(self, answer: Object) -> EtcdApi:
        return EtcdApi(answer["url"], self._access, timeout=10.0)

    def change(self, done: t.Callable[[list[Object]], bool], ask: t.Callable[[EtcdApi], None], *, avoid: str = "") -> None:
        """Asks a healthy member, if possible another than ``avoid``, until ``done`` holds for the list of members.

        Asks the leader first. Where etcd has users, a promotion that another member forwards to the leader is refused, because the name
        of the caller is not forwarded (etcdserver/api/etcdhttp/peer.go, etcd 3.7), and the request times out.
        """

        def attempt() -> bool:
            answers = sorted(self.healthy(), key=lambda answer: (answer["member_id"] == avoid, answer["member_id"] != answer["leader"]))
            if done(answers[0]["members"]):
                return True
            if avoid:
                self._depose(answers, avoid)
            ask(self.api(answers[0]))
            return done(self.healthy()[0]["members"])

        client.until(attempt, deadline=_DEADLINE, pause=_PAUSE, what="not done")

    def _depose(self, answers: list[Object], member: str) -> None:
        """Moves the leadership away from a member that leaves, so that no election interrupts writers."""
        leader = next((answer for answer in answers if answer["member_id"] == member == answer["leader"]), None)
        heir = next((answer for answer in answers if answer["member_id"] != member), None)
        if leader and heir:
            self.api(leader).transfer_leadership(heir["member_id"])


def _add(cluster: _Cluster, data: Object) -> None:
    url = data["peer_url"]
    cluster.change(lambda members: any(url in member["peer_urls"] for member in members), lambda api: api.add_learner(url))


def _promote(cluster: _Cluster, data: Object) -> None:
    """Finds the member by its address: the plan may not know the ID of a member that was added after it was made."""
    url = data["peer_url"]

    def ask(api: EtcdApi) -> None:
        found = [member["ID"] for member in api.members(linearizable=True)["members"] if url in member.get("peerURLs", [])]
        if not found:
            raise HostError(f"no member has the peer address {url}; it may have been removed meanwhile. Run the playbook again")
        api.promote(found[0])

    cluster.change(lambda members: any(url in member["peer_urls"] and not member["learner"] for member in members), ask)


def _remove(cluster: _Cluster, data: Object) -> None:
    member = data["id"]
    cluster.change(lambda members: all(entry["id"] != member for entry in members), lambda api: api.remove(member), avoid=member)


def _update(cluster: _Cluster, data: Object) -> None:
    member, url = data["id"], data["peer_url"]
    cluster.change(
        lambda members: any(entry["id"] == member and url in entry["peer_urls"] for entry in members),
        lambda api: api.update(member, url),
    )


def wait_until_led(urls: t.Sequence[str], access: Access, *, deadline: float) -> None:
    """Waits until each endpoint has a leader."""
    silent = last_found(lambda: [said for said in ask_all(urls, access) if not led(said)], deadline=deadline, pause=_PAUSE)
    if silent:
        told = "; ".join(f"{said['url']}: {said['fault']}" for said in silent)
        raise HostError(f"etcd has no leader after {deadline:.0f} s: {told}")


def _wait(payload: Object) -> Object:
    wait_until_led(payload["endpoints"], Access(**payload["access"]), deadline=payload["deadline"])
    return {}


CHANGES: dict[str, t.Callable[[_Cluster, Object], None]] = {"add": _add, "promote": _promote, "remove": _remove, "update": _update}
_PAST = {"add": "added", "promote": "promoted", "remove": "removed", "update": "given another address"}
STEPS: dict[str, t.Callable[[Object], Object]] = {"collect": _collect, "apply": _apply, "wait": _wait}
