# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that are still good are issued anew if somebody asks for it, and as long before their end as the cluster says."""

from __future__ import annotations

import pathlib

import pytest
from certificates_bench import item_in, openssl

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, wanted_certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.terms import Terms, terms_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import renewal

NOW = 1_800_000_000.0
DAY = 86400


def fault(pki: Pki, item: dict[str, object], text: str, *, now: float) -> str | None:
    certificate = certs.load(text)
    assert certificate is not None
    return wanted_certs.fault(pki.enrich(item), certificate, pki.certificate("etcd"), now)


@pytest.fixture
def leaf(tmp_path: pathlib.Path) -> tuple[dict[str, object], str]:
    item = {**item_in(tmp_path), "authority": "etcd", "path": "/etc/etcd/pki/member.crt", "renew_before_days": None}
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(tmp_path / "host.key"))
    return item, Pki(tmp_path / "pki", now=NOW).sign("etcd", openssl("req", "-new", *key, "-subj", "/CN=x"), item)


def test_what_was_issued_before_is_issued_anew_once(tmp_path: pathlib.Path, leaf: tuple[dict[str, object], str]) -> None:
    item, text = leaf
    chosen = renewal.choice("member, kubelet", NOW + 60)
    pki = Pki(tmp_path / "pki", terms=terms_of({}, chosen))
    assert fault(pki, item, text, now=NOW + 61) == "its renewal was asked for"
    assert fault(pki, {**item, "path": "/etc/etcd/pki/root.crt"}, text, now=NOW + 61) is None
    assert fault(Pki(tmp_path / "pki", terms=terms_of({}, renewal.choice("all", NOW - 1))), item, text, now=NOW + 61) is None
    assert fault(Pki(tmp_path / "pki"), item, text, now=NOW + 61) is None


@pytest.mark.parametrize(("days", "age", "due"), [(30, 334, False), (30, 336, True), (90, 274, False), (90, 276, True)])
def test_the_cluster_says_when(tmp_path: pathlib.Path, leaf: tuple[dict[str, object], str], days: int, age: int, *, due: bool) -> None:
    item, text = leaf
    pki = Pki(tmp_path / "pki", terms=terms_of({"certificates": {"renew_before_days": days}}, None))
    found = fault(pki, item, text, now=NOW + age * DAY)
    assert (found is not None) == due
    assert not due or f"within {days} days" in str(found)
    own = fault(pki, {**item, "renew_before_days": 100}, text, now=NOW + 270 * DAY)
    assert own is not None
    assert "within 100 days" in own


@pytest.mark.parametrize(
    ("days", "renew_before", "wanted"),
    [(365, 30, 30), (365, 300, 300), (364, 300, 122), (90, 30, 30), (30, 30, 10), (2, 30, 1), (1, 30, 0)],
)
def test_the_administrators_shorter_certificates_are_not_renewed_by_every_run(days: int, renew_before: int, wanted: int) -> None:
    found = renewal.of_administrator(days, renew_before)
    assert found == {"days": days, "renew_before_days": wanted}
    wanted_certs.check({**item_in(pathlib.Path("/x")), **found})


def test_names() -> None:
    everything = renewal.choice("all", NOW)
    assert {"apiserver", "kubelet", "member", "root", "proxy", "kubeconfig"} <= set(everything["names"])
    assert renewal.choice(["kubelet"], NOW) == {"since": NOW, "names": ["kubelet"]}
    with pytest.raises(ValueError, match=r"Nothing was renewed: renew names kublet, and there are all, admin, apiserver"):
        renewal.choice("kubelet,kublet", NOW)
    with pytest.raises(ValueError, match=r"renew names nothing"):
        renewal.choice(" ,", NOW)


def test_terms_without_a_renewal() -> None:
    assert terms_of({}, None) == Terms(30)
