# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubeconfig of a person, and what is told of it."""

from __future__ import annotations

import base64
import pathlib
import typing as t

import pytest
import yaml
from made import NOW, Made

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._people import contents
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._people.request import Request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, issued
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

DAY = 86400
SERVERS = {"lab": "https://192.0.2.1:6443"}


def wanted(**changes: t.Any) -> Request:
    return Request("alice", ("developers",), 30, "demo", pathlib.Path("/tmp/alice"), "", "", "authority", False)._replace(**changes)


@pytest.fixture
def made(tmp_path: pathlib.Path) -> Made:
    return Made(tmp_path / "pki")


def leaf(made: Made, *, at: float = NOW, by: str = "kubernetes", **changes: t.Any) -> t.Any:
    names = {"common_name": "alice", "organizations": ["developers"], "dns": [], "ips": [], "usages": ["client"], "renew_before_days": 0}
    return made.leaf(at=at, by=by, **{**names, "days": 30, **changes})


def test_a_kubeconfig_with_its_key(made: Made) -> None:
    certificate = certs.pem(leaf(made))
    config = contents.kubeconfig(wanted(), SERVERS, trusted="CA", certificate=certificate, key="KEY")
    assert config["users"][0]["user"]["client-key-data"] == base64.b64encode(b"KEY").decode()
    assert config["contexts"] == [{"name": "alice@lab", "context": {"cluster": "lab", "user": "alice", "namespace": "demo"}}]
    assert config["current-context"] == "alice@lab"
    assert contents.certificate_in(yaml.safe_dump(config)) == leaf_of(certificate)


def leaf_of(text: str) -> t.Any:
    return certs.load(text)


def test_a_kubeconfig_of_somebody_who_has_the_key(made: Made) -> None:
    request = wanted(csr="CSR", key="alice.key", namespace="")
    config = contents.kubeconfig(request, {**SERVERS, "b": "https://b"}, trusted="CA", certificate=certs.pem(leaf(made)), key="")
    assert set(config["users"][0]["user"]) == {"client-certificate-data", "client-key"}
    assert [one["context"] for one in config["contexts"]] == [{"cluster": name, "user": "alice"} for name in ("lab", "b")]


@pytest.mark.parametrize("text", ["", "nonsense: [", "users: []", "users: [{user: {client-certificate-data: '%%'}}]", "- 1"])
def test_what_is_no_kubeconfig_has_no_certificate(text: str) -> None:
    assert contents.certificate_in(text) is None


def test_what_is_told(made: Made) -> None:
    certificate = leaf(made)
    told = "\n".join(contents.told(wanted(), certificate, replaced=False))
    assert "kubectl create rolebinding alice-view --clusterrole=view --user=alice --namespace=demo" in told
    assert "kubectl create rolebinding developers-edit --clusterrole=edit --group=developers --namespace=demo" in told
    assert "A certificate cannot be revoked." in told and f"{certificate.serial_number:x}" in told
    assert "stays valid until its own end" in "\n".join(contents.told(wanted(), certificate, replaced=True))
    administrators = "\n".join(contents.told(wanted(groups=(contents.ADMINISTRATORS,)), certificate, replaced=False))
    assert "may do everything" in administrators and "rolebinding" not in administrators
    emergency = "\n".join(contents.told(wanted(groups=("system:masters",), emergency=True), certificate, replaced=False))
    assert "also where the access rules are broken" in emergency and "delete the bindings" not in emergency
    strange = contents.told(wanted(user="Alice@example.org", groups=()), certificate, replaced=False)
    assert any("rolebinding alice-example-org-view --clusterrole=view --user=Alice@example.org" in line for line in strange)


def test_what_was_issued_is_kept_until_it_opens_nothing_any_more(made: Made, tmp_path: pathlib.Path) -> None:
    pki = Pki(tmp_path / "pki", check_mode=True)
    present, ended, foreign = leaf(made), leaf(made, at=NOW - 40 * DAY), leaf(made, by="etcd")
    for certificate in (present, ended, foreign):
        issued.record(pki, certificate)
    issued.record(pki, present)
    (tmp_path / "pki" / "issued-0.crt").write_text("nonsense")
    assert [one.certificate for one in issued.still_accepted(pki, NOW)] == [present]
    assert issued.is_recorded(pki, present) and issued.is_recorded(pki, ended)
    assert not issued.is_recorded(pki, leaf(made))


def test_what_cannot_be_recorded_is_an_error(made: Made, tmp_path: pathlib.Path) -> None:
    with pytest.raises(PkiError, match="No kubeconfig was written"):
        issued.record(Pki(tmp_path / "nowhere", check_mode=True), leaf(made))
