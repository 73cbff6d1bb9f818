# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client that asks a member of etcd: by etcd's JSON API, and by etcdctl where that API refuses.

Where etcd has users, its JSON API takes no certificate for one, only tokens, and to give one etcd needs passwords and a quorum. The quorum
is missing when the state of the members matters most. etcdctl speaks gRPC, for which a certificate is enough.

etcdctl alone would do, but badly. Measured with etcd 3.7.2: the four calls of ``look`` take 0.05 s of processor time either way, and
twice that with both. At an address where nobody listens the JSON API fails at once and says "Connection refused"; etcdctl uses up its
timeout, here 3 s, and says "context deadline exceeded". Members that are down or not started yet are asked in every loop that waits.
"""

from __future__ import annotations

import base64
import ssl
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import etcdctl
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.json_api import EtcdUnreachable, JsonApi, Object
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.waiting import last_found

__all__ = ["Access", "EtcdApi", "EtcdRefusal", "EtcdUnreachable", "Object", "look", "until"]

_MEMBERS = "/v3/cluster/member"
# The answers to a call with a certificate where etcd has users: the certificate has a common name, or has none.
_NOBODY = ("CommonName of client sending a request against gateway will be ignored", "user name is empty")


# X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL
_CERTIFICATE_HAS_EXPIRED = 10


class EtcdRefusal(HostError):
    """The member refused."""


class Access(t.NamedTuple):
    """Paths on this host; empty for endpoints without TLS."""

    ca: str = ""
    cert: str = ""
    key: str = ""
    program: str = etcdctl.PROGRAM

    @property
    def files(self) -> tuple[str, str, str]:
        return self.ca, self.cert, self.key


class EtcdApi:
    """One endpoint of one member."""

    def __init__(self, url: str, access: Access, *, timeout: float = 5.0) -> None:
        self.url = url.rstrip("/")
        self._access = access
        self._timeout = timeout
        self._json = JsonApi(self.url, access.files, timeout=timeout)

    def members(self, *, linearizable: bool) -> Object:
        """All members with the header, which tells cluster and member; without a quorum only if not ``linearizable``."""
        return self._post(f"{_MEMBERS}/list", {"linearizable": linearizable})

    def add_learner(self, peer_url: str) -> None:
        self._post(f"{_MEMBERS}/add", {"peerURLs": [peer_url], "isLearner": True})

    def promote(self, member: str) -> None:
        self._post(f"{_MEMBERS}/promote", {"ID": member})

    def remove(self, member: str) -> None:
        self._post(f"{_MEMBERS}/remove", {"ID": member})

    def update(self, member: str, peer_url: str) -> None:
        self._post(f"{_MEMBERS}/update", {"ID": member, "peerURLs": [peer_url]})

    def transfer_leadership(self, member: str) -> None:
        """Only the leader can; ``member`` leads afterwards."""
        self._post("/v3/maintenance/transfer-leadership", {"targetID": member})

    def status(self) -> Object:
        return self._post("/v3/maintenance/status", {})

    def read(self, *, revision: int = 0) -> int:
        """A linearizable read of a key that need not be there: answered only by a member with a quorum behind it.

        Reads at ``revision`` (0: now), which is refused once it was compacted. Returns the revision that etcd has reached.
        """
        body: Object = {"key": base64.b64encode(b"health").decode(), "keys_only": True}
        answer = self._post("/v3/kv/range", {**body, **({"revision": str(revision)} if revision else {})})
        return int(answer.get("header", {}).get("revision", 0))

    def values(self, below: str, *, page: int) -> t.Iterator[tuple[bytes, bytes]]:
        """All keys that begin with ``below``, with their values; linearizable, ``page`` of them at a time."""
        first, end = below.encode(), below[:-1].encode() + bytes([below.encode()[-1] + 1])
        last = None
        while True:
            body = {"key": base64.b64encode(first).decode(), "range_end": base64.b64encode(end).decode(), "limit": str(page)}
            answer = self._post("/v3/kv/range", body)
            found = [(base64.b64decode(entry["key"]), base64.b64decode(entry.get("value", ""))) for entry in answer.get("kvs", [])]
            # A page begins with the last key of the page before: no argument of etcdctl can hold the key that follows it, with a NUL byte.
            yield from (entry for entry in found if entry[0] != last)
            if not answer.get("more"):
                return
            first = last = found[-1][0]

    def compact(self, revision: int) -> None:
        """Forgets all that was before ``revision``; answers when the space is free."""
        self._post("/v3/kv/compaction", {"revision": str(revision), "physical": True})

    def defragment(self) -> None:
        """Gives the free space of this member's database back to the file system. It answers nobody meanwhile."""
        self._post("/v3/maintenance/defragment", {})

    def disarm(self, member: str, alarm: str) -> None:
        """Ends an alarm of a member. By etcdctl, which has no choice, all alarms of all members end."""
        self._post("/v3/maintenance/alarm", {"action": "DEACTIVATE", "memberID": member, "alarm": alarm})

    def versions(self) -> Object:
        """``etcdserver``, ``etcdcluster`` and ``storage``: of the program, of what all members speak, and of this member's data."""
        return self._json.fields("/version")

    def downgrade(self, action: str, version: str = "") -> None:
        """``VALIDATE``, ``ENABLE`` with the version to go back to, or ``CANCEL``."""
        self._post("/v3/maintenance/downgrade", {"action": action, **({"version": version} if version else {})})

    def get(self, path: str) -> str:
        """``/health`` or ``/metrics``, whatever the status."""
        return self._json.get(path)

    def _post(self, path: str, body: Object) -> Object:
        answer = self._json.post(path, body)
        if answer.ok and answer.fields is not None:
            return answer.fields
        if self._access.cert and any(refusal in answer.message for refusal in _NOBODY):
            return self._by_certificate(path, body)
        raise EtcdRefusal(f"{self.url}{path} answers {answer.status}: {answer.message}")

    def _by_certificate(self, path: str, body: Object) -> Object:
        control = etcdctl.Etcdctl([self.url], self._access.files, program=self._access.program, timeout=self._timeout)
        try:
            return etcdctl.post(control, path, body)
        except etcdctl.EtcdctlError as error:
            raise EtcdRefusal(error.message) from error


