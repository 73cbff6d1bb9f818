# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pod network as this node has it: flannel's lease and interfaces, the ways to other nodes, services and names."""

from __future__ import annotations

import concurrent.futures
import json
import os
import re
import socket
import struct
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import pod_network
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import checks
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import errors
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import lines_of

Object = dict[str, t.Any]

_TIMEOUT = 3.0
_A, _IN = 1, 1
_NAME_ERROR = 3
_MODE = re.compile(r"""mode:\s*["']?(\w+)""")


def look(asked: Object) -> Object:
    """``peers``: nodes with their addresses; ``dns``: the address of the cluster's, and the name that it must know."""
    ways = pod_network.tunnels(
        _json(["ip", "-json", "neighbour", "show", "dev", asked["device"]]), _json(["bridge", "-json", "fdb", "show"])
    )
    with concurrent.futures.ThreadPoolExecutor(max_workers=12) as pool:
        peers = pool.map(lambda peer: _peer(peer, ways.get(peer["address"], []), asked), asked["peers"])
        service = pool.submit(checks.probe, {"tcp": asked["service"]}, timeout=_TIMEOUT)
        names = pool.submit(_resolve, asked["dns"]["address"], asked["dns"]["name"])
        proxy = [pool.submit(checks.probe, check, timeout=_TIMEOUT) for check in asked["proxy"]]
        found = list(peers)
    lines = (line.partition("=") for line in lines_of(asked["lease"]))
    return {
        "lease": {name: value.strip() for name, _equals, value in lines if name.startswith("FLANNEL_")},
        "tunnel": _interface(asked["device"]),
        "bridge": _interface(asked["bridge"]),
        "peers": found,
        "service": service.result() or "",
        "dns": names.result(),
        "proxy": next((text for one in proxy if (text := one.result()) is not None), ""),
        "mode": _mode(asked["proxy_configuration"]),
        "addresses": _addresses(asked["addresses"]),
    }


def _json(argv: list[str]) -> list[Object]:
    try:
        found = json.loads(run(argv, timeout=_TIMEOUT).output or "[]")
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _interface(name: str) -> Object:
    found = [one for one in _json(["ip", "-json", "address", "show", "dev", name]) if one.get("ifname") == name]
    if not found:
        return {"name": name, "exists": False, "mtu": 0, "up": False, "addresses": []}
    addresses = [f"{own['local']}/{own['prefixlen']}" for own in found[0].get("addr_info", []) if own.get("family") == "inet"]
    return {"name": name, "exists": True, "mtu": found[0].get("mtu", 0), "up": "UP" in found[0].get("flags", []), "addresses": addresses}


def _peer(peer: Object, known: list[str], asked: Object) -> Object:
    """Whether flannel knows the way, and whether the other node's end of the tunnel is reached: its kubelet listens there, too."""
    fault = ""
    for address in known:
        fault = pod_network.ask_kubelet(address, asked["kubelet_port"], ca=asked["kubelet_ca"])
        if not fault:
            break
    return {"name": peer["name"], "known": bool(known), "fault": fault}


def _resolve(server: str, name: str) -> str:
    """What is wrong with the answer of a name server; empty if it knows the name."""
    question = struct.pack(">HHHHHH", 0x6261, 0x0100, 1, 0, 0, 0)
    question += b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0" + struct.pack(">HH", _A, _IN)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
            connection.settimeout(_TIMEOUT)
            connection.connect((server, 53))
            connection.send(question)
            answer = connection.recv(4096)
    except OSError as error:
        return f"no answer: {errors.cause(error)}"
    if len(answer) < 12:
        return "an answer that is none of DNS"
    code, records = answer[3] & 0x0F, struct.unpack(">H", answer[6:8])[0]
    if code == _NAME_ERROR or not (code or records):
        return f"it does not know {name}"
    return f"it answers with code {code}" if code else ""


def _mode(configuration: str) -> str:
    """Of kube-proxy."""
    found = (_MODE.match(line) for line in lines_of(configuration))
    return next((match[1] for match in found if match), "")


def _addresses(directory: str) -> int:
    """How many addresses pods of this node have: host-local has a file for each."""
    try:
        return sum(1 for name in os.listdir(directory) if name[:1].isdigit())
    except OSError:
        return 0
