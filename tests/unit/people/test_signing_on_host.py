# SPDX-License-Identifier: GPL-3.0-or-later
"""The API signs a request: what is asked of it, and what its answers mean. Runs on Python 3.9 too."""

from __future__ import annotations

import base64
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import signing
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import ApiError, ApiUnreachable
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

PATH = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
PAYLOAD = {"name": "barehost-1", "csr": "CSR", "seconds": 86400, "deadline": 0.0}


class Api:
    """Answers as the API does, with one status for each question after the state of a request."""

    def __init__(self, *statuses: t.Any) -> None:
        self.statuses = list(statuses)
        self.asked: list[tuple[str, str, t.Any]] = []

    def request(self, method: str, path: str, *, body: t.Any = None, **_query: t.Any) -> t.Any:
        self.asked.append((method, path, body))
        if method == "GET":
            found = self.statuses.pop(0)
            if isinstance(found, Exception):
                raise found
            return {"status": found}
        return {**(body or {}), "metadata": {"name": "barehost-1", "uid": "u"}}


def test_a_request_is_approved_as_it_was_sent_and_removed_again() -> None:
    api = Api({"certificate": base64.b64encode(b"PEM").decode()})
    assert signing._apply(t.cast(t.Any, api), PAYLOAD) == {"certificate": "PEM"}
    made, approved, _asked, removed = api.asked
    assert made[:2] == ("POST", PATH)
    request = base64.b64encode(b"CSR").decode()
    wanted = {"request": request, "signerName": signing.SIGNER, "expirationSeconds": 86400, "usages": ["client auth"]}
    assert made[2]["spec"] == wanted
    assert approved[:2] == ("PUT", f"{PATH}/barehost-1/approval")
    assert approved[2]["spec"] == wanted and approved[2]["status"]["conditions"][0]["type"] == "Approved"
    assert removed == ("DELETE", f"{PATH}/barehost-1", None)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({}, "nobody signs for kubernetes.io/kube-apiserver-client"),
        ({"conditions": [{"type": "Approved"}]}, "Use kubeconfig_signed_by=authority"),
        ({"conditions": [{"type": "Failed", "message": "no such usage"}]}, "refuses to sign: no such usage"),
        ({"conditions": [{"type": "Denied", "reason": "Policy"}]}, "refuses to sign: Policy"),
        (ApiError("forbidden", status=403), "the API does not sign the request: forbidden"),
    ],
)
def test_what_is_told_if_nothing_is_signed(status: t.Any, told: str) -> None:
    api = Api(status)
    with pytest.raises(HostError, match=told):
        signing._apply(t.cast(t.Any, api), PAYLOAD)
    assert api.asked[-1][0] == "DELETE", "the request does not stay"


def test_an_api_that_goes_away_in_between() -> None:
    api = Api(ApiUnreachable("nobody answers"))
    with pytest.raises(ApiUnreachable):
        signing._apply(t.cast(t.Any, api), PAYLOAD)


def test_a_request_that_the_api_does_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api()

    def refuse(*_arguments: t.Any, **_options: t.Any) -> t.NoReturn:
        raise ApiError("use of this signer with system:masters is not allowed", status=403)

    monkeypatch.setattr(api, "request", refuse)
    with pytest.raises(HostError, match="the API takes no signing request: use of this signer with"):
        signing._apply(t.cast(t.Any, api), PAYLOAD)
