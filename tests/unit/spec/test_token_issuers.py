# SPDX-License-Identifier: GPL-3.0-or-later
"""What an apiserver would not start with is found before: wrong fields and values of issuers of tokens."""

from __future__ import annotations

import copy
import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import token_issuers

ROOT = pathlib.Path(__file__).parents[3]
OWN = token_issuers.of_service_accounts("cluster.local")
GOOD: dict[str, t.Any] = {
    "issuer": {"url": "https://issuer.example", "audiences": ["kubernetes"]},
    "claimMappings": {"username": {"claim": "sub", "prefix": "oidc:"}},
}
FULL: dict[str, t.Any] = {
    "issuer": {
        "url": "https://issuer.example/realms/one",
        "discoveryURL": "https://inside.example/.well-known/openid-configuration",
        "certificateAuthority": "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n",
        "audiences": ["one", "two"],
        "audienceMatchPolicy": "MatchAny",
        "egressSelectorType": "cluster",
    },
    "claimValidationRules": [
        {"claim": "hd", "requiredValue": "example.com"},
        {"expression": "claims.exp - claims.nbf <= 86400", "message": "too long"},
    ],
    "claimMappings": {
        "username": {"expression": "claims.username + ':external'"},
        "groups": {"claim": "groups", "prefix": ""},
        "uid": {"claim": "sub"},
        "extra": [{"key": "example.com/tenant", "valueExpression": "claims.tenant"}],
    },
    "userValidationRules": [{"expression": "!user.username.startsWith('system:')", "message": "reserved"}],
}


def changed(path: str, value: t.Any) -> dict[str, t.Any]:
    """With another value at a dotted path."""
    whole = copy.deepcopy(GOOD)
    place: t.Any = whole
    *names, last = path.split(".")
    for name in names:
        place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
    if isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return whole


@pytest.mark.parametrize("entry", [GOOD, FULL, changed("claimMappings.groups", None), changed("issuer.discoveryURL", "")])
def test_what_an_apiserver_takes_is_taken(entry: dict[str, t.Any]) -> None:
    assert token_issuers.fault([entry], own_issuer=OWN) == ""
    assert token_issuers.fault([]) == ""


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("claimMapping", {}, "entry 1 has the field 'claimMapping'; known are issuer, claimValidationRules, claimMappings, "),
        (
            "claimMappings.username.claims",
            "sub",
            "entry 1.claimMappings.username has the field 'claims'; known are claim, prefix, expression",
        ),
        ("issuer", "https://issuer.example", "entry 1.issuer is 'https://issuer.example', and must be a map with url, "),
        ("issuer.url", "", "issuer.url is missing"),
        ("issuer.url", 7, "entry 1.issuer.url is 7, and must be a text"),
        ("issuer.url", "issuer.example", "issuer.url is 'issuer.example', and must be https:// with a host"),
        ("issuer.url", " https://issuer.example", "and must be https:// with a host, without white space"),
        ("issuer.url", "https:///realms", "and must be https:// with a host"),
        ("issuer.url", "https://issuer.example?x=1", "must have no query and no fragment"),
        ("issuer.url", "https://[issuer", "issuer.url is no address"),
        ("issuer.url", OWN, "is the issuer of the cluster's own service accounts"),
        ("issuer.discoveryURL", "https://issuer.example/", "issuer.discoveryURL is the same as issuer.url"),
        ("issuer.audiences", [""], "issuer.audiences is missing or has an empty entry"),
        ("issuer.audiences", ["a", "a"], "issuer.audiences has 'a' twice"),
        ("issuer.audiences", ["a", "b"], "issuer.audienceMatchPolicy is missing"),
        ("issuer.audienceMatchPolicy", "MatchAll", "can only be MatchAny"),
        ("issuer.egressSelectorType", "etcd", "must be controlplane or cluster"),
        ("claimMappings.username", {"claim": "sub", "expression": "x", "prefix": ""}, "must have one of them"),
        ("claimMappings.username", {"expression": "claims.sub", "prefix": ""}, "has a prefix beside its expression"),
        ("claimMappings.username", {"claim": "sub", "prefix": None}, "claimMappings.username.prefix is missing"),
        ("claimMappings.groups", {"claim": "groups"}, "claimMappings.groups.prefix is missing"),
        ("claimMappings.uid", {"claim": "sub", "expression": "x"}, "claimMappings.uid has claim and expression"),
        ("claimMappings.extra", [{"key": "tenant", "valueExpression": "x"}], "must be a domain and a path in lower case"),
        ("claimMappings.extra", [{"key": "x.k8s.io/y", "valueExpression": "x"}], "its domain belongs to Kubernetes"),
        ("claimMappings.extra", [{"key": "example.com/y"}], "claimMappings.extra[0].valueExpression is missing"),
        ("claimMappings.extra", {"key": "example.com/y"}, "must be a list"),
        ("claimValidationRules", [{"message": "x"}], "claimValidationRules[0] must have exactly one of claim and expression"),
        ("claimValidationRules", [{"claim": "hd", "message": "x"}], "which goes only with an expression"),
        ("claimValidationRules", [{"expression": "x", "requiredValue": "x"}], "which goes only with a claim"),
        ("claimValidationRules", [{"claim": "hd"}, {"claim": "hd"}], "two claimValidationRules have the claim 'hd'"),
        ("userValidationRules", [{"message": "x"}], "userValidationRules[0].expression is missing"),
    ],
)
def test_what_an_apiserver_refuses_is_refused(path: str, value: t.Any, message: str) -> None:
    assert message in token_issuers.fault([changed(path, value)], own_issuer=OWN)


def test_a_password_in_an_address_is_not_shown() -> None:
    assert "secret" not in token_issuers.fault([changed("issuer.url", "https://me:secret@issuer.example")])


def test_no_two_entries_have_one_issuer_and_there_are_not_too_many() -> None:
    assert "two entries have the issuer.url https://issuer.example" in token_issuers.fault([GOOD, GOOD])
    many = [changed("issuer.url", f"https://issuer{number}.example") for number in range(65)]
    assert token_issuers.fault(many) == "there are 65 entries, and an apiserver takes 64"
    assert token_issuers.fault(many[:64]) == ""


def test_the_issuer_of_service_accounts_is_that_of_the_role() -> None:
    template = (ROOT / "roles/master/templates/apiserver.j2").read_text(encoding="utf-8")
    assert f"--service-account-issuer={token_issuers.of_service_accounts('{{ cluster.domain }}')} " in template
