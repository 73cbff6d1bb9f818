# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has of certificates and keys, compared with what is described for it."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

import pytest
from made import CA, DAY, FILE, ITEM, NOW, OF_ROOT, PATH, Made, entries_of, pair

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import entries
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.described import Described, of_items, users
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.entries import Entry, judged
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.of_host import clock
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, issuing


@pytest.fixture
def made(tmp_path: pathlib.Path) -> Made:
    return Made(tmp_path / "pki")


def one(made: Made, answer: dict[str, t.Any]) -> Entry:
    (entry,) = entries_of(made, {"certificates": [answer]})
    return entry


def test_a_certificate_as_described(made: Made) -> None:
    entry = one(made, pair(made.leaf()))
    assert (entry.host, entry.kind, entry.name, entry.path) == ("m1", "certificate", "kube-apiserver", PATH)
    assert (entry.days_left, entry.subject, entry.usages) == (364, "CN=kube-apiserver", ("server",))
    assert entry.alternative_names == ("DNS:kubernetes", "DNS:localhost", "IP:127.0.0.1", "IP:192.0.2.10")
    assert (entry.issuer, entry.used_by, entry.differences) == ("kubernetes-ca", ("kube-apiserver.service",), ())
    assert entry.issuer_fingerprint and len(entry.fingerprint) == 64 and entry.not_after == "2028-01-15T07:55:00Z"
    assert judged(entry, days=30, now=NOW).state == "ok"


@pytest.mark.parametrize(
    ("leaf", "answer", "told"),
    [
        (
            {"dns": ["kubernetes"], "ips": ["127.0.0.1", "192.0.2.99"]},
            {},
            "its alternative names lack DNS:localhost, IP:192.0.2.10 and have",
        ),
        ({"dns": ["evil", *ITEM["dns"]]}, {}, "its alternative names have DNS:evil besides"),
        (
            {"common_name": "other", "organizations": ["system:masters"]},
            {},
            "its subject is O=system:masters, CN=other, wanted CN=kube-api",
        ),
        ({"usages": ["client", "server"]}, {}, "its usages have client besides"),
        ({"by": "etcd"}, {}, "it was not issued by the present kubernetes-ca"),
        ({}, {"key": "differs"}, "its key /etc/kubernetes/pki/apiserver.key is no regular file, cannot be read or belongs to another"),
        ({}, {"key": "absent", "key_found": {"type": "absent"}}, "its key /etc/kubernetes/pki/apiserver.key is not there"),
        ({}, {"key_found": {**FILE, "mode": "0644"}}, "its key: its mode is 0644, wanted 0600"),
        ({}, {"found": {**FILE, "owner": "root", "mode": "0666"}}, "its mode is 0666, wanted 0644"),
        ({}, {"found": {**FILE, "type": "link"}}, "it is a link, wanted a file"),
        ({}, {"holds_key": True}, "a private key is in the same file"),
    ],
)
def test_what_differs(made: Made, leaf: dict[str, t.Any], answer: dict[str, t.Any], told: str) -> None:
    entry = one(made, pair(made.leaf(**leaf), **answer))
    assert any(text.startswith(told) for text in entry.differences), entry.differences
    assert judged(entry, days=30, now=NOW).state == "differs"


def test_a_certificate_that_ends_after_its_authority(made: Made) -> None:
    late = issuing.make_leaf(
        {**ITEM, "days": 5000},
        certs.new_key().public_key(),
        authority=made.roots["kubernetes"],
        authority_key=made.keys["kubernetes"],
        now=NOW,
    )
    assert one(made, pair(late)).differences == ()
    old = Made(made.directory.parent / "old", at=NOW - 3500 * DAY)
    (entry,) = entries_of(old, {"certificates": [pair(made.leaf())]})
    assert entry.differences == ("it was not issued by the present kubernetes-ca", "it ends after its authority, which ends on 2027-06-14")
    assert (entry.issuer, entry.issuer_fingerprint) == ("kubernetes-ca", "")


@pytest.mark.parametrize(
    ("age", "days", "state"),
    [
        (0, 30, "ok"),
        (334, 30, "ok"),
        (335, 30, "due"),
        (335, 0, "ok"),
        (364, 0, "ok"),
        (365, 0, "expired"),
        (400, 0, "expired"),
        (-10, 30, "not valid yet"),
    ],
)
def test_the_days(made: Made, age: int, days: int, state: str) -> None:
    now = NOW + age * DAY
    (entry,) = entries_of(made, {"certificates": [pair(made.leaf())]}, now=now)
    assert judged(entry, days=days, now=now).state == state


