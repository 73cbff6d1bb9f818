# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where flannel keeps which node has which part of the pod network, and what its tunnel is."""

from __future__ import annotations

import collections.abc
import dataclasses
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import component_table
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Reader, nearest, shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.naming import TUNNELS

BACKENDS = ("kube", "etcd")
# The apiserver's keys are below this prefix.
_KUBERNETES = "/registry"

_PORT = component_table.FLANNELD.ports["vxlan"].number
# https://github.com/flannel-io/flannel/blob/v0.28.9/pkg/backend/vxlan/vxlan.go (VXLANConfig, defaultVNI)
_FIELDS = ("Type", "VNI", "Port", "MTU", "GBP", "Learning", "DirectRouting")
_VNI = 1
# The name of an interface has 15 characters, which leaves seven digits.
_HIGHEST_VNI = 9_999_999


def interface(backend: collections.abc.Mapping[str, t.Any]) -> str:
    """The interface of flannel's tunnel, by the value of ``flannel_backend``. The only place that says how it is named."""
    return f"{TUNNELS}{backend.get('VNI', _VNI)}"


def fault(backend: collections.abc.Mapping[str, t.Any]) -> tuple[str, str]:
    """What is wrong with a value of ``flannel_backend``, and what to write instead; empty texts if nothing is.

    The firewall opens flannel's VXLAN port between nodes, and nothing else: another backend would run, and no packet would come.
    """
    instead = "Write {Type: vxlan}, with VNI, MTU or GBP if you need them"
    kind, port, vni = backend.get("Type"), backend.get("Port", _PORT), backend.get("VNI", _VNI)
    unknown = next((str(name) for name in backend if name not in _FIELDS), "")
    if unknown:
        # flannel takes a field in whatever case; the interface's name, for one, is not read in all of them
        known = {field.lower(): field for field in _FIELDS}
        near = known.get(nearest(unknown.lower(), known))
        return f"has the field {unknown!r}, which flannel's VXLAN does not know", f"Write {near}" if near else instead
    if kind != "vxlan":
        return f"has the Type {kind!r}; between nodes the firewall opens only what vxlan needs", instead
    if backend.get("DirectRouting"):
        return "has DirectRouting, and the firewall of nodes rejects packets that are forwarded without a tunnel", instead
    if port != _PORT:
        return f"has the Port {port!r}, and the firewall opens {_PORT}/udp", instead
    if isinstance(vni, bool) or not isinstance(vni, int) or not 1 <= vni <= _HIGHEST_VNI:
        return (
            f"has the VNI {shown(vni)}, which can be no part of an interface's name",
            f"Write a number from 1 to {_HIGHEST_VNI}, without quotes",
        )
    return "", ""


@dataclasses.dataclass(frozen=True)
class Flannel:
    backend: str
    etcd_prefix: str

    @property
    def on_etcd(self) -> bool:
        return self.backend == "etcd"

    def as_dict(self) -> dict[str, str]:
        return dataclasses.asdict(self)


def read_flannel(reader: Reader) -> Flannel | None:
    backend, prefix = _backend(reader), _prefix(reader)
    return Flannel(backend=backend, etcd_prefix=prefix) if backend is not None and prefix is not None else None


def _backend(reader: Reader) -> str | None:
    text = reader.text("cluster_flannel_backend")
    if text is None or text in BACKENDS:
        return text
    reader.fault("cluster_flannel_backend", f"is not one of {', '.join(BACKENDS)}", f"Write {BACKENDS[0]}, or nothing")
    return None


def _prefix(reader: Reader) -> str | None:
    text = reader.text("cluster_flannel_etcd_prefix")
    if text is None:
        return None
    fault = ""
    if re.fullmatch(r"(/[A-Za-z0-9._-]+)+", text, re.ASCII) is None:
        fault = "is not a path of letters, digits, '.', '_' and '-' that begins with '/' and does not end with one"
    elif f"{text}/".startswith(f"{_KUBERNETES}/"):
        fault = f"lies within {_KUBERNETES}, where Kubernetes has its own keys"
    if not fault:
        return text
    reader.fault("cluster_flannel_etcd_prefix", fault, "Write e.g. /k8s/network")
    return None
