# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and faults of the group ``names``."""

from __future__ import annotations

import typing as t

from doctor_situation import ADDRESSES, Fault, Situation


def healthy(host: str) -> dict[str, t.Any]:
    interfaces = [
        {"name": "lo", "mtu": 65536, "state": "UNKNOWN", "addresses": ["127.0.0.1/8"]},
        {"name": "eth0", "mtu": 1500, "state": "UP", "addresses": [f"{ADDRESSES[host]}/24"]},
        {"name": "docker0", "mtu": 1500, "state": "DOWN", "addresses": ["172.17.0.1/16"]},
        {"name": "cni0", "mtu": 1450, "state": "UP", "addresses": ["10.255.1.1/24"]},
    ]
    return {
        "names": {
            "hostname": host,
            "static_hostname": host,
            "hosts": [["127.0.0.1", "localhost"], *([address, name] for name, address in ADDRESSES.items())],
            "own": [ADDRESSES[host]],
            "of_pods": "/etc/resolv.conf",
            "resolvers": {"/etc/resolv.conf": {"exists": True, "servers": ["192.0.2.1"], "search": []}},
            "interfaces": interfaces,
            "routes": [{"dst": "default", "dev": "eth0", "gateway": "192.0.2.1"}],
            "gaps": [],
        }
    }


def _of(situation: Situation) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", situation.groups["w1"]["names"])


def _own(situation: Situation) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", _of(situation)["interfaces"][1])


def _second() -> dict[str, t.Any]:
    return {"name": "eth1", "mtu": 1500, "state": "UP", "addresses": ["10.255.7.5/24"]}


def _servers(situation: Situation, *servers: str) -> None:
    _of(situation)["resolvers"]["/etc/resolv.conf"]["servers"] = list(servers)


FAULTS: dict[str, Fault] = {
    "names-address-missing": Fault(
        lambda s: _own(s).update(addresses=["192.0.2.99/24"]), "none has 192.0.2.11; there are eth0 192.0.2.99", "node_address"
    ),
    "names-address-twice": Fault(
        lambda s: _own(s)["addresses"].append("192.0.2.12/24"), "192.0.2.12 is on w1 (eth0), w2 (eth0)", "keepalived", host=""
    ),
    "names-networks-overlap": Fault(lambda s: _of(s)["interfaces"].append(_second()), "eth1 is in 10.255.7.0/24", "cluster_pod_cidr"),
    "names-no-route": Fault(lambda s: _of(s).update(routes=[]), "no default route", "ip route"),
    "names-own-is-loopback": Fault(lambda s: _of(s).update(own=["127.0.0.1"]), "w1 is 127.0.0.1", "/etc/hosts"),
    "names-of-others-wrong": Fault(
        lambda s: _of(s)["hosts"].append(["192.0.2.77", "m1"]), "m1 is 192.0.2.77 there", "grep -n m1 /etc/hosts"
    ),
    "names-resolver-loop": Fault(lambda s: _servers(s, "127.0.0.53"), "/etc/resolv.conf has 127.0.0.53", "minion_resolv_conf"),
    "names-resolver-missing": Fault(_servers, "/etc/resolv.conf has no server", "ipv4.dns"),
    "names-resolvers-many": Fault(lambda s: _servers(s, "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"), "has 4 servers", "take"),
    "names-mtu-differs": Fault(lambda s: _own(s).update(mtu=9000), "1500 on m1, w2; 9000 on w1", "mtu", host=""),
}
