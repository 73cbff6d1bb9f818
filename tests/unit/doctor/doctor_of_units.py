# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and faults of the group ``units``."""

from __future__ import annotations

import typing as t

from doctor_situation import Fault, Situation

OF_ALL = ("chronyd.service", "firewalld.service")
OF_NODES = (
    "barehost-packet-filter.service",
    "docker.service",
    "cri-docker.service",
    "kubelet.service",
    "kube-proxy.service",
    "flanneld.service",
)
OF_MASTERS = ("etcd.service", "kube-apiserver.service", "kube-controller-manager.service", "kube-scheduler.service")
DOWN = {"active": "inactive", "state": "dead"}
FAULTS: dict[str, Fault] = {
    "unit-missing": Fault(lambda s: _unit(s, "kube-proxy.service", known=False, **DOWN), "knows no kube-proxy.service", "site.yml"),
    "unit-masked": Fault(
        lambda s: _unit(s, "kubelet.service", masked=True, **DOWN), "kubelet.service is masked", "systemctl unmask kubelet.service"
    ),
    "unit-down": Fault(lambda s: _unit(s, "kubelet.service", **DOWN), "kubelet.service is inactive", "`systemctl start kubelet.service`"),
    "unit-unhealthy": Fault(
        lambda s: _unit(s, "kubelet.service", health="http http://x: Connection refused"),
        "kubelet.service runs, and",
        "journalctl -u kubelet",
    ),
    "unit-not-enabled": Fault(
        lambda s: _unit(s, "kubelet.service", enabled="disabled"), "kubelet.service is disabled", "systemctl enable kubelet.service"
    ),
    "unit-restarts": Fault(lambda s: _unit(s, "flanneld.service", restarts=12), "flanneld.service: 12 times", "journalctl -u flanneld"),
    "unit-outdated": Fault(
        lambda s: _unit(s, "kubelet.service", changed_inputs=["/etc/kubernetes/kubelet"]), "/etc/kubernetes/kubelet changed", "site.yml"
    ),
    "unit-reload-due": Fault(lambda s: _unit(s, "kubelet.service", needs_daemon_reload=True), "kubelet.service", "systemctl daemon-reload"),
    "unit-unwanted": Fault(
        lambda s: _unit(s, "nginx.service", active="active", state="running"), "nginx.service is active", "systemctl disable --now nginx"
    ),
    "unit-of-others-failed": Fault(lambda s: s.groups["w1"]["units"]["failed"].append("x.mount"), "x.mount", "systemctl status x.mount"),
}


def healthy(host: str) -> dict[str, t.Any]:
    names = [*OF_ALL, *OF_NODES, *(OF_MASTERS if host == "m1" else ())]
    unwanted = _told("nginx.service", wanted="stopped", wanted_enabled=False, active="inactive", enabled="disabled", state="dead")
    return {"units": {"units": [*map(_told, names), unwanted], "failed": [], "system": "running"}}


def _told(name: str, **changes: t.Any) -> dict[str, t.Any]:
    return {
        "name": name,
        "wanted": "started",
        "wanted_enabled": True,
        "known": True,
        "masked": False,
        "active": "active",
        "enabled": "enabled",
        "needs_daemon_reload": False,
        "changed_inputs": [],
        "unproven": False,
        "state": "running",
        "result": "success",
        "restarts": 0,
        "status": "0",
        "health": "",
        "journal": [],
        **changes,
    }


def _unit(situation: Situation, name: str, **changes: t.Any) -> None:
    next(unit for unit in situation.groups["w1"]["units"]["units"] if unit["name"] == name).update(changes)
