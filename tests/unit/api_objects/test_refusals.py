# SPDX-License-Identifier: GPL-3.0-or-later
"""What a refusal of the API says."""

from __future__ import annotations

import json

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import _refusal

EVICTION = {
    "kind": "Status",
    "message": "Cannot evict pod as it would violate the pod's disruption budget.",
    "details": {
        "causes": [{"reason": "DisruptionBudget", "message": "The disruption budget guard needs 1 healthy pods and has 1 currently"}]
    },
    "code": 429,
}


def test_the_budget_is_named() -> None:
    said = _refusal(429, json.dumps(EVICTION), "POST", "/eviction")
    assert said.startswith("Cannot evict pod") and said.endswith("The disruption budget guard needs 1 healthy pods and has 1 currently")


def test_what_the_message_says_already_is_not_repeated() -> None:
    status = {"message": "spec.replicas: Invalid value", "details": {"causes": [{"message": "Invalid value"}]}}
    assert _refusal(422, json.dumps(status), "PATCH", "/x") == "spec.replicas: Invalid value"


def test_a_full_etcd_is_told_with_what_to_do() -> None:
    status = {"kind": "Status", "message": "etcdserver: mvcc: database space exceeded", "code": 500}
    assert "run playbooks/etcd.yml, which says how to make room" in _refusal(500, json.dumps(status), "POST", "/x")


def test_no_object_is_shown_as_it_came() -> None:
    assert _refusal(502, "bad gateway", "GET", "/x") == "GET /x: status 502: bad gateway"
    assert _refusal(500, json.dumps({"message": "broken", "details": None}), "GET", "/x") == "broken"
