# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and faults of the groups ``firewall`` and ``selinux``."""

from __future__ import annotations

import copy
import typing as t

from doctor_situation import ADDRESSES, Fault, Situation

NAME = "barehost-kubelet"
SERVICE = {"short": NAME, "description": "d", "ports": ["10250/tcp"], "protocols": [], "other": []}
ZONES = {
    "public": {"services": [NAME], "rules": [], "interfaces": ["eth0"], "target": "default"},
    "trusted": {"services": [], "rules": [], "interfaces": ["cni0"], "target": "ACCEPT"},
}


def healthy(host: str) -> dict[str, t.Any]:
    side = {"services": {NAME: SERVICE}, "ipsets": {}, "zones": ZONES}
    item = {
        "zone": "public",
        "address": ADDRESSES[host],
        "interfaces": [],
        "peers": [],
        "services": [{"name": NAME, "description": "d", "ports": ["10250/tcp"]}],
        "trusted_interfaces": ["cni0"],
    }
    state = {
        "installed": True,
        "running": True,
        "default_zone": "public",
        "permanent": copy.deepcopy(side),
        "runtime": copy.deepcopy(side),
        "ssh_ports": [22],
        "bound": {"interfaces": {"eth0": "public", "cni0": "trusted"}, "sources": {}},
        "with_address": ["eth0"],
    }
    zones = {
        "public": {"interfaces": ["eth0"], "sources": [], "target": "default", "services": ["ssh", NAME], "ports": []},
        "trusted": {"interfaces": ["cni0", "flannel.1"], "sources": [], "target": "ACCEPT", "services": [], "ports": []},
    }
    firewall = {
        "items": [item],
        "states": [state],
        "running": True,
        "settings": {"StrictForwardPorts": "no"},
        "others": [],
        "zones": zones,
        "nftables": {"tables": ["inet firewalld", "inet barehost", "ip kube-proxy"], "fault": "", "emptied": False},
        "panic": False,
        "gaps": [],
    }
    mode = {"kernel": "enforcing", "config": "enforcing", "forced": [], "relabels": False}
    return {"firewall": firewall, "selinux": {"wanted": ["enforcing"], "state": mode, "booleans": [], "denials": [], "gaps": []}}


def _of(situation: Situation) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", situation.groups["w1"]["firewall"])


def _side(situation: Situation, side: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", _of(situation)["states"][0][side])


def _off(situation: Situation) -> None:
    _of(situation).update(running=False, zones={})
    _of(situation)["states"][0].update(running=False, runtime=None)


def _selinux(situation: Situation) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", situation.groups["w1"]["selinux"])


def _denial() -> dict[str, t.Any]:
    return {"program": "etcd", "of": "init_t", "to": "etc_t", "class": "file", "what": "write", "count": 9}


FAULTS: dict[str, Fault] = {
    "firewall-off": Fault(_off, "it does not run", "systemctl enable --now firewalld"),
    "firewall-flushed": Fault(
        lambda s: _of(s)["nftables"]["tables"].remove("inet firewalld"),
        "it runs, and there is no table firewalld",
        "systemctl restart firewalld",
    ),
    "firewall-differs": Fault(
        lambda s: _side(s, "runtime")["zones"]["public"].update(services=[]), f"zone public: {NAME}", "--tags firewall"
    ),
    "firewall-differs-at-boot": Fault(
        lambda s: _side(s, "permanent")["zones"]["public"].update(services=[]), f"zone public: {NAME}", "--tags firewall"
    ),
    "firewall-no-packet-filter": Fault(
        lambda s: _of(s)["nftables"]["tables"].remove("inet barehost"),
        "there is no table inet barehost",
        "systemctl restart barehost-packet-filter.service",
    ),
    "firewall-of-others": Fault(
        lambda s: _of(s)["others"].append("nftables.service"),
        "nftables",
        "systemctl disable --now nftables.service && systemctl start firewalld",
    ),
    "firewall-strict-forward": Fault(lambda s: _of(s)["settings"].update(StrictForwardPorts="yes"), "yes", "StrictForwardPorts=no"),
    "firewall-panic": Fault(lambda s: _of(s).update(panic=True), "on", "firewall-cmd --panic-off"),
    "firewall-opened-by-others": Fault(
        lambda s: _of(s)["zones"]["public"]["ports"].append("9999/tcp"), "zone public: 9999/tcp", "--remove-port"
    ),
    "firewall-all-trusted": Fault(lambda s: _of(s)["zones"]["trusted"]["interfaces"].append("eth0"), "eth0", "--change-interface"),
    "selinux-mode-differs": Fault(lambda s: _selinux(s)["state"].update(kernel="permissive"), "permissive", "setenforce 1"),
    "selinux-at-boot-differs": Fault(lambda s: _selinux(s)["state"].update(config="permissive"), "SELINUX=permissive", "site.yml"),
    "selinux-boolean-off": Fault(
        lambda s: _selinux(s)["booleans"].append(
            {"name": "haproxy_connect_any", "value": True, "found": {"enabled": True, "value": False}}
        ),
        "haproxy_connect_any is off",
        "setsebool -P haproxy_connect_any on",
    ),
    "selinux-denials": Fault(lambda s: _selinux(s)["denials"].append(_denial()), "9 times etcd (init_t) write file of etc_t", "ausearch"),
}
