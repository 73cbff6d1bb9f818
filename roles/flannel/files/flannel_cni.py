# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the CNI configuration of this node from the subnet and the MTU that flanneld has got for it.

A node that was registered anew may have got another subnet. Then the bridge and the pods follow: the bridge loses addresses of other
subnets, and sandboxes with such addresses are stopped, for the kubelet to make new ones. The pods stay; their containers start anew. A
bridge that has lost its own address gets it back.

usage: flannel-cni SETTINGS

SETTINGS is a JSON file: "subnet_file" is where flanneld writes its lease, "target" is the CNI configuration, "bridge" the interface of
the pods, and "addresses" the directory in which the plugin host-local has a file for each address that is in use.
"""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
import sys
import time
import typing as t

# cri-dockerd reads the CNI configuration every 5 s. Until then it makes sandboxes by the old one.
# https://github.com/Mirantis/cri-dockerd/blob/v0.4.4/network/cni/cni.go (defaultSyncConfigPeriod)
SETTLE_SECONDS = 6.0
# flanneld's unit may take 90 s to start.
DEADLINE_SECONDS = 60.0
_PAUSE = 0.5


def read_lease(path: str) -> dict[str, str]:
    """The variables in the file of flanneld."""
    with open(path, encoding="utf-8") as file:
        pairs = [line.strip().partition("=") for line in file if "=" in line]
    return {name: value for name, _equals, value in pairs}


def subnet_of(lease: dict[str, str]) -> ipaddress.IPv4Network:
    # FLANNEL_SUBNET is the address of the bridge with the prefix length; host-local refuses host bits.
    return ipaddress.IPv4Interface(lease["FLANNEL_SUBNET"]).network


def configuration(lease: dict[str, str], *, bridge: str) -> dict[str, t.Any]:
    """A bridge for the pods of this node, with addresses of its subnet."""
    return {
        "cniVersion": "1.0.0",
        "name": "flannel",
        "plugins": [
            {
                "type": "bridge",
                "bridge": bridge,
                "isDefaultGateway": True,
                "hairpinMode": True,
                "mtu": int(lease["FLANNEL_MTU"]),
                "ipam": {"type": "host-local", "ranges": [[{"subnet": str(subnet_of(lease))}]]},
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def write(target: str, conflist: dict[str, t.Any]) -> None:
    with open(target + ".new", "w", encoding="utf-8") as file:
        json.dump(conflist, file, indent=2)
        file.write("\n")
    os.replace(target + ".new", target)


def output(*command: str) -> str | None:
    """What a command prints; None if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def network_of(lease: dict[str, str]) -> ipaddress.IPv4Network:
    """The network of all pods."""
    return ipaddress.IPv4Network(lease["FLANNEL_NETWORK"].split(",")[0])


def bridge_addresses(bridge: str) -> list[str] | None:
    """What the bridge has, with prefix lengths; None if there is no bridge."""
    listed = output("ip", "-4", "-oneline", "address", "show", "dev", bridge)
    words = [line.split() for line in listed.splitlines()] if listed is not None else None
    return None if words is None else [line[line.index("inet") + 1] for line in words if "inet" in line]


def foreign_bridge_addresses(bridge: str, subnet: ipaddress.IPv4Network, network: ipaddress.IPv4Network) -> list[str]:
    """The addresses that the bridge has from other subnets of the pod network, with their prefix lengths. Any else is somebody's own."""
    # no bridge yet: no address
    addresses = {text: ipaddress.IPv4Interface(text).ip for text in bridge_addresses(bridge) or []}
    return [text for text, address in addresses.items() if address in network and address not in subnet]


def foreign_sandboxes(directory: str, subnet: ipaddress.IPv4Network) -> list[str]:
    """The running sandboxes with addresses of another subnet; those of which it is not known whether they run count."""
    owners = set()
    for name in os.listdir(directory) if os.path.isdir(directory) else []:
        try:
            foreign = ipaddress.IPv4Address(name) not in subnet
        except ValueError:
            continue  # a lock, or which address was given last
        if foreign:
            owners.add(owner(os.path.join(directory, name)))
    if not owners:
        return []
    # What is left of a sandbox that does not run is removed with it by the kubelet.
    running = output("docker", "ps", "--quiet", "--no-trunc")
    return sorted(owners if running is None else owners & set(running.split()))


def owner(path: str) -> str:
    """The container that has the address; empty if it has been given back meanwhile."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().strip()
    except OSError:
        return ""


def keep_gateway(lease: dict[str, str], *, bridge: str) -> None:
    """Gives a bridge its own address back that somebody has taken. The CNI plugin would do so only for the next pod."""
    found = bridge_addresses(bridge)
    if found is not None and lease["FLANNEL_SUBNET"] not in found:
        print(f"{bridge} gets {lease['FLANNEL_SUBNET']}, by which the pods of this node reach all others", flush=True)
        output("ip", "address", "add", lease["FLANNEL_SUBNET"], "broadcast", "+", "dev", bridge)


def follow(lease: dict[str, str], settings: dict[str, str]) -> None:
    """Returns when nothing on this node has an address of another subnet; ends the program at the deadline."""
    subnet, network = subnet_of(lease), network_of(lease)
    began = time.monotonic()
    busy = False
    while True:
        addresses = foreign_bridge_addresses(settings["bridge"], subnet, network)
        sandboxes = foreign_sandboxes(settings["addresses"], subnet)
        for address in addresses:
            print(f"{settings['bridge']} loses {address}, which is not of this node's subnet {subnet}", flush=True)
            output("ip", "address", "delete", address, "dev", settings["bridge"])
        if sandboxes:
            print(f"{len(sandboxes)} pods with addresses that are not of this node's subnet {subnet} get new ones", flush=True)
            output("docker", "stop", "-t", "1", *sandboxes)
        busy = busy or bool(addresses or sandboxes)
        waited = time.monotonic() - began
        if not (addresses or sandboxes) and (not busy or waited >= SETTLE_SECONDS):
            return
        if waited >= DEADLINE_SECONDS:
            sys.exit(
                f"after {waited:.0f} s {', '.join(addresses + sandboxes)} still have addresses outside this node's subnet {subnet}: "
                "stop these containers and remove these addresses"
            )
        time.sleep(_PAUSE)


def main(settings_file: str) -> None:
    with open(settings_file, encoding="utf-8") as file:
        settings = json.load(file)
    lease = read_lease(settings["subnet_file"])
    write(settings["target"], configuration(lease, bridge=settings["bridge"]))
    follow(lease, settings)
    keep_gateway(lease, bridge=settings["bridge"])


if __name__ == "__main__":
    main(sys.argv[1])
