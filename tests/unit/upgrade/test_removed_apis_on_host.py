# SPDX-License-Identifier: GPL-3.0-or-later
"""What a master reads of apiservers about API versions that end: metrics, line by line, and objects that no other version serves."""

from __future__ import annotations

import http.client
import typing as t

import pytest
from answering import Quiet, served

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import client
from ansible_collections.barehost.kubernetes.plugins.module_utils._upgrade import removed_apis as on_host

Object = dict[str, t.Any]


def request(resource: str, version: str, removed: str) -> Object:
    group, _slash, name = version.rpartition("/")
    return {"group": group, "version": name, "resource": resource, "subresource": "", "removed_release": removed}


METRICS = """\
# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs that have been requested
# TYPE apiserver_requested_deprecated_apis gauge
apiserver_requested_deprecated_apis{group="",removed_release="",resource="endpoints",subresource="",version="v1"} 1
apiserver_requested_deprecated_apis{group="net.k8s.io",removed_release="1.37",resource="cidrs",subresource="status",version="v1beta1"} 1
apiserver_request_total{code="200"} 7
"""


class _Page(Quiet):
    """Metrics as an apiserver sends them: in chunks, whose ends are not those of lines."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path != "/metrics":
            self.answer({}, status=403)
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        text = METRICS.encode()
        for place in range(0, len(text), 33):
            piece = text[place : place + 33]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[client.KubeApi]:
    with served(_Page) as address:
        found = client.KubeApi(server="https://127.0.0.1:1", ca="", cert="", key="")
        monkeypatch.setattr(found, "_connect", lambda: http.client.HTTPConnection(address, timeout=5))
        yield found


def test_metrics_are_read_line_by_line(api: client.KubeApi) -> None:
    assert on_host.requests(api) == [
        request("endpoints", "v1", ""),
        {**request("cidrs", "net.k8s.io/v1beta1", "1.37"), "subresource": "status"},
    ]


def test_a_refusal_is_no_answer(api: client.KubeApi) -> None:
    with pytest.raises(client.ApiError) as caught:
        list(api.lines("/else"))
    assert caught.value.status == 403


class Served(client.KubeApi):
    """An API of which only the answers are made up: by path, what is there."""

    def __init__(self, answers: dict[str, Object], metrics: list[str] | None = None) -> None:
        super().__init__(server="https://127.0.0.1:1", ca="", cert="", key="")
        self.answers, self.metrics, self.asked = answers, metrics, list[str]()

    def request(self, method: str, path: str, **_others: t.Any) -> Object:
        self.asked.append(path)
        return self.answers[path]

    def lines(self, path: str) -> t.Iterator[str]:
        if self.metrics is None:
            raise client.ApiUnreachable("nobody")
        self.asked.append(path)
        yield from self.metrics


def resources(*names: str) -> Object:
    return {"resources": [{"name": name, "verbs": [] if "/" in name else ["list", "get"]} for name in names]}


ANSWERS = {
    "/apis": {
        "groups": [
            {"versions": [{"groupVersion": "apps/v1"}]},
            {"versions": [{"groupVersion": "net/v1"}, {"groupVersion": "net/v1beta1"}]},
            {"versions": [{"groupVersion": "scheduling/v1"}, {"groupVersion": "scheduling/v1alpha2"}]},
        ]
    },
    "/apis/net/v1": resources("cidrs", "cidrs/status"),
    "/apis/net/v1beta1": resources("cidrs", "cidrs/status"),
    "/apis/scheduling/v1": resources("classes"),
    "/apis/scheduling/v1alpha2": resources("workloads", "workloads/status", "groups"),
    "/apis/scheduling/v1alpha2/workloads?limit=1": {"items": [{}], "metadata": {"remainingItemCount": 2}},
    "/apis/scheduling/v1alpha2/groups?limit=1": {"items": [], "metadata": {}},
}
QUESTION = {"minor": 37, "versions": ["net/v1beta1", "scheduling/v1alpha2"], "of": ["m1"]}


def test_objects_that_another_version_serves_are_not_counted() -> None:
    api = Served(ANSWERS)
    assert on_host.stored(api, QUESTION["versions"]) == [{"version": "scheduling/v1alpha2", "resource": "workloads", "count": 3}]
    assert "/apis/apps/v1" not in api.asked


def test_only_older_apiservers_are_asked() -> None:
    old, new = Served(ANSWERS, METRICS.splitlines()), Served(ANSWERS, [])
    found = on_host.used({"m1": old, "m2": new}, {"m1": "v1.36.3", "m2": "v1.37.1", "m3": None}, {**QUESTION, "of": ["m1", "m2", "m3"]})
    assert [entry["resource"] for entry in found["requested"]["m1"]] == ["endpoints", "cidrs"]
    assert list(found["requested"]) == ["m1"]
    assert new.asked == []
    assert on_host.used({"m2": new}, {"m2": "v1.37.0"}, {**QUESTION, "of": ["m2"]}) == {"requested": {}, "stored": []}


def test_one_that_does_not_answer() -> None:
    found = on_host.used({"m1": Served({"/apis": {"groups": []}})}, {"m1": "v1.36.3"}, QUESTION)
    assert found == {"requested": {"m1": None}, "stored": []}
