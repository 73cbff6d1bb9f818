# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``etcd_maintenance``: what the members say of their databases; compaction, defragmentation, the end of alarms.

All members are asked from one host, each at its own address.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import alarms, client, levels, member_list, quorum
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import (
    Access,
    EtcdApi,
    EtcdRefusal,
    EtcdUnreachable,
    Object,
)
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

# A compaction answers when all pages are free, a defragmentation when the database was written anew: 8 GB took etcd's authors minutes.
_LONG = 1800.0
# etcd is well again within this many seconds after it, or something else is wrong.
_HEALTHY_AGAIN = 60.0
_PAUSE = 0.3
_COMPACTED = "required revision has been compacted"


def run(step: str, payload: Object) -> Object:
    """Runs one step; raises HostError. Collecting waits for nobody: a step of another run may take minutes."""
    access = Access(**payload["access"])
    if step == "collect":
        return _collect(access, payload)
    with host_lock.held(changes=True):
        return STEPS[step](access, payload)


def _collect(access: Access, payload: Object) -> Object:
    """``members``: of each what it says of itself, or why it does not answer. ``revision``: that of etcd, 0 if nobody answers with a
    quorum behind it. ``compacted``: whether there is no history before it."""
    answers = _ask_all(payload["endpoints"], access)
    listed = {url: member["name"] for answer in answers for member in answer["members"] or [] for url in member["client_urls"]}
    answers += _ask_all(sorted(set(listed) - set(payload["endpoints"])), access)
    found = [{**answer, "name": listed.get(answer["url"], "")} for answer in answers]
    names = {member["id"]: member["name"] for answer in answers for member in answer["members"] or []}
    voters = max((sum(not member["learner"] for member in answer["members"] or []) for answer in answers), default=0)
    return {"members": found, "names": names, "voters": voters, **_history(answers, access)}


def _ask_all(urls: t.Sequence[str], access: Access) -> list[Object]:
    """Asks all members at the same time, so that several silent ones take no longer than one."""
    if not urls:
        return []
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(urls)) as pool:
        return list(pool.map(lambda url: _member(url, access), urls))


def _member(url: str, access: Access) -> Object:
    said = client.look(url, access)
    status: Object = {}
    found = levels.NOTHING
    if said["members"] is not None:
        try:
            api = EtcdApi(url, access)
            status = api.status()
            found = levels.of(api, status)
        except (EtcdUnreachable, EtcdRefusal) as error:
            said.update(linearizable=False, fault=error.message)
    return {
        **{key: said[key] for key in ("url", "fault", "learner", "leader", "members", "linearizable")},
        "id": said.get("member_id", ""),
        "errors": alarms.others(said["errors"]),
        "alarms": [list(alarm) for alarm in alarms.of(said["errors"])],
        "version": status.get("version", ""),
        # in bytes: the database, what of it is in use, and where etcd stops to accept writes
        **{key: int(status.get(name, 0)) for key, name in (("size", "dbSize"), ("in_use", "dbSizeInUse"), ("quota", "dbSizeQuota"))},
        "index": int(status.get("raftIndex", 0)),
        **found,
    }


def _history(answers: t.Sequence[Object], access: Access) -> Object:
    found = next((answer["url"] for answer in answers if answer["linearizable"]), None)
    if found is None:
        return {"revision": 0, "compacted": False}
    api = EtcdApi(found, access)
    revision = api.read()
    return {"revision": revision, "compacted": _is_compacted(api, revision)}


def _is_compacted(api: EtcdApi, revision: int) -> bool:
    """Whether nothing before the revision is left. The first revision, 1, is that of an empty database."""
    if revision <= 1:
        return True
    try:
        api.read(revision=revision - 1)
    except EtcdRefusal as error:
        if _COMPACTED in error.message:
            return True
        raise
    return False


def _compact(access: Access, payload: Object) -> Object:
    """Kubernetes compacts too: what it has compacted meanwhile is as wanted."""
    api = EtcdApi(payload["url"], access, timeout=_LONG)
    try:
        api.compact(payload["revision"])
    except EtcdRefusal as error:
        if _COMPACTED not in error.message:
            raise
    if not _is_compacted(api, payload["revision"]):
        raise HostError(f"etcd accepted a compaction to revision {payload['revision']}, but still has what was before. Run again")
    return {}


def _defragment(access: Access, payload: Object) -> Object:
    """One member. The leader hands over first, so that writers need not wait for it; if etcd refuses that, they wait."""
    reason = quorum.in_the_way(payload["url"], access)
    if reason:
        raise HostError(f"{payload['name']} is not defragmented, since it answers nobody meanwhile: {reason}")
    if payload["heir"]:
        with contextlib.suppress(EtcdRefusal):
            EtcdApi(payload["url"], access, timeout=10.0).transfer_leadership(payload["heir"])
    EtcdApi(payload["url"], access, timeout=_LONG).defragment()
    member_list.wait_until_led([payload["url"]], access, deadline=_HEALTHY_AGAIN)
    return {}


def _disarm(access: Access, payload: Object) -> Object:
    """Ends alarms, and looks whether they have ended: a database that is still full raises it again at the next write."""
    api = EtcdApi(payload["url"], access, timeout=10.0)
    wanted = [alarms.Alarm(*alarm) for alarm in payload["alarms"]]
    for alarm in wanted:
        api.disarm(alarm.member, alarm.name)

    def ended() -> bool:
        return not set(wanted) & set(alarms.of(api.status().get("errors", [])))

    client.until(ended, deadline=10.0, pause=_PAUSE, what="etcd accepted the end of the alarm, but it stands again; it did not end")
    return {}


STEPS: dict[str, t.Callable[[Access, Object], Object]] = {"compact": _compact, "defragment": _defragment, "disarm": _disarm}
