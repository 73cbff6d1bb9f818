# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner of certificates together with the host side and the PKI: a plan that was applied leaves nothing to plan."""

from __future__ import annotations

import os
import pathlib
import shutil
import tempfile
import typing as t

import pytest
from certificates_bench import item_in, openssl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import certificates
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import AUTHORITIES, Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import certificates as plan_certificates
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

DAY = 86400
NOW = 1_800_000_000.0


def planned(item: dict[str, t.Any], pki: Pki, now: float = NOW) -> list[PlannedAction]:
    state = certificates.collect([item])[0]
    return plan_certificates.plan(pki.enrich(item), state, PlanContext(component="test", now=now))


def converge(item: dict[str, t.Any], pki: Pki, now: float = NOW) -> list[PlannedAction]:
    """What the frame does."""
    actions = planned(item, pki, now)
    for action in actions:
        if action.operation == plan_certificates.ISSUE:
            (answer,) = certificates.request([action.data])
            action.data["certificate"] = pki.sign(item["authority"], answer["csr"], item)
    certificates.apply([action.for_host() for action in actions])
    return actions


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"), now=NOW)


@pytest.fixture
def item(tmp_path: pathlib.Path, pki: Pki) -> dict[str, t.Any]:
    """An item whose certificate is there and right."""
    item = item_in(tmp_path)
    converge(item, pki)
    assert planned(item, pki) == []
    return item


def test_a_bare_host_in_check_mode_and_then_for_real(tmp_path: pathlib.Path) -> None:
    item = item_in(tmp_path / "host", organizations=["system:nodes"])
    (predicted,) = planned(item, Pki(tmp_path / "pki", check_mode=True))
    (action,) = converge(item, Pki(tmp_path / "pki", now=NOW))
    assert predicted.report() == action.report() == {"kind": "certificate", "action": "issue", "path": item["path"], "reason": "absent"}
    assert predicted.diff() == action.diff()
    assert action.before == ""
    assert action.touched == (item["path"], item["key"])
    assert action.after == (
        "subject: O=system:nodes, CN=k8s.master.dev\n"
        "alternative names: DNS:k8s.master.dev, DNS:localhost, IP:127.0.0.1, IP:192.168.200.100\n"
        "usages: client, server\n"
        "issuer: etcd-ca\n"
        "lifetime: 365 days\n"
        "key: ECDSA P-256\n"
    )
    assert "PRIVATE" not in repr(action.data)


@pytest.mark.parametrize(
    ("changes", "reason", "line"),
    [
        ({"common_name": "other"}, "its subject differs", "subject: CN=other"),
        ({"organizations": ["system:masters"]}, "its subject differs", "subject: O=system:masters, CN=k8s.master.dev"),
        ({"dns": ["localhost"]}, "its alternative names differ", "alternative names: DNS:localhost, IP:127.0.0.1, IP:192.168.200.100"),
        ({"ips": []}, "its alternative names differ", "alternative names: DNS:k8s.master.dev, DNS:localhost"),
        ({"usages": ["client"]}, "its usages differ", "usages: client"),
        ({"days": 90}, "its lifetime differs", "lifetime: 90 days"),
        ({"authority": "kubernetes"}, "it was not issued by the present kubernetes-ca", "issuer: kubernetes-ca"),
    ],
)
def test_another_description_is_another_certificate(
    item: dict[str, t.Any], pki: Pki, changes: dict[str, t.Any], reason: str, line: str
) -> None:
    key = pathlib.Path(item["key"]).read_bytes()
    changed = {**item, **changes}
    (action,) = converge(changed, pki)
    assert action.reason == reason
    assert set(action.after.splitlines()) - set(action.before.splitlines()) >= {line}
    assert planned(changed, pki) == []
    assert pathlib.Path(item["key"]).read_bytes() == key


def test_another_order_or_spelling_is_the_same(item: dict[str, t.Any], pki: Pki) -> None:
    item = item_in(pathlib.Path(item["path"]).parents[1], dns=["b", "a"], ips=["fd00::1", "10.0.0.1"], organizations=["y", "x"])
    converge(item, pki)
    same = {**item, "dns": ["a", "b", "b"], "ips": ["10.0.0.1", "FD00:0::1"], "organizations": ["x", "y"], "usages": ["client", "server"]}
    assert planned(same, pki) == []


def test_it_is_renewed_in_time(item: dict[str, t.Any], pki: Pki) -> None:
    assert planned(item, pki, NOW + 334 * DAY) == []
    (soon,) = planned(item, pki, NOW + 336 * DAY)
    assert soon.reason == "it expires on 2028-01-15, within 30 days"
    assert "lifetime: 365 days, until 2028-01-15" in soon.before
    (late,) = planned(item, pki, NOW + 366 * DAY)
    assert late.reason == "it expired on 2028-01-15"
    (early,) = planned(item, pki, NOW - DAY)
    assert early.reason == "it is valid only from 2027-01-15 07:55 UTC on"


