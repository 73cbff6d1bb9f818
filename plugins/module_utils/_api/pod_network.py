# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``pod_network``: whether this node reaches its neighbours, and the pods of CoreDNS, by the pod network.

A neighbour is asked at the address that its end of flannel's tunnel has, where its kubelet listens too, with a request longer than a
packet. So the tunnel must pass in both directions, and whole packets; no image and no pod is needed.
"""

from __future__ import annotations

import concurrent.futures
import functools
import json
import socket
import ssl
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi, Object
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.waits import fault_of
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import trusted
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run as command
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError, cause
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.waiting import last_found

_TRY_SECONDS = 2.0
_PAUSE = 0.5
# Two packets and more: a path whose MTU is too small loses them.
_PADDING = 4096
# X509_V_FLAG_NO_CHECK_TIME of OpenSSL 1.1.0 and newer, for which Python has no name
_NO_CHECK_TIME = 0x200000
# A VXLAN packet is longer than what it carries by this much: Ethernet, IP, UDP and VXLAN headers. https://www.rfc-editor.org/rfc/rfc7348
_VXLAN_BYTES = 50
# A service's ports in its endpoint slices, by name.
_DNS_PORT = "dns-tcp"
_MANAGED = "flannel.alpha.coreos.com/kube-subnet-manager"

Probe = t.Callable[[], str]


def run(_step: str, payload: Object) -> Object:
    """Looks until all is well or the deadline has come; raises HostError."""
    api = KubeApi(**payload["connection"])
    why = api.not_ready(deadline=payload["deadline"])
    if why:
        raise HostError(f"the pod network cannot be checked, because this host does not reach the API: {why}")
    peers = [{**peer, "subnet": _subnet(node)} for peer in payload["peers"] for node in [_ready_node(api, peer["name"])] if node]
    faults = last_found(lambda: _faults(_probes(api, payload, peers)), deadline=payload["deadline"], pause=_PAUSE)
    if faults:
        raise HostError(_complaint(payload, peers, faults))
    return {"reached": [peer["name"] for peer in peers]}


def _ready_node(api: KubeApi, name: str) -> t.Optional[Object]:
    """The Node, if it is ready. What another one lacks is told by who waits for it."""
    node = api.find(f"/api/v1/nodes/{name}")
    return node if node is not None and not fault_of({**node, "kind": "Node"}, "Ready") else None


def _subnet(node: Object) -> str:
    """The node's part of the pod network, if flannel takes it from the Node."""
    managed = node["metadata"].get("annotations", {}).get(_MANAGED) == "true"
    return str(node.get("spec", {}).get("podCIDR", "")) if managed else ""


def _probes(api: KubeApi, payload: Object, peers: t.Sequence[Object]) -> dict[str, Probe]:
    """What is to be asked, by whom it is asked of."""
    ways = tunnels(_listed("ip", "-json", "neighbour", "show", "dev", payload["device"]), _listed("bridge", "-json", "fdb", "show"))
    probes: dict[str, Probe] = {}
    for peer in peers:
        known, subject = ways.get(peer["address"], []), f"{peer['name']} ({peer['address']})"
        probes[subject] = functools.partial(_reaches, peer, known, payload)
    reachable = {payload["name"], *(peer["name"] for peer in peers)}
    for node, address, port in _dns_pods(api, payload["dns"]):
        if node in reachable:
            subject = f"the pod of {payload['dns']['service']} with the address {address} on {node}"
            probes[subject] = functools.partial(_connects, address, port)
    return probes


def _listed(*argv: str) -> list[Object]:
    done = command(list(argv), timeout=10)
    try:
        found = json.loads(done.output or "[]")
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def tunnels(neighbours: t.Sequence[Object], forwarding: t.Sequence[Object]) -> dict[str, list[str]]:
    """The addresses in the pod network of each host that flannel knows, by the host's own. Both lists are as iproute2 prints them as JSON.

    A host has several while the Node of an earlier name is there.
    """
    hosts = {entry["mac"].lower(): entry["dst"] for entry in forwarding if "mac" in entry and "dst" in entry}
    found: dict[str, list[str]] = {}
    for entry in neighbours:
        host = hosts.get(entry.get("lladdr", "").lower())
        if host:
            found.setdefault(host, []).append(entry["dst"])
    return found


