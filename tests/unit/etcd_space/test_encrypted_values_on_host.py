# SPDX-License-Identifier: GPL-3.0-or-later
"""Values in etcd are searched by how they begin, page by page, and none of them is told."""

from __future__ import annotations

import base64
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import encrypted_values
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import client, etcdctl
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import EtcdApi
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.json_api import Answer, EtcdUnreachable, JsonApi
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

OLD, NEW = "k8s:enc:secretbox:v1:key1:", "k8s:enc:secretbox:v1:key10:"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def page(values: dict[str, str], first: str, end: str, limit: int) -> dict[str, t.Any]:
    """What etcd answers: fields with their zero value are missing."""
    keys = sorted(key for key in values if first <= key < end)
    more = {"more": True} if len(keys) > limit else {}
    return {"kvs": [{"key": encoded(key), "value": encoded(values[key])} for key in keys[:limit]], **more} if keys else {}


@pytest.fixture(params=["json", "etcdctl"])
def values(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What etcd has; with etcdctl it has users, and its JSON API refuses."""
    made: dict[str, str] = {}

    def post(api: JsonApi, path: str, body: dict[str, t.Any]) -> Answer:
        if "away" in api.url:
            raise EtcdUnreachable("away does not answer")
        if request.param == "etcdctl":
            return Answer(401, "", {"message": "etcdserver: user name is empty"})
        first, end = (base64.b64decode(body[part]).decode() for part in ("key", "range_end"))
        return Answer(200, "", page(made, first, end, int(body["limit"])))

    def ask(_control: etcdctl.Etcdctl, *arguments: str) -> t.Any:
        command, first, end, limit = arguments
        assert command == "get"
        return page(made, first, end, int(limit.removeprefix("--limit=")))

    monkeypatch.setattr(JsonApi, "post", post)
    monkeypatch.setattr(etcdctl.Etcdctl, "ask", ask)
    monkeypatch.setattr(encrypted_values, "_PAUSE", 0)
    return made


def run(**more: t.Any) -> dict[str, t.Any]:
    access = {"ca": "ca", "cert": "cert", "key": "key"}
    payload = {
        "access": access,
        "endpoints": ["https://away", "https://a"],
        "prefixes": [OLD],
        "below": "/registry/secrets/",
        "deadline": 0,
    }
    return encrypted_values.run("collect", {**payload, **more})


def test_all_pages_are_looked_through(values: dict[str, str]) -> None:
    assert run() == {"left": 0, "some": [], "all": 0}
    values.update({f"/registry/secrets/default/s{number:04}": f"{NEW}x" for number in range(173)})
    values.update({"/registry/secret": OLD, "/registry/secretsother/x": OLD})
    assert run() == {"left": 0, "some": [], "all": 173}
    values.update({f"/registry/secrets/z/s{number}": f"{OLD}swordfish" for number in range(7)})
    found = run()
    assert (found["left"], found["all"]) == (7, 180)
    assert found["some"] == [f"/registry/secrets/z/s{number}" for number in range(5)]
    assert run(below="/registry/")["left"] == 9


def test_no_member_answers(values: dict[str, str]) -> None:
    with pytest.raises(HostError, match="no member of etcd could be asked: away does not answer"):
        run(endpoints=["https://away"])


def test_what_apiservers_write_again_by_themselves_is_waited_for(values: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    values["/registry/secrets/a/b"] = OLD
    looked = EtcdApi.values

    def later(api: EtcdApi, below: str, *, page: int) -> t.Any:
        found = list(looked(api, below, page=page))
        values["/registry/secrets/a/b"] = NEW
        return iter(found)

    monkeypatch.setattr(client.EtcdApi, "values", later)
    assert run(deadline=30)["left"] == 0
