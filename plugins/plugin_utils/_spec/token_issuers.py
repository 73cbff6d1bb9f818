# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Issuers of JSON Web Tokens whose users the apiservers let in, as ``jwt`` of an AuthenticationConfiguration has them.

An apiserver reads them when it starts, and ends if a field is unknown or wrong. So all that can be known without it is found here; what it
alone knows are the expressions, and whether the issuer answers.
https://github.com/kubernetes/kubernetes/blob/v1.37.1/staging/src/k8s.io/apiserver/pkg/apis/apiserver/v1/types.go and, beside it,
validation/validation.go; 1.35 and 1.36 have the same fields.
"""

from __future__ import annotations

import collections.abc as c
import re
import typing as t
import urllib.parse

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import configuration_fields as fields
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import shown

Object = dict[str, t.Any]

EXAMPLE = "[{issuer: {url: https://…, audiences: [kubernetes]}, claimMappings: {username: {claim: sub, prefix: 'oidc:'}}}]"
_MOST = 64
_PEM = "-----BEGIN CERTIFICATE-----"
_RESERVED = ("k8s.io", "kubernetes.io")
# A domain, a slash and a path.
_EXTRA_KEY = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/[a-z0-9/%:!$&'()*+,;=._~-]+")


_PREFIXED = fields.Map(claim=fields.text, prefix=fields.text, expression=fields.text)
_AUTHENTICATOR = fields.Map(
    issuer=fields.Map(
        url=fields.text,
        discoveryURL=fields.text,
        certificateAuthority=fields.text,
        audiences=fields.texts,
        audienceMatchPolicy=fields.text,
        egressSelectorType=fields.text,
    ),
    claimValidationRules=fields.list_of(
        fields.Map(claim=fields.text, requiredValue=fields.text, expression=fields.text, message=fields.text)
    ),
    claimMappings=fields.Map(
        username=_PREFIXED,
        groups=_PREFIXED,
        uid=fields.Map(claim=fields.text, expression=fields.text),
        extra=fields.list_of(fields.Map(key=fields.text, valueExpression=fields.text)),
    ),
    userValidationRules=fields.list_of(fields.Map(expression=fields.text, message=fields.text)),
)


def of_service_accounts(domain: str) -> str:
    """The issuer of the cluster's own tokens, as the role master gives it to the apiserver."""
    return f"https://kubernetes.default.svc.{domain}"


def fault(authenticators: list[t.Any], *, own_issuer: str = "") -> str:
    """All that is wrong, or nothing. ``own_issuer`` is that of the cluster's service accounts."""
    faults: list[str] = []
    read = [_AUTHENTICATOR(entry, f"entry {number}", faults) for number, entry in enumerate(authenticators, 1)]
    if faults:
        return "; ".join(faults)
    for number, authenticator in enumerate(read, 1):
        faults += [f"entry {number}: {wrong}" for wrong in _of_authenticator(authenticator, own_issuer)]
    for field in ("url", "discoveryURL"):
        faults += [
            f"two entries have the issuer.{field} {url}" for url in fields.twice(entry.get("issuer", {}).get(field) for entry in read)
        ]
    if len(read) > _MOST:
        faults.append(f"there are {len(read)} entries, and an apiserver takes {_MOST}")
    return "; ".join(faults)


def _of_authenticator(given: Object, own_issuer: str) -> c.Iterator[str]:
    yield from _of_issuer(given.get("issuer", {}), own_issuer)
    mappings = given.get("claimMappings", {})
    yield from _of_prefixed("claimMappings.username", mappings.get("username", {}), required=True)
    yield from _of_prefixed("claimMappings.groups", mappings.get("groups", {}), required=False)
    if mappings.get("uid", {}).get("claim") and mappings["uid"].get("expression"):
        yield "claimMappings.uid has claim and expression, and must have one of them"
    yield from _of_extra(mappings.get("extra", []))
    yield from _of_claim_rules(given.get("claimValidationRules", []))
    rules = given.get("userValidationRules", [])
    yield from (f"userValidationRules[{index}].expression is missing" for index, rule in enumerate(rules) if not rule.get("expression"))
    yield from (
        f"two userValidationRules have the expression {shown(text)}" for text in fields.twice(rule.get("expression") for rule in rules)
    )


