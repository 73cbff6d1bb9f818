# SPDX-License-Identifier: GPL-3.0-or-later
"""What apiservers publish of authorities that were replaced: what is taken away, on the host, and what the controller makes of it."""

from __future__ import annotations

import copy
import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import client_authorities as on_host
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import ApiError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import plan_client_authorities
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, issuing, retired
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.replacement import Replacement

NOW = 1_800_000_000.0
OLD, NEW, NODE, THEIRS, PROXY = (certs.pem(issuing.make_authority("kubernetes", certs.new_key(), NOW)) for _number in range(5))
ASKED = plan_client_authorities.asked({"kubernetes-ca": [OLD], "front-proxy-ca": [PROXY], "etcd-ca": [THEIRS]})


class Api:
    """Has one ConfigMap. ``conflicts``: how often somebody else has written it since it was read."""

    def __init__(self, data: dict[str, str] | None, *, conflicts: int = 0, unready: str = "") -> None:
        self.object = None if data is None else {"metadata": {"resourceVersion": "7"}, "data": data}
        self.conflicts, self.unready, self.written = conflicts, unready, 0

    def not_ready(self, *, deadline: float) -> str:
        return self.unready

    def find(self, path: str) -> dict[str, t.Any] | None:
        assert path == on_host.PATH
        return copy.deepcopy(self.object)

    def request(self, method: str, path: str, *, body: dict[str, t.Any]) -> dict[str, t.Any]:
        assert (method, path, body["metadata"]["resourceVersion"]) == ("PUT", on_host.PATH, "7")
        if self.conflicts:
            self.conflicts -= 1
            raise ApiError("conflict", status=409)
        self.written += 1
        self.object = body
        return body


def asked(monkeypatch: pytest.MonkeyPatch, api: Api, step: str) -> dict[str, t.Any]:
    monkeypatch.setattr(on_host, "KubeApi", lambda **_connection: api)
    monkeypatch.setattr(on_host, "_PAUSE", 0)
    return on_host.run(step, {"connection": {}, "retired": ASKED, "deadline": 0})


def data() -> dict[str, str]:
    return {"client-ca-file": OLD + NEW + NODE + THEIRS, "requestheader-client-ca-file": PROXY, "requestheader-allowed-names": "[]"}


def test_only_what_is_retired_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may let apiservers trust more, and that is theirs."""
    api = Api(data(), conflicts=2)
    found = asked(monkeypatch, api, "collect")
    (action,) = plan_client_authorities.plan(found)
    assert (action.operation, api.written) == ("patch", 0)
    assert action.reason.startswith("client-ca-file and requestheader-client-ca-file has an authority that was replaced")
    assert plan_client_authorities.plan(asked(monkeypatch, api, "apply")) == []
    assert api.object is not None
    assert api.object["data"] == {"client-ca-file": NEW + NODE + THEIRS, "requestheader-allowed-names": "[]"}
    assert plan_client_authorities.plan(asked(monkeypatch, api, "apply")) == []
    assert api.written == 1


def test_what_others_have_there_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many authorities they trust, and whatever stands between them."""
    theirs = f"# whom we trust\n{THEIRS * 20}"
    api = Api({"client-ca-file": theirs + OLD + NEW})
    asked(monkeypatch, api, "apply")
    assert api.object is not None
    assert api.object["data"]["client-ca-file"] == theirs + NEW


@pytest.mark.parametrize("held", [None, {}, {"client-ca-file": NEW}, {"client-ca-file": "no certificate"}])
def test_nothing_is_done_where_nothing_is_left(monkeypatch: pytest.MonkeyPatch, held: dict[str, str] | None) -> None:
    api = Api(held)
    assert [asked(monkeypatch, api, step) for step in ("collect", "apply")] == [{"unready": "", "published": {}}] * 2
    assert api.written == 0


def test_who_writes_again_and_again_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HostError, match="changed again and again by somebody else"):
        asked(monkeypatch, Api(data(), conflicts=1000), "apply")


def test_what_cannot_be_known_counts_as_published(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = asked(monkeypatch, Api(data(), unready="nobody listens"), "collect")
    assert plan_client_authorities.plan(silent) == []
    for answers, told in (([], "did not answer"), ([silent], "did not answer"), ([asked(monkeypatch, Api(data()), "collect")], "has it")):
        with pytest.raises(PlanError, match=told):
            plan_client_authorities.refuse(answers, name="kubernetes-ca")
    plan_client_authorities.refuse([silent, asked(monkeypatch, Api({}), "collect")], name="kubernetes-ca")


def test_retired_is_what_was_dropped_and_is_not_trusted_again(tmp_path: pathlib.Path) -> None:
    pki = Pki(tmp_path, now=NOW)
    first = pki.certificate("kubernetes") or ""
    assert retired.of_directory(pki) == {}
    work = Replacement(pki, "kubernetes", now=NOW)
    for step in (work.accept, work.switch):
        step()
        assert retired.of_directory(pki) == {}, "what hosts trust is published with good reason"
    work.drop()
    assert retired.of_directory(pki) == {"kubernetes-ca": [first]}
    second = pki.certificate("kubernetes") or ""
    (tmp_path / "kubernetes-ca.crt").write_text(first)
    assert retired.of_directory(pki) == {}
    (tmp_path / "kubernetes-ca.crt").write_text(second)
    assert plan_client_authorities.asked(retired.of_directory(pki)).keys() == {"client-ca-file"}
