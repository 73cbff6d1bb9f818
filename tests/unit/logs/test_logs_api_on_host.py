# SPDX-License-Identifier: GPL-3.0-or-later
"""Which fields of the API's objects leave a host, against an API of which only the answers are made up. Runs on Python 3.9 too."""

from __future__ import annotations

import json
import typing as t
import zlib

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi
from ansible_collections.barehost.kubernetes.plugins.module_utils._logs import api

Object = dict[str, t.Any]

ANSWERS: dict[str, list[Object]] = {
    "/api/v1/pods": [
        {
            "metadata": {"namespace": "shop", "name": "web-1", "annotations": {"example.com/login": "hunter2"}},
            "spec": {
                "nodeName": "w1",
                "containers": [{"name": "web", "env": [{"name": "PASSWORD", "value": "hunter2"}], "args": ["hunter2"]}],
            },
            "status": {"phase": "Running", "podIP": "10.255.1.7", "containerStatuses": [{"name": "web", "ready": True, "restartCount": 3}]},
        }
    ],
    "/api/v1/nodes": [
        {
            "metadata": {"name": "w1", "labels": {"a": "b"}, "annotations": {"example.com/login": "hunter2"}},
            "spec": {"podCIDR": "10.255.1.0/24"},
            "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "ready"}]},
        }
    ],
    "/api/v1/events": [
        {
            "metadata": {"namespace": "shop", "name": "e1"},
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-1"},
            "reason": "Failed",
            "message": "pull of https://user:hunter2@registry.example.com/ failed",
            "lastTimestamp": "2026-11-30T01:00:00Z",
            "count": 4,
        }
    ],
}


class Answering(KubeApi):
    def __init__(self) -> None:
        super().__init__(server="https://127.0.0.1:1", ca="", cert="", key="")

    def _send(self, method: str, path: str, body: Object | None, content: str) -> tuple[int, str]:
        assert method == "GET"
        address = path.partition("?")[0]
        return (200, "ok") if address == "/readyz" else (200, json.dumps({"items": ANSWERS[address], "metadata": {}}))


@pytest.mark.parametrize(("what", "words"), [("pods", '"phase": "Running"'), ("nodes", "KubeletReady"), ("events", "may hold a secret")])
def test_no_specification_and_no_secret_leaves_the_host(monkeypatch: pytest.MonkeyPatch, what: str, words: str) -> None:
    monkeypatch.setattr(api, "KubeApi", Answering)
    text = zlib.decompress(api.packed({"connection": {}, "what": what}, room=10_000).data).decode()
    assert words in text and "hunter2" not in text and len(text.splitlines()) == 1