def _reaches(peer: Object, known: t.Sequence[str], payload: Object) -> str:
    """Empty if one of the addresses of a neighbour answers."""
    fault = f"flannel of this host has no way to it on {payload['device']}: restart flanneld on this host (systemctl restart flanneld)"
    if known and peer["subnet"] and peer["subnet"].partition("/")[0] not in known:
        return (
            f"its pod CIDR is {peer['subnet']}, and flannel of this host still sends to {', '.join(known)}: "
            "restart flanneld on this host (systemctl restart flanneld)"
        )
    for address in known:
        fault = ask_kubelet(address, payload["kubelet_port"], ca=payload["kubelet_ca"])
        if not fault:
            break
    return fault


def _dns_pods(api: KubeApi, dns: Object) -> list[tuple[str, str, int]]:
    """Node, address and port of each pod of the cluster's DNS that is ready."""
    selector = f"kubernetes.io/service-name={dns['service']}"
    slices = api.find(f"/apis/discovery.k8s.io/v1/namespaces/{dns['namespace']}/endpointslices", labelSelector=selector) or {}
    return [
        (endpoint.get("nodeName", ""), endpoint["addresses"][0], port["port"])
        for entry in slices.get("items", [])
        for port in entry.get("ports") or []
        if port.get("name") == _DNS_PORT
        for endpoint in entry.get("endpoints") or []
        if endpoint.get("conditions", {}).get("ready")
    ]


def _faults(probes: dict[str, Probe]) -> dict[str, str]:
    """What was found of those that cannot be reached. All are asked at once."""
    if not probes:
        return {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(probes)) as pool:
        found = dict(zip(probes, pool.map(lambda probe: probe(), probes.values())))
    return {subject: fault for subject, fault in found.items() if fault}


def _connects(address: str, port: int) -> str:
    try:
        socket.create_connection((address, port), timeout=_TRY_SECONDS).close()
    except OSError as error:
        return f"no connection to port {port}: {cause(error)}"
    return ""


def ask_kubelet(address: str, port: int, *, ca: str) -> str:
    """Empty if a kubelet of this cluster answers a request that is longer than a packet; whatever it answers is an answer."""
    try:
        connection = socket.create_connection((address, port), timeout=_TRY_SECONDS)
    except ConnectionRefusedError:
        return ""  # the refusal came through the tunnel; why the kubelet does not listen is told elsewhere
    except OSError as error:
        return f"no connection to {address} in the pod network: {cause(error)}"
    context = trusted.context(ca)
    context.check_hostname = False  # certificates of kubelets have the address of the host, and this is that of the tunnel
    # One that has ended says who answers, too. While a cluster whose certificates have all ended comes back, Nodes may still be ready.
    context.verify_flags |= _NO_CHECK_TIME
    try:
        with context.wrap_socket(connection) as secure:
            request = f"GET /healthz HTTP/1.0\r\nHost: {address}\r\nX-Padding: {'.' * _PADDING}\r\n\r\n"
            secure.sendall(request.encode())
            return "" if secure.recv(1) else f"{address} in the pod network closed the connection"
    except socket.timeout:
        return f"{address} in the pod network takes connections, but whole packets get lost on the way (MTU)"
    except (OSError, ssl.SSLError) as error:
        return f"{address} in the pod network is no kubelet of this cluster: {cause(error)}"
    finally:
        connection.close()


def _complaint(payload: Object, peers: t.Sequence[Object], faults: dict[str, str]) -> str:
    addresses = ", ".join(peer["address"] for peer in peers)
    found = "; ".join(f"{subject}: {fault}" for subject, fault in faults.items())
    mtu = _mtu(payload["device"])
    size = f", in packets of {mtu + _VXLAN_BYTES} bytes (the MTU {mtu} of {payload['device']} and VXLAN's {_VXLAN_BYTES})" if mtu else ""
    return (
        f"{payload['name']} ({payload['address']}) does not reach all of the pod network. Found: {found}. Wanted: UDP port "
        f"{payload['vxlan_port']} open between {payload['address']} and {addresses} in both directions{size}. Look at the firewalls of the "
        "hosts ('nft list ruleset', 'firewall-cmd --list-all'), at what filters between them, at node_interface, and at the MTU in "
        "flannel_backend; 'journalctl -u flanneld' of either host tells which addresses flannel uses"
    )


def _mtu(device: str) -> int:
    found = _listed("ip", "-json", "link", "show", "dev", device)
    return int(found[0].get("mtu", 0)) if found else 0
