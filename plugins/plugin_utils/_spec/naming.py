# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The syntax of names: hosts, domains, labels, taints, interfaces. Every check returns what is wrong, or nothing."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")

# X.509's bound of a common name
COMMON_NAME_LIMIT = 64

TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")

# What a kubelet may say about its own node below kubernetes.io and k8s.io: it refuses to start with any other label of these
# domains, and NodeRestriction refuses it too. The kubelet sets hostname, arch and os itself.
KUBELET_LABEL_DOMAINS = ("kubelet.kubernetes.io", "node.kubernetes.io")
KUBELET_LABELS = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone", "node.kubernetes.io/instance-type")

# Interfaces that this cluster makes itself, or that reach no other host.
FOREIGN_INTERFACES = ("lo", "docker0", "cni0", "kube-ipvs0")
# What the names of flannel's tunnels begin with; the number of the VXLAN follows.
TUNNELS = "flannel."


def label_fault(name: str) -> str:
    """RFC 1123 label: one part of a host name."""
    if not name:
        return "is empty"
    if len(name) > 63:
        return f"has {len(name)} characters, and 63 are allowed"
    if not _LABEL.fullmatch(name):
        return "may hold only lower case letters, digits and '-', and must start and end with a letter or digit"
    return ""


def subdomain_fault(name: str) -> str:
    """RFC 1123 subdomain: a host name, with or without a domain."""
    if len(name) > 253:
        return f"has {len(name)} characters, and 253 are allowed"
    for part in name.split("."):
        fault = label_fault(part)
        if fault:
            subject = f"its part {part!r} " if "." in name and part else ""
            return f"has an empty part between two dots, or begins or ends with a dot: {fault}" if not part and name else subject + fault
    return ""


def certificate_fault(name: str, *, kubelet: bool) -> str:
    """A node's name is in its certificates: a kubelet's common name is system:node:<name>, an etcd member's is the name."""
    room = name_room(kubelet=kubelet)
    if len(name) <= room:
        return ""
    common_name = "system:node:<node name>" if kubelet else "<node name>"
    return (
        f"has {len(name)} characters, and {room} are allowed: {common_name} must fit the {COMMON_NAME_LIMIT} of a certificate's common name"
    )


def name_room(*, kubelet: bool) -> int:
    return COMMON_NAME_LIMIT - len("system:node:" if kubelet else "")


def mended_name(name: str, *, room: int = 253) -> str:
    """A valid name as near as possible to a wrong one, to show as an example."""
    parts = [re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-")[:63].strip("-") for part in name.split(".")]
    return ".".join(part for part in parts if part)[:room].strip("-.") or "node1"


def interface_fault(name: str) -> str:
    """A network interface that can carry the cluster's traffic."""
    if name in FOREIGN_INTERFACES or name.startswith(TUNNELS):
        return "is not an interface that reaches other hosts"
    if len(name) > 15:
        return f"has {len(name)} characters, and an interface name can have 15"
    if not name or name in (".", "..") or any(character.isspace() or character in "/:%" for character in name):
        return "is not the name of a network interface"
    return ""


def qualified_fault(key: str) -> str:
    """The key of a label or taint: an optional domain with '/', then a name."""
    prefix, separator, name = key.rpartition("/")
    if separator and (not prefix or subdomain_fault(prefix)):
        return f"has the prefix {prefix!r}, which is not a domain name"
    if not 0 < len(name) <= 63 or not _QUALIFIED.fullmatch(name):
        return (
            "must be up to 63 letters, digits, '-', '_' or '.', beginning and ending with a letter or digit, after a domain and '/' if any"
        )
    return ""


def label_value_fault(value: str) -> str:
    """The value of a label or taint; empty is allowed."""
    if value and (len(value) > 63 or not _QUALIFIED.fullmatch(value)):
        return "must be at most 63 letters, digits, '-', '_' or '.', beginning and ending with a letter or digit"
    return ""


def self_label_fault(key: str) -> str:
    """Whether a kubelet may give its own node this label."""
    domain = key.rpartition("/")[0]
    reserved = any(domain == end or domain.endswith(f".{end}") for end in ("kubernetes.io", "k8s.io"))
    own = any(domain == end or domain.endswith(f".{end}") for end in KUBELET_LABEL_DOMAINS)
    if not reserved or own or key in KUBELET_LABELS:
        return ""
    return "is in a domain of Kubernetes in which a kubelet may not label its own node, and it would refuse to start"
