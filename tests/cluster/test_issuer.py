# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of an OpenID Connect issuer get in (F24), by ``master_authentication_jwt``; a token that it has not signed for us does not."""

from __future__ import annotations

import collections.abc
import json
import pathlib
import time
import typing as t

import pytest
import yaml

from . import checks, issuer
from .driver import Cluster
from .setups import converged_hosts

pytestmark = pytest.mark.long
HOSTS = ("k8s.master.dev", "k8s.minion1.dev")
WHO_AM_I = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    with converged_hosts("two-node", session=request.session, artefacts=artefacts) as found:
        yield found


@pytest.fixture(scope="module")
def trusted(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> collections.abc.Iterator[issuer.Issuer]:
    """An issuer, which the apiserver trusts since the last run."""
    with issuer.running(cluster, tmp_path_factory.mktemp("issuer")) as found:
        authenticator = {
            "issuer": {"url": issuer.URL, "audiences": [issuer.AUDIENCE], "certificateAuthority": found.authority},
            "claimMappings": {"username": {"claim": "sub", "prefix": "oidc:"}, "groups": {"claim": "groups", "prefix": "oidc:"}},
        }
        settings = cluster.inventory / "group_vars" / "all" / "issuer.yml"
        settings.write_text(yaml.safe_dump({"master_authentication_jwt": [authenticator]}), encoding="utf-8")
        predicted = cluster.playbook("playbooks/site.yml", "--check")
        done = cluster.playbook("playbooks/site.yml")
        checks.foretold(predicted, done)
        yield found


def who_am_i(cluster: Cluster, token: str) -> tuple[int, t.Any]:
    """Status of the apiserver's answer to the bearer of a token, and what it says of the user. It may end a refusal before its text."""
    url = "https://192.168.200.100:6443/apis/authentication.k8s.io/v1/selfsubjectreviews"
    arguments = ("--cacert", str(cluster.inventory / "pki" / "kubernetes-ca.crt"), "--write-out", "\n%{http_code}", "--json", "@-")
    done = cluster.lab(
        "run", "curl", "-sS", "-H", f"Authorization: Bearer {token}", *arguments, url, check=False, input=json.dumps(WHO_AM_I)
    )
    text, _newline, status = done.stdout.rpartition("\n")
    return int(status), json.loads(text)["status"] if status == "201" else {}


def test_f24_a_token_of_the_issuer_is_a_user(cluster: Cluster, trusted: issuer.Issuer) -> None:
    status, answer = who_am_i(cluster, trusted.token("alice", groups=["operators"]))
    assert status == 201, answer
    assert answer["userInfo"]["username"] == "oidc:alice"
    assert "oidc:operators" in answer["userInfo"]["groups"]


@pytest.mark.parametrize("fault", ["another key", "another audience", "another issuer", "ended"])
def test_f24_another_token_is_refused(cluster: Cluster, trusted: issuer.Issuer, fault: str) -> None:
    tokens = {
        "another key": trusted.token("alice", key=issuer.new_key()),
        "another audience": trusted.token("alice", aud="somebody-else"),
        "another issuer": trusted.token("alice", iss="https://192.168.200.1:9443"),
        "ended": trusted.token("alice", exp=int(time.time()) - 60),
    }
    assert who_am_i(cluster, tokens[fault]) == (401, {})


def test_nothing_more_changes(cluster: Cluster, trusted: issuer.Issuer) -> None:
    assert trusted.authority
    checks.nothing_changes(cluster, HOSTS)