def test_an_authority_is_a_warning_for_a_year(made: Made) -> None:
    known = dataclasses.replace(one(made, pair(made.leaf())), kind=entries.AUTHORITY, days_left=364)
    assert [judged(dataclasses.replace(known, days_left=left), days=30, now=NOW).state for left in (365, 364, 30, 29)] == [
        "ok",
        "warning",
        "warning",
        "due",
    ]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (pair(None), "missing"),
        (pair(None, found=FILE, fault="it cannot be read: Input/output error"), "unreadable"),
        (pair(None, found=FILE), "unreadable"),
        (pair(None, found=FILE, pem=["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]), "unreadable"),
    ],
)
def test_what_is_no_certificate(made: Made, answer: dict[str, t.Any], state: str) -> None:
    entry = judged(one(made, answer), days=30, now=NOW)
    assert (entry.state, entry.days_left) == (state, None)
    assert entry.differences


def file_item(**changes: t.Any) -> dict[str, t.Any]:
    return {"path": CA, "owner": "root", "group": "root", "mode": "0644", "kind": "authority", "pki": "kubernetes-ca.crt", **changes}


def found(**changes: t.Any) -> dict[str, t.Any]:
    return {"found": OF_ROOT, "fault": "", "same": True, "holds_key": False, **changes}


def files(made: Made, item: dict[str, t.Any], answer: dict[str, t.Any]) -> list[Entry]:
    return entries_of(made, {"certificates": [pair(made.leaf())], "files": [answer]}, files=[item])[1:]


def test_the_copy_of_an_authority(made: Made) -> None:
    (entry,) = files(made, file_item(), found(pem=[certs.pem(made.roots["kubernetes"])]))
    assert (entry.kind, entry.subject, entry.differences) == ("authority", "CN=kubernetes-ca", ())
    assert entry.used_by == ("kube-apiserver.service",)
    other = certs.pem(made.roots["etcd"])
    first, second = files(made, file_item(), found(same=False, pem=[certs.pem(made.roots["kubernetes"]), other]))
    assert first.differences == ("its content is not kubernetes-ca.crt of the PKI directory",)
    assert (second.subject, second.differences) == ("CN=etcd-ca", ())
    (nothing,) = files(made, file_item(), found(pem=[]))
    assert nothing.state == "unreadable"


def test_a_kubeconfig_ends_with_the_certificate_that_it_names(made: Made) -> None:
    path = "/etc/kubernetes/x.kubeconfig"
    item = file_item(path=path, kind="kubeconfig", user="system:kube-x", pki=None)
    (entry,) = files(made, item, found(pem=[], named=[PATH]))
    assert (entry.kind, entry.path, entry.ends_with, entry.days_left, entry.differences) == ("kubeconfig", path, PATH, 364, ())
    (embedded,) = files(made, item, found(pem=[certs.pem(made.leaf(at=NOW - 100 * DAY))], named=[]))
    assert (embedded.ends_with, embedded.days_left) == ("", 264)
    (foreign,) = files(made, item, found(pem=[], named=["/tmp/a.crt"], same=False))
    assert (foreign.days_left, foreign.differences) == (None, ("its content is not as described",))
    gone = entries_of(made, {"certificates": [pair(None)], "files": [found(pem=[], named=[PATH])]}, files=[item])[1]
    assert gone.differences == (f"it names {PATH}, which is missing",)


def test_keys(made: Made) -> None:
    encryption = file_item(path="/etc/kubernetes/encryption-config.yaml", kind="encryption key", mode="0600", pki="encryption-config.yaml")
    (entry,) = files(made, encryption, found(providers=["secretbox: key1", "identity"], same=False))
    assert (entry.kind, entry.details) == ("encryption key", "secretbox: key1; identity")
    assert entry.differences == ("its content is not encryption-config.yaml of the PKI directory", "its mode is 0644, wanted 0600")
    (public,) = files(made, file_item(kind="public key", pki="service-account.pub"), found(keys=["ab" * 32]))
    assert (public.kind, public.details) == ("service-account key", "1 public: abababababababab")


def test_what_nobody_describes(made: Made) -> None:
    unknown = {"path": "/etc/kubernetes/pki/own.crt", "found": FILE, "fault": "", "pem": [certs.pem(made.leaf())], "holds_key": False}
    entry = entries_of(made, {"certificates": [pair(made.leaf())], "unknown": [unknown]})[1]
    assert (entry.kind, entry.days_left, entry.differences) == ("not described", 364, ("no role of this host describes it",))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"certificates": []},
        {"certificates": [{}]},
        {"certificates": "no"},
        {"certificates": [pair(None, found=FILE, pem=[7])]},
        {"certificates": [pair(None)], "unknown": [None]},
    ],
)
def test_an_answer_of_another_shape_is_one_line(made: Made, answer: dict[str, t.Any]) -> None:
    with pytest.raises(ComponentError, match="m1: its answer is not what was asked for"):
        entries_of(made, answer)