def _of_issuer(issuer: Object, own_issuer: str) -> c.Iterator[str]:
    url, discovery = issuer.get("url", ""), issuer.get("discoveryURL", "")
    yield from _of_url("issuer.url", url) if url else ["issuer.url is missing"]
    if own_issuer and url == own_issuer:
        yield f"issuer.url {url} is the issuer of the cluster's own service accounts"
    if discovery:
        yield from _of_url("issuer.discoveryURL", discovery)
        if discovery.rstrip("/") == url.rstrip("/"):
            yield "issuer.discoveryURL is the same as issuer.url, and must be left out then"
    audiences, policy = issuer.get("audiences", []), issuer.get("audienceMatchPolicy", "")
    if not audiences or not all(audiences):
        yield "issuer.audiences is missing or has an empty entry; list at least one audience"
    yield from (f"issuer.audiences has {shown(audience)} twice" for audience in fields.twice(audiences))
    if policy not in ("", "MatchAny"):
        yield f"issuer.audienceMatchPolicy is {shown(policy)}, and can only be MatchAny"
    elif len(audiences) > 1 and not policy:
        yield "issuer.audienceMatchPolicy is missing; with more than one of the audiences it must be MatchAny"
    if issuer.get("certificateAuthority") and _PEM not in issuer["certificateAuthority"]:
        yield f"issuer.certificateAuthority holds no certificate; write its text, which begins with {_PEM}, and no path"
    if issuer.get("egressSelectorType", "") not in ("", "controlplane", "cluster"):
        yield f"issuer.egressSelectorType is {shown(issuer['egressSelectorType'])}, and must be controlplane or cluster"


def _of_url(where: str, url: str) -> c.Iterator[str]:
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        yield f"{where} is no address; write such as https://issuer.example.com"
        return
    if parts.username is not None or parts.password is not None:
        yield f"{where} has a name or a password in it, which it must not"  # and which is not shown
    elif parts.scheme != "https" or not parts.hostname or any(mark.isspace() for mark in url):
        yield f"{where} is {shown(url)}, and must be https:// with a host, without white space"
    elif parts.query or parts.fragment:
        yield f"{where} is {shown(url)}, and must have no query and no fragment"


def _of_prefixed(where: str, given: Object, *, required: bool) -> c.Iterator[str]:
    claim, expression = given.get("claim"), given.get("expression")
    if claim and expression:
        yield f"{where} has claim and expression, and must have one of them"
    elif expression and "prefix" in given:
        yield f"{where} has a prefix beside its expression; put it into the expression"
    elif claim and "prefix" not in given:
        yield f"{where}.prefix is missing; write '' for none"
    elif required and not claim and not expression:
        yield f"{where} is missing; write e.g. {{claim: sub, prefix: 'oidc:'}}"


def _of_extra(extra: list[Object]) -> c.Iterator[str]:
    for index, entry in enumerate(extra):
        key, where = entry.get("key", ""), f"claimMappings.extra[{index}]"
        domain = key.partition("/")[0]
        if not _EXTRA_KEY.fullmatch(key):
            yield f"{where}.key is {shown(key)}, and must be a domain and a path in lower case, such as example.com/team"
        elif any(domain == name or domain.endswith(f".{name}") for name in _RESERVED):
            yield f"{where}.key is {shown(key)}, and its domain belongs to Kubernetes"
        if not entry.get("valueExpression"):
            yield f"{where}.valueExpression is missing"
    yield from (f"two of claimMappings.extra have the key {key}" for key in fields.twice(entry.get("key") for entry in extra))


def _of_claim_rules(rules: list[Object]) -> c.Iterator[str]:
    for index, rule in enumerate(rules):
        where, claim, expression = f"claimValidationRules[{index}]", rule.get("claim"), rule.get("expression")
        if bool(claim) == bool(expression):
            yield f"{where} must have exactly one of claim and expression"
        elif claim and rule.get("message"):
            yield f"{where} has a message, which goes only with an expression"
        elif expression and rule.get("requiredValue"):
            yield f"{where} has a requiredValue, which goes only with a claim"
    for field in ("claim", "expression"):
        yield from (f"two claimValidationRules have the {field} {shown(text)}" for text in fields.twice(rule.get(field) for rule in rules))
