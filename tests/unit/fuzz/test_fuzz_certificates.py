# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates with two things wrong, down to single bytes: issued anew with a reason, or left alone; never a traceback."""

from __future__ import annotations

import base64
import copy
import dataclasses
import functools
import typing as t

from hypothesis import given
from hypothesis import strategies as st
from two_faults import TALLY, Case, Fault, cases, examples, keys, planned

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, issuing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import certificates
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

Object = dict[str, t.Any]
NOW = 1_800_000_000.0
DAY = 86400
ITEM: Object = {
    "name": "member",
    "path": "/etc/etcd/pki/member.crt",
    "key": "/etc/etcd/pki/member.key",
    "authority": "etcd",
    "common_name": "k8s.master.dev",
    "dns": ["localhost"],
    "ips": ["127.0.0.1"],
    "usages": ["client", "server"],
    "owner": "etcd",
}


@functools.cache
def authority(name: str) -> tuple[t.Any, t.Any]:
    """Two of one name have different keys."""
    key = certs.new_key()
    return issuing.make_authority(name.partition("/")[0], key, NOW), key


@functools.cache
def _leaf_key() -> t.Any:
    return certs.new_key()


def issued(item: Object, *, by: str = "etcd", at: float = NOW) -> str:
    certificate, key = authority(by)
    return certs.pem(issuing.make_leaf(item, _leaf_key().public_key(), authority=certificate, authority_key=key, now=at))


@dataclasses.dataclass
class Pair:
    """A described certificate, and what its host has."""

    item: Object
    state: Object


# One for all examples: a signature has random numbers, and hypothesis repeats its examples.
_ISSUED = issued(ITEM)


def _well() -> Pair:
    found = {"type": "file", "owner": "etcd", "group": "etcd", "uid": "998", "gid": "998"}
    state = {"certificate": _ISSUED, "certificate_found": {**found, "mode": "0644"}, "key_found": {**found, "mode": "0600"}}
    item = {**ITEM, "authority_certificate": certs.pem(authority("etcd")[0])}
    return Pair(item, {**state, "key": "matches"})


WELL = st.builds(_well)


def _sets(**fields: t.Any) -> t.Callable[[Pair, st.DrawFn], None]:
    def strike(pair: Pair, draw: st.DrawFn) -> None:
        pair.state.update(copy.deepcopy(fields))

    return strike


def _found(side: str, **fields: str) -> t.Callable[[Pair, st.DrawFn], None]:
    def strike(pair: Pair, draw: st.DrawFn) -> None:
        pair.state[side] = {**pair.state[side], **fields}

    return strike


def _wants(**fields: t.Any) -> t.Callable[[Pair, st.DrawFn], None]:
    def strike(pair: Pair, draw: st.DrawFn) -> None:
        pair.item.update(copy.deepcopy(fields))

    return strike


def _bytes(pair: Pair, draw: st.DrawFn) -> bool:
    """Bytes of the certificate are others: it may be no certificate, one with strange extensions, or one that nobody signed."""
    text = pair.state["certificate"]
    if not text or "BEGIN CERTIFICATE" not in text:
        return False
    der = bytearray(base64.b64decode("".join(text.split("-----")[2].split())))
    for _index in range(draw(st.integers(1, 3))):
        der[draw(st.integers(0, len(der) - 1))] = draw(st.integers(0, 255))
    pair.state["certificate"] = f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(bytes(der)).decode()}-----END CERTIFICATE-----\n"
    return True


def _cut(pair: Pair, draw: st.DrawFn) -> bool:
    text = pair.state["certificate"]
    if not text:
        return False
    pair.state["certificate"] = text[: draw(st.integers(0, len(text)))]
    return True


def _absent(pair: Pair, draw: st.DrawFn) -> None:
    pair.state.update(certificate=None, certificate_found={"type": "absent"}, key="unknown")


FAULTS: list[Fault[Pair]] = [
    Fault("absent", _absent),
    Fault("other bytes", _bytes),
    Fault("cut off", _cut),
    Fault("not text", _sets(certificate="\ufffd\ufffd\x00")),
    Fault("of another authority of that name", _sets(certificate=issued(ITEM, by="etcd/other"))),
    Fault("of another authority", _sets(certificate=issued(ITEM, by="kubernetes"))),
    Fault("the authority itself", _sets(certificate=certs.pem(authority("etcd")[0]))),
    Fault("expired", _sets(certificate=issued(ITEM, at=NOW - 400 * DAY))),
    Fault("not valid yet", _sets(certificate=issued(ITEM, at=NOW + 2 * DAY))),
    Fault("for another name", _sets(certificate=issued({**ITEM, "common_name": "another"}))),
    Fault("a link", _found("certificate_found", type="link", target="/x")),
    Fault("key absent", _sets(key="absent", key_found={"type": "absent"})),
    Fault("key of another certificate", _sets(key="differs")),
    Fault("another owner", _found("certificate_found", owner="root", uid="0")),
    Fault("key that all may read", _found("key_found", mode="0644")),
    Fault("owner without a name", _found("key_found", owner="12345", uid="12345")),
    Fault("no authority yet", _wants(authority_certificate=None)),
    Fault("authority that cannot be read", _wants(authority_certificate="nonsense")),
    Fault("the operator writes a name as address", _wants(ips=["localhost"])),
    Fault("the operator renews later than it ends", _wants(days=10, renew_before_days=20)),
    Fault("the operator gives too long a name", _wants(common_name="n" * 65)),
    Fault("the operator changes a name", _wants(dns=["another"])),
    Fault("the operator wants a number as owner", _wants(owner="998")),
]


def plan_of(pair: Pair) -> list[PlannedAction] | None:
    return planned(lambda: certificates.plan(pair.item, pair.state, PlanContext(component="test", now=NOW)))


def apply(pair: Pair, actions: list[PlannedAction]) -> None:
    for action in actions:
        if action.operation == certificates.ISSUE:
            pair.state.update(certificate=issued(pair.item), key="matches")
        for side, mode in (("certificate_found", "mode"), ("key_found", "key_mode")):
            path = pair.item["path" if side == "certificate_found" else "key"]
            if action.operation == certificates.ISSUE or action.target == path:
                owner = action.data["owner"]
                own = {"owner": owner, "group": action.data["group"], "uid": owner, "gid": owner}
                wanted = action.data[mode if action.operation == certificates.ISSUE else "mode"]
                pair.state[side] = {"type": "file", **own, "mode": wanted}


@examples(2)
@given(case=cases(WELL, FAULTS))
def test_a_certificate_with_two_faults(case: Case[Pair]) -> None:
    TALLY.count("certificate", case.faults)
    pair = copy.deepcopy(case.state)
    actions = plan_of(pair)
    if actions is None or certs.load(pair.item["authority_certificate"] or "") is None:
        return
    apply(pair, actions)
    again = plan_of(pair)
    assert again is not None
    assert keys(again) == []
