# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects are written again by the API, page by page, and nothing of their content is asked for or told."""

from __future__ import annotations

import json
import typing as t
import urllib.parse

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import rewrite
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

VERBS = ["get", "list", "patch"]
GROUPS = [
    {"name": "apps", "versions": [{"groupVersion": "apps/v1"}], "preferredVersion": {"groupVersion": "apps/v1"}},
    {
        "name": "example.com",
        "versions": [{"groupVersion": "example.com/v1"}, {"groupVersion": "example.com/v2"}],
        "preferredVersion": {"groupVersion": "example.com/v2"},
    },
]
RESOURCES = {
    "/api/v1": [("secrets", VERBS), ("secrets/status", VERBS), ("configmaps", VERBS), ("bindings", ["create"])],
    "/apis/apps/v1": [("deployments", VERBS)],
    "/apis/example.com/v1": [("widgets", VERBS), ("old", VERBS)],
    "/apis/example.com/v2": [("widgets", VERBS)],
}


class Server:
    """Answers by path; ``refusals`` are the statuses of the next answers to a patch, by path."""

    def __init__(self, names: t.Sequence[str] = ()) -> None:
        self.names = list(names)
        self.refusals: dict[str, list[int]] = {}
        self.expired = 0
        self.accepted: set[tuple[str, str]] = set()
        self.patched: list[str] = []

    def send(self, api: KubeApi, method: str, path: str, body: t.Any, content: str) -> tuple[int, str]:
        plain, _mark, query = path.partition("?")
        if method == "PATCH":
            assert (body, content) == ({}, "application/merge-patch+json")
            self.accepted.add(("one", api._accept.partition(";")[2].partition(";")[0]))
            if self.refusals.get(plain):
                return self.refusals[plain].pop(0), json.dumps({"message": "denied because of the word swordfish"})
            self.patched.append(plain)
            return 200, "{}"
        if plain == "/readyz":
            return 200, "ok"
        if plain == "/apis":
            return 200, json.dumps({"groups": GROUPS})
        if plain in RESOURCES:
            return 200, json.dumps({"resources": [{"name": name, "verbs": verbs} for name, verbs in RESOURCES[plain]]})
        self.accepted.add(("list", api._accept.partition(";")[2].partition(";")[0]))
        return self.page(dict(urllib.parse.parse_qsl(query)))

    def page(self, query: dict[str, str]) -> tuple[int, str]:
        first = int(query.get("continue", 0))
        if first and self.expired:
            self.expired -= 1
            return 410, json.dumps({"message": "expired"})
        end = first + int(query["limit"])
        items = [{"metadata": {"name": name, "namespace": "default"}} for name in self.names[first:end]]
        # a list of metadata without objects is null, as kube-apiserver 1.37.1 answers
        return 200, json.dumps({"items": items or None, "metadata": {"continue": str(end)} if end < len(self.names) else {}})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()

    def send(api: KubeApi, method: str, path: str, body: t.Any, content: str) -> tuple[int, str]:
        return made.send(api, method, path, body, content)

    monkeypatch.setattr(KubeApi, "_send", send)
    monkeypatch.setattr(rewrite, "_PAUSE", 0)
    return made


def run(*resources: str) -> int:
    connection = {"server": "https://x", "ca": "", "cert": "", "key": ""}
    return int(rewrite.run("rewrite", {"connection": connection, "resources": resources})["written"])


def test_all_pages_are_written_and_only_metadata_is_asked_for(server: Server) -> None:
    server.names = [f"s{number}" for number in range(1203)]
    server.expired = 2
    assert run("secrets") == 1203
    assert server.patched == [f"/api/v1/namespaces/default/secrets/s{number}" for number in range(1203)]
    assert server.accepted == {("one", "as=PartialObjectMetadata"), ("list", "as=PartialObjectMetadataList")}


def test_a_kind_without_objects_needs_nothing(server: Server) -> None:
    assert run("secrets") == 0
    assert server.patched == []


def test_a_conflict_is_asked_again_and_what_is_gone_needs_nothing(server: Server) -> None:
    server.names = ["a", "b"]
    server.refusals = {"/api/v1/namespaces/default/secrets/a": [409, 409], "/api/v1/namespaces/default/secrets/b": [404]}
    assert run("secrets") == 2
    assert server.patched == ["/api/v1/namespaces/default/secrets/a"]


def test_what_is_refused_is_named_without_what_the_api_says_of_it(server: Server) -> None:
    server.names = ["a", "b"]
    server.refusals = {"/api/v1/namespaces/default/secrets/a": [422]}
    with pytest.raises(HostError) as raised:
        run("secrets")
    assert "1 objects were written again, and 1 were refused: /api/v1/namespaces/default/secrets/a: status 422" in raised.value.message
    assert "swordfish" not in raised.value.message
    assert server.patched == ["/api/v1/namespaces/default/secrets/b"], "the others are written"


@pytest.mark.parametrize(
    ("resources", "paths"),
    [
        (["secrets"], ["/api/v1/secrets"]),
        (["configmaps", "widgets.example.com", "gone.example.org"], ["/api/v1/configmaps", "/apis/example.com/v2/widgets"]),
        (["*.example.com"], ["/apis/example.com/v2/widgets", "/apis/example.com/v1/old"]),
        (["*."], ["/api/v1/secrets", "/api/v1/configmaps"]),
        (
            ["*.*"],
            [
                "/api/v1/secrets",
                "/api/v1/configmaps",
                "/apis/apps/v1/deployments",
                "/apis/example.com/v2/widgets",
                "/apis/example.com/v1/old",
            ],
        ),
    ],
)
def test_resources_as_the_configuration_names_them(server: Server, resources: list[str], paths: list[str]) -> None:
    found = rewrite.kinds(KubeApi(server="https://x", ca="", cert="", key=""), resources)
    assert [kind.path for kind in found] == paths
