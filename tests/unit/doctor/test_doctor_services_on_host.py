# SPDX-License-Identifier: GPL-3.0-or-later
"""What an apiserver, firewalld and systemd tell the doctor of a host, as recorded from them. Runs on Python 3.9 too."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import ApiError
from ansible_collections.barehost.kubernetes.plugins.module_utils._doctor import control_plane, firewall, units
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import firewall as kind
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import units as kind_of_units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import commands, nftables, system_bus

Object = dict[str, t.Any]
SECOND = "%Y-%m-%dT%H:%M:%S"
OLD = time.strftime(f"{SECOND}Z", time.gmtime(time.time() - 7200))
# Young also where the test runs long after this file was read.
YOUNG = time.strftime(f"{SECOND}Z", time.gmtime(time.time() + 7200))
NODE: Object = {
    "metadata": {"name": "w1", "labels": {}},
    "spec": {"podCIDR": "10.255.1.0/24", "unschedulable": True},
    "status": {
        "conditions": [
            {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "silent"},
            {"type": "DiskPressure", "status": "True", "message": "it is full"},
            {"type": "MemoryPressure", "status": "False"},
            {"type": "NetworkUnavailable", "status": "True", "message": "no route"},
        ],
        "addresses": [{"type": "InternalIP", "address": "192.0.2.11"}],
        "allocatable": {"pods": "110"},
        "nodeInfo": {"kubeletVersion": "v1.37.1", "containerRuntimeVersion": "docker://29.8.1"},
    },
}


def pod(name: str, *, created: str = OLD, phase: str = "Pending", **status: t.Any) -> Object:
    return {
        "metadata": {"name": name, "namespace": "x", "creationTimestamp": created},
        "spec": {"nodeName": "w1"},
        "status": {"phase": phase, **status},
    }


WAITS = {"name": "c", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
HOOK = {"name": "a.policy", "failurePolicy": "Fail", "clientConfig": {"service": {"namespace": "p", "name": "policy"}}}
LISTS: dict[str, list[Object]] = {
    "/api/v1/nodes": [NODE],
    "/api/v1/pods": [
        pod("bad", containerStatuses=[WAITS]),
        pod("young", created=YOUNG),
        pod("done", phase="Succeeded"),
        pod("well", phase="Running", **READY),
    ],
    "/api/v1/namespaces/kube-system/pods": [],
    "/apis/apiregistration.k8s.io/v1/apiservices": [
        {
            "metadata": {"name": "v1.metrics"},
            "spec": {"service": {}},
            "status": {"conditions": [{"type": "Available", "status": "False", "message": "no endpoints"}]},
        },
        {
            "metadata": {"name": "v1beta1.other"},
            "spec": {"service": {"name": "s"}},
            "status": {"conditions": [{"type": "Available", "status": "False", "message": "no endpoints"}]},
        },
        {"metadata": {"name": "v1."}, "spec": {}, "status": {"conditions": [{"type": "Available", "status": "True"}]}},
    ],
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations": [
        {"metadata": {"name": "policy"}, "webhooks": [HOOK, {**HOOK, "name": "b.policy", "failurePolicy": "Ignore"}]}
    ],
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations": [],
    "/apis/discovery.k8s.io/v1/namespaces/p/endpointslices": [],
    "/api/v1/namespaces": [
        {"metadata": {"name": "x"}},
        {
            "metadata": {"name": "old", "deletionTimestamp": OLD},
            "status": {"conditions": [{"type": "NamespaceFinalizersRemaining", "status": "True", "message": "a finalizer"}]},
        },
    ],
    "/api/v1/services": [{"spec": {"ports": [{"nodePort": 30001}, {"port": 80}]}}],
}


class Api:
    """An apiserver that has these lists, and leases that are renewed."""

    server = "https://127.0.0.1:6443"
    not_there: t.ClassVar[set[str]] = set()
    fault = ""

    def __init__(self, **_connection: str) -> None:
        pass

    def not_ready(self, *, deadline: float) -> str:
        return self.fault

    def find(self, path: str, **_query: str) -> Object:
        if "/leases/" in path:
            renewed = time.strftime(f"{SECOND}.000000Z", time.gmtime())
            return {"spec": {"holderIdentity": "m1_x", "renewTime": renewed, "leaseDurationSeconds": 15}}
        return {"items": LISTS.get(path, [])}

    def request(self, _method: str, path: str) -> Object:
        path = path.partition("?")[0]
        if path in self.not_there:
            raise ApiError(f"{path} is refused", status=403)
        return {"gitVersion": "v1.37.1"} if path == "/version" else {"items": LISTS[path], "metadata": {}}


CONNECTION = {"connection": {"server": "https://127.0.0.1:1", "ca": "", "cert": "", "key": ""}}


def test_an_apiserver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_plane, "KubeApi", Api)
    found = control_plane.look(CONNECTION)
    assert (found["ready"], found["version"], found["gaps"], found["node_ports"]) == (True, "v1.37.1", [], 1)
    assert [leader["alive"] for leader in found["leaders"]] == [True, True]
    (node,) = found["nodes"]
    assert node["fault"].startswith("Ready=Unknown") and node["pressures"] == ["DiskPressure: it is full"] and node["network"] == "no route"
    assert (node["unschedulable"], node["pod_cidr"], node["address"], node["most_pods"]) == (True, "10.255.1.0/24", "192.0.2.11", 110)
    assert [(one["name"], one["node"]) for one in found["pods"]] == [("bad", "w1")]
    assert "ImagePullBackOff" in found["pods"][0]["fault"] and found["pods_of_nodes"] == {"w1": 3}
    assert [one["name"] for one in found["unavailable"]] == ["v1beta1.other"]
    assert [(one["hook"], one["service"]) for one in found["webhooks"]] == [("a.policy", "p/policy")]
    assert found["stuck"] == [{"namespace": "", "name": "old", "fault": "a finalizer"}]


def test_what_an_apiserver_refuses_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_plane, "KubeApi", Api)
    monkeypatch.setattr(Api, "not_there", {"/api/v1/pods", "/api/v1/services"})
    found = control_plane.look(CONNECTION)
    assert found["gaps"] == ["/api/v1/pods is refused", "/api/v1/services is refused"]
    assert (found["pods"], found["node_ports"], len(found["nodes"])) == ([], 0, 1)


def test_an_apiserver_that_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_plane, "KubeApi", Api)
    monkeypatch.setattr(Api, "fault", "[-]etcd failed")
    assert control_plane.look(CONNECTION) == {"ready": False, "fault": "[-]etcd failed", "listens": False, "gaps": []}


def test_no_certificates_to_ask_with() -> None:
    found = control_plane.look({"connection": {"server": "https://127.0.0.1:1", "ca": "/no/ca", "cert": "/no/c", "key": "/no/k"}})
    assert not found["ready"] and "no such file" in found["fault"]


def test_a_firewall(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: dict[str, t.Any] = {
        "getActiveZones": {"public": {"interfaces": ["eth0"], "sources": []}},
        "getZoneSettings2": {"target": "default", "services": ["ssh"], "ports": [["9999", "tcp"]]},
        "queryPanicMode": False,
    }

    def ask(*asked: str) -> list[t.Any]:
        if asked[3] not in answers:
            raise system_bus.NotAnswered(f"{asked[3]}: no")
        return [answers[asked[3]]]

    monkeypatch.setattr(kind, "collect", lambda items: [{} for _item in items])
    monkeypatch.setattr(kind, "is_running", lambda: True)
    monkeypatch.setattr(system_bus, "ask", ask)
    monkeypatch.setattr(nftables, "run", lambda *_a, **_o: commands.Completed(0, "", ""))
    monkeypatch.setattr(firewall, "run", lambda *_a, **_o: commands.Completed(3, "active\ninactive\ninactive\ninactive\ninactive\n", ""))
    found = firewall.look({"items": [], "unit": "x", "filter_table": "inet barehost"})
    public = {"interfaces": ["eth0"], "sources": [], "target": "default", "services": ["ssh"], "ports": ["9999/tcp"]}
    assert (found["zones"], found["panic"], found["others"], found["gaps"]) == ({"public": public}, False, ["nftables.service"], [])
    answers.pop("queryPanicMode")
    assert firewall.look({"items": [], "unit": "x", "filter_table": "inet barehost"})["gaps"] == [
        "firewalld does not answer queryPanicMode: queryPanicMode: no"
    ]


def test_units(monkeypatch: pytest.MonkeyPatch) -> None:
    state = {
        "known": True,
        "masked": False,
        "active": "active",
        "enabled": "enabled",
        "needs_daemon_reload": False,
        "changed_inputs": [],
        "unproven": False,
    }
    item = {"name": "a.service", "state": "started", "enabled": True, "health": [{"file": "/nowhere/at/all"}]}
    shown = "Id=a.service\nSubState=running\nResult=success\nNRestarts=7\nExecMainStatus=0\n"
    printed = {
        "show": shown,
        "list-units": "x.mount loaded failed failed X\na.service loaded failed failed A\n",
        "is-system-running": "degraded",
    }
    monkeypatch.setattr(kind_of_units, "collect", lambda items: [dict(state) for _item in items])
    monkeypatch.setattr(kind_of_units, "evidence", lambda name: f"{name}: active\nline one\n" + "x" * 1000)
    monkeypatch.setattr(units, "run", lambda argv, **_options: commands.Completed(0, printed[argv[1]], ""))
    found = units.look({"units": [item]})
    (one,) = found["units"]
    assert (one["health"], one["restarts"], one["state"]) == ("file /nowhere/at/all: no such file", 7, "running")
    assert one["journal"][0] == "line one" and len(one["journal"][1]) == 300
    assert (found["failed"], found["system"]) == (["x.mount"], "degraded")