def test_what_can_be_wrong_on_the_host(item: dict[str, t.Any], pki: Pki, tmp_path: pathlib.Path) -> None:
    def spoil_certificate() -> None:
        pathlib.Path(item["path"]).write_text("nonsense")

    def other_key() -> None:
        pathlib.Path(item["key"]).write_text(openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))

    def link() -> None:
        shutil.move(item["path"], tmp_path / "moved")
        os.symlink(tmp_path / "moved", item["path"])

    def rsa() -> None:
        arguments = ["-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-keyout", item["key"], "-out", item["path"]]
        openssl("req", *arguments)

    for spoil, reason in (
        (spoil_certificate, "it is not a certificate in PEM form"),
        (other_key, "its key is no regular file, cannot be read or belongs to another certificate"),
        (lambda: os.unlink(item["key"]), "its key is absent"),
        (link, "it is not a regular file"),
        (rsa, "it was not issued by the present etcd-ca"),
    ):
        spoil()
        (action,) = converge(item, pki)
        assert action.reason == reason
        assert planned(item, pki) == []


def test_an_rsa_key_is_replaced(item: dict[str, t.Any], pki: Pki) -> None:
    directory = str(pki.directory)
    pathlib.Path(item["key"]).write_text(openssl("genpkey", "-algorithm", "RSA"))
    request = openssl("req", "-new", "-key", item["key"], "-subj", "/CN=k8s.master.dev")
    pair = ["-CA", f"{directory}/etcd-ca.crt", "-CAkey", f"{directory}/etcd-ca.key"]
    openssl("x509", "-req", *pair, "-out", item["path"], text=request)
    (action,) = converge(item, pki)
    assert action.reason == "its key is not ECDSA P-256"
    assert "key: another algorithm" in action.before
    assert planned(item, pki) == []


def test_a_new_authority_issues_everything_anew(item: dict[str, t.Any], tmp_path: pathlib.Path) -> None:
    (checked,) = planned(item, Pki(tmp_path / "new", check_mode=True))
    assert checked.reason == "its authority etcd-ca does not exist yet"
    (action,) = converge(item, Pki(tmp_path / "new", now=NOW))
    assert action.reason == "it was not issued by the present etcd-ca"


def test_owner_and_mode_alone_need_no_new_certificate(item: dict[str, t.Any], pki: Pki) -> None:
    certificate = pathlib.Path(item["path"]).read_bytes()
    os.chmod(item["key"], 0o644)
    os.chmod(item["path"], 0o600)
    actions = converge(item, pki)
    assert [(action.operation, action.target) for action in actions] == [("set-attributes", item["path"]), ("set-attributes", item["key"])]
    assert actions[1].reason == f"found {item['owner']}:{item['group']} 0644, wanted {item['owner']}:{item['group']} 0600"
    assert planned(item, pki) == []
    assert pathlib.Path(item["path"]).read_bytes() == certificate
    shared = {**item, "key_mode": "640"}
    converge(shared, pki)
    assert os.stat(item["key"]).st_mode & 0o777 == 0o640
    assert planned(shared, pki) == []


def test_owner_and_group_may_be_numbers(item: dict[str, t.Any], pki: Pki) -> None:
    item |= {"owner": str(os.geteuid()), "group": str(os.getegid())}
    assert planned(item, pki) == []
    other = planned({**item, "group": "4294967294"}, pki)
    assert [action.reason for action in other] == [
        f"found {os.geteuid()}:{os.getegid()} {mode}, wanted {os.geteuid()}:4294967294 {mode}" for mode in ("0644", "0600")
    ]


NAME = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789:-.", min_size=1, max_size=64)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z0-9]{1,10}){0,3}", fullmatch=True)
ITEMS = st.fixed_dictionaries(
    {
        "authority": st.sampled_from(AUTHORITIES),
        "common_name": NAME,
        "organizations": st.lists(NAME, max_size=3),
        "dns": st.lists(LABELS, max_size=5),
        "ips": st.lists(st.ip_addresses().map(str), max_size=5),
        "usages": st.lists(st.sampled_from(["server", "client"]), min_size=1, max_size=2),
        "days": st.integers(31, 5000),
        "key_mode": st.sampled_from(["0600", "0640", "0400"]),
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=ITEMS, second=ITEMS)
def test_plan_after_apply_is_empty(pki: Pki, tmp_path: pathlib.Path, first: dict[str, t.Any], second: dict[str, t.Any]) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as directory:
        for changes in (first, second):
            item = item_in(pathlib.Path(directory), **changes)
            for action in converge(item, pki):
                assert action.before != action.after
                assert action.reason
            assert planned(item, pki) == []
            openssl("verify", "-attime", str(int(NOW)), "-CAfile", str(pki.directory / f"{item['authority']}-ca.crt"), item["path"])
