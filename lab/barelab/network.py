# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's network: one bridge in a network namespace, a namespace of its own for each host, and no way out.

The host's interface, address and default route are there before it boots, so it needs no DHCP and no network manager.
"""

from __future__ import annotations

import ipaddress
import os
import pathlib
from collections.abc import Iterable, Sequence

from barelab import names
from barelab.inventory import Host
from barelab.process import run

NAMESPACE = names.own("lab")
_HOST_PREFIX = f"{NAMESPACE}-host-"
BRIDGE = "br0"
INTERFACE = "eth0"
_NAMESPACES = pathlib.Path("/run/netns")


def path(namespace: str = NAMESPACE) -> pathlib.Path:
    return _NAMESPACES / namespace


def inside(argv: Sequence[str]) -> list[str]:
    """The command that runs ``argv`` in the lab's network. Not `ip netns exec`, which hides the cgroups."""
    return ["nsenter", f"--net={path()}", "--", *argv]


def host_namespace(host: Host) -> str:
    return _HOST_PREFIX + host.name


def mac(address: str) -> str:
    """The same at every boot, so that a host that comes back is the host that went."""
    return ":".join(f"{byte:02x}" for byte in b"\x02\x00" + ipaddress.IPv4Address(address).packed)


def port(address: str) -> str:
    """The bridge's end of the cable of a host; the hosts of a lab differ in the last byte of the address."""
    return "host" + address.rsplit(".", 1)[1]


def create_bridge(address: str) -> None:
    """An empty network with this machine's side of it."""
    run(["ip", "netns", "add", NAMESPACE])
    commands = [
        "link set lo up",
        f"link add {BRIDGE} type bridge forward_delay 0",
        f"address add {address}/24 dev {BRIDGE}",
        f"link set {BRIDGE} up",
    ]
    run(["ip", "-n", NAMESPACE, "-batch", "-"], text="\n".join(commands) + "\n")


def plug_in(host: Host, *, gateway: str) -> None:
    """Give the host a fresh network namespace with its cable in the bridge. What an earlier boot left in the old one is gone."""
    unplug(host)
    namespace = host_namespace(host)
    run(["ip", "netns", "add", namespace])
    outside = [
        f"link add {port(host.address)} type veth peer name {INTERFACE} address {mac(host.address)} netns {namespace}",
        f"link set {port(host.address)} master {BRIDGE} up",
    ]
    run(["ip", "-n", NAMESPACE, "-batch", "-"], text="\n".join(outside) + "\n")
    within = [
        "link set lo up",
        f"address add {host.address}/24 dev {INTERFACE}",
        f"link set {INTERFACE} up",
        # nothing is forwarded, but programs look for the interface that has a default route
        f"route add default via {gateway}",
    ]
    run(["ip", "-n", namespace, "-batch", "-"], text="\n".join(within) + "\n")


def plug_in_tap(host: Host) -> None:
    """Give the host a tap in the bridge, for a machine that makes Ethernet frames itself."""
    unplug(host)
    commands = [
        f"tuntap add dev {port(host.address)} mode tap",
        f"link set {port(host.address)} master {BRIDGE} up",
    ]
    run(["ip", "-n", NAMESPACE, "-batch", "-"], text="\n".join(commands) + "\n")


def unplug(host: Host) -> None:
    run(["ip", "-n", NAMESPACE, "link", "delete", port(host.address)], check=False)
    if path(host_namespace(host)).exists():
        run(["ip", "netns", "delete", host_namespace(host)])


def cut_rules(pairs: Iterable[tuple[str, str]]) -> str:
    """An nftables script after which exactly these pairs of hosts, given by their addresses, do not hear each other."""
    lines = ["add table bridge lab", "delete table bridge lab", "add table bridge lab"]
    lines.append("add chain bridge lab cut { type filter hook forward priority 0; }")
    for first, second in pairs:
        lines += [f"add rule bridge lab cut iifname {port(a)} oifname {port(b)} drop" for a, b in ((first, second), (second, first))]
    return "\n".join(lines) + "\n"


def apply_cuts(pairs: Iterable[tuple[str, str]]) -> None:
    run(inside(["nft", "-f", "-"]), text=cut_rules(pairs))


def processes() -> list[int]:
    """The processes on this machine's side of the lab's network."""
    try:
        wanted = path().stat()
    except FileNotFoundError:
        return []
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            namespace = (folder / "ns/net").stat()
        except OSError:  # it has ended
            continue
        if (namespace.st_dev, namespace.st_ino) == (wanted.st_dev, wanted.st_ino) and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def remove_all() -> None:
    """Remove every network namespace of the lab, of whatever run."""
    for namespace in _NAMESPACES.glob(f"{NAMESPACE}*"):
        if namespace.name == NAMESPACE or namespace.name.startswith(_HOST_PREFIX):
            run(["ip", "netns", "delete", namespace.name])
