# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where flannel keeps which node has which part of the pod network."""

from __future__ import annotations

import dataclasses
import re

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Reader

BACKENDS = ("kube", "etcd")
# The apiserver's keys are below this prefix.
_KUBERNETES = "/registry"


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