def look(url: str, access: Access, *, timeout: float = 3.0) -> Object:
    """What one endpoint says; ``members`` is None when it says nothing, and empty for a learner, which does not know them.

    ``down``: it is certain that the endpoint serves no client. A timeout or a refused certificate proves nothing.
    """
    api = EtcdApi(url, access, timeout=timeout)
    said: Object = {
        "url": url,
        "members": None,
        "fault": "",
        "down": False,
        "linearizable": False,
        "learner": False,
        "leader": "",
        "applied": 0,
        "errors": [],
    }
    try:
        status = api.status()
        said.update(
            cluster_id=status["header"]["cluster_id"],
            member_id=status["header"]["member_id"],
            leader=_identity(status.get("leader")),
            learner=bool(status.get("isLearner")),
            applied=int(status.get("raftAppliedIndex", 0)),
            # its alarms, and that it has no leader
            errors=status.get("errors", []),
        )
        # a learner tells nothing else
        said["members"] = [] if said["learner"] else _members(api, linearizable=False)
        if not said["learner"]:
            api.read()
            said["members"] = _members(api, linearizable=True)
            said["linearizable"] = True
    except (EtcdUnreachable, EtcdRefusal) as error:
        said["fault"] = error.message
        said["down"] = _serves_nobody(error)
    return said


def _serves_nobody(error: Exception) -> bool:
    """Whether the error proves that the endpoint serves no client: nobody listens, or its own certificate has expired."""
    cause = error.__cause__
    expired = isinstance(cause, ssl.SSLCertVerificationError) and cause.verify_code == _CERTIFICATE_HAS_EXPIRED
    return isinstance(cause, ConnectionRefusedError) or expired


def _members(api: EtcdApi, *, linearizable: bool) -> list[Object]:
    return [_member(entry) for entry in api.members(linearizable=linearizable)["members"]]


def _member(entry: Object) -> Object:
    return {
        "id": entry["ID"],
        "name": entry.get("name", ""),
        "peer_urls": entry.get("peerURLs", []),
        "client_urls": entry.get("clientURLs", []),
        "learner": bool(entry.get("isLearner")),
    }


def _identity(value: t.Optional[str]) -> str:
    return "" if value in (None, "0") else str(value)


def until(attempt: t.Callable[[], bool], *, deadline: float, pause: float, what: str) -> None:
    """Tries again while the attempt gives False, or etcd refuses for now; at the deadline the last refusal is the error."""

    def fault() -> str:
        try:
            return "" if attempt() else "it is not so yet"
        except (EtcdUnreachable, EtcdRefusal) as error:
            return error.message

    found = last_found(fault, deadline=deadline, pause=pause)
    if found:
        raise HostError(f"{what} within {deadline:.0f} s: {found}")
