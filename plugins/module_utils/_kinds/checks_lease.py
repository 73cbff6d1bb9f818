# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the lease that flanneld runs with is still that of the Node.

flanneld reads the pod CIDR of its Node and writes its annotations there when it starts, and never again: a Node that was deleted and
registered anew, or that came back from an older snapshot, has neither, and no other node knows the way to this one.
https://github.com/flannel-io/flannel/blob/v0.28.9/pkg/subnet/kube/kube.go (AcquireLease)
"""

from __future__ import annotations

import ipaddress
import json
import typing as t

_PREFIX = "flannel.alpha.coreos.com"
_MANAGED, _TYPE, _DATA = f"{_PREFIX}/kube-subnet-manager", f"{_PREFIX}/backend-type", f"{_PREFIX}/backend-data"
_SIOCGIFHWADDR = 0x8927  # netdevice(7)

Object = dict[str, t.Any]


def why_current(status: int, body: str, *, lease_file: str, hardware_address: t.Callable[[str], str] | None = None) -> str | None:
    """None if flanneld must get its lease anew, else why not. An API that does not answer is no evidence.

    ``status`` and ``body`` are the API's answer for the Node (status 0: there was none); ``lease_file`` is flanneld's subnet.env.
    """
    if status == 404:
        return None
    if status != 200:
        return f"the Node cannot be read: {status or body}"
    try:
        node = json.loads(body)
    except ValueError:
        return "the Node cannot be read: its answer is no JSON"
    annotations = node["metadata"].get("annotations") or {}
    if annotations.get(_MANAGED) != "true":
        return None
    if _subnet(lease_file) != node.get("spec", {}).get("podCIDR"):
        return None
    return "the lease is that of the Node" if _same_device(annotations, hardware_address or _hardware_address) else None


def _subnet(lease_file: str) -> str:
    """The subnet of the lease as a Node writes it; empty if there is none."""
    try:
        with open(lease_file, encoding="utf-8") as stream:
            pairs = dict(line.strip().split("=", 1) for line in stream if "=" in line)
        return str(ipaddress.ip_interface(pairs["FLANNEL_SUBNET"]).network)
    except (OSError, KeyError, ValueError):
        return ""


def _same_device(annotations: Object, hardware_address: t.Callable[[str], str]) -> bool:
    """Whether other nodes send to the MAC address that this host's VXLAN device has: it has another one after a reboot."""
    if annotations.get(_TYPE) != "vxlan":
        return True
    try:
        told = json.loads(annotations[_DATA])
        device, address = f"flannel.{told['VNI']}", str(told["VtepMAC"]).lower()
    except (KeyError, TypeError, ValueError):
        return True  # of another version of flannel: nothing to compare
    return hardware_address(device) == address


def _hardware_address(device: str) -> str:
    """The MAC address of an interface; empty if there is none. Not from /sys, which may show another network namespace."""
    import fcntl  # imported here, because most checks are of units and sockets
    import socket
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(asking.fileno(), _SIOCGIFHWADDR, struct.pack("256s", device.encode()[:15]))
        except OSError:
            return ""
    return ":".join(f"{byte:02x}" for byte in answer[18:24])