@pytest.mark.slow
def test_a_host_that_lies_steers_no_terminal_and_floods_no_list(made: Made) -> None:
    evil = made.leaf(dns=[f"name-{number}.example" for number in range(300)], common_name="\x1b[2J<b>")
    path = "/etc/kubernetes/pki/\u202egnp\n" + "x" * 5000
    unknown = {"path": path, "found": FILE, "fault": "", "pem": [certs.pem(evil)] * 100, "holds_key": False}
    _own, *told = entries_of(made, {"certificates": [pair(evil)], "unknown": [unknown] * 500})
    assert len(told) == 500
    huge = made.leaf(dns=[f"name-{number}.example" for number in range(3000)])
    assert one(made, pair(huge)).state == "unreadable"
    for entry in (_own, told[0]):
        text = str(entry.as_dict())
        assert not {"\x1b", "\u202e", "\n"} & set(text) and len(text) < 20_000
        assert entry.subject == "CN=<U+001B>[2J<b>"
        assert entry.alternative_names[-1].startswith("… ")


def test_each_path_is_listed_once_and_secrets_leave_no_trace() -> None:
    shared = {"path": CA, "owner": "root", "group": "root", "mode": None, "pki": "kubernetes-ca.crt", "yaml": None}
    key = {**shared, "path": "/etc/kubernetes/encryption-config.yaml", "pki": "encryption-config.yaml"}
    other = {**shared, "path": "/etc/keepalived/authentication.conf", "pki": "keepalived-authentication.conf"}
    known = of_items([ITEM, ITEM], [shared, shared, key, other], faults=["a", "a"], stored=lambda name: f"text of {name}")
    assert [item["path"] for item in known.certificates] == [PATH]
    assert [(item["path"], item["mode"]) for item in known.files] == [(CA, "0644"), (key["path"], "0600")]
    assert known.faults == ["a"]
    assert "text of" not in str(known)
    assert {"/etc/kubernetes/pki", "/etc/etcd/pki"} <= set(known.request()["directories"])


def test_a_pki_directory_that_cannot_be_read_leaves_contents_uncompared() -> None:
    def closed(name: str) -> str | None:
        raise ComponentError(f"{name} is closed")

    item = {"path": CA, "owner": "root", "group": "root", "mode": None, "pki": "kubernetes-ca.crt", "yaml": None}
    known = of_items([], [item, item], faults=[], stored=closed)
    assert known.files[0]["digest"] is None
    assert known.uncompared == ["kubernetes-ca.crt is not compared: kubernetes-ca.crt is closed"]


def test_a_host_that_may_not_look_does_not_say_that_nothing_is_there(made: Made) -> None:
    closed = pair(None, found={"type": "unknown"}, key_found={"type": "unknown"}, fault="it cannot be read: Permission denied")
    entry = one(made, closed)
    assert (entry.state, entry.differences) == ("unreadable", ("it cannot be read: Permission denied",))


@pytest.mark.parametrize(
    ("time", "told"),
    [(299, ""), (-299, ""), (900, "15 minutes ahead of"), (-900, "15 minutes behind"), ("x", ""), ("nan", ""), ("inf", "")],
)
def test_a_clock_that_differs(time: t.Any, told: str) -> None:
    found = clock({"time": time if isinstance(time, str) else NOW + time}, NOW)
    assert told in found and bool(found) == bool(told)


def test_who_uses_a_file() -> None:
    etcd = {**ITEM, "path": "/etc/etcd/pki/member.crt"}
    known = Described([ITEM, etcd], [{"path": CA}], [], [])
    assert users(CA, known) == ("kube-apiserver.service",)
    assert users("/etc/etcd/pki/root.crt", known) == ("etcdctl",)
    assert users("/etc/etcd/pki/member.crt", known) == ("etcd.service",)
    assert users("/etc/haproxy/kubernetes-ca.crt", Described([], [{"path": "/etc/haproxy/kubernetes-ca.crt"}], [], [])) == (
        "haproxy.service",
    )
    assert users("/elsewhere", known) == ()
