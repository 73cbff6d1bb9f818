# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a cluster may be older than its apiservers: nodes, and what the control plane shows of itself.

https://kubernetes.io/releases/version-skew-policy/ and https://kubernetes.io/docs/concepts/cluster-administration/compatibility-version/
"""

from __future__ import annotations

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import version_table
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Reader
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import minor_of, parse, parse_minor

# How many minor versions kubelet and kube-proxy may be older than an apiserver, and an emulated version older than the program.
MAY_LAG = 3
_NODE, _EMULATED, _KUBERNETES = "cluster_node_version", "cluster_emulated_version", "cluster_kubernetes_version"


def read_node(reader: Reader, node: str | None, kubernetes: str, emulated: str | None) -> str | None:
    """The version of kubelets and kube-proxies; None if it has a fault. ``node``: what is given, or that of the apiservers."""
    version, apiserver = parse(node or ""), parse(kubernetes)
    if version is None or apiserver is None or emulated is None:
        return None
    highest = parse_minor(emulated) or apiserver
    if minor_of(version) not in version_table.MINORS:
        reader.fault(_NODE, "is not a Kubernetes that this collection knows", f"Use one of {', '.join(version_table.MINORS)}")
    elif version[1] > highest[1] and not reader.given(_NODE):
        reader.fault(_EMULATED, f"needs nodes that are not newer, and {_NODE} is not set", f"Set {_NODE} to the release that nodes have")
    elif version[1] > highest[1]:
        limit = f"{emulated}, which the control plane emulates" if emulated else f"{kubernetes}, which apiservers get"
        reader.fault(_NODE, f"is newer than {limit}: a kubelet must not be newer", f"Write a release of {highest[0]}.{highest[1]} or older")
    elif apiserver[1] - version[1] > MAY_LAG:
        reader.fault(
            _NODE,
            f"is more than {MAY_LAG} minor versions older than {_KUBERNETES}, {kubernetes}",
            f"Write a release of 1.{apiserver[1] - MAY_LAG} or newer",
        )
    else:
        return node
    return None


def read_emulated(reader: Reader, kubernetes: str) -> str | None:
    """The minor version that apiserver, controller-manager and scheduler emulate; empty for none, None if it has a fault."""
    if not reader.given(_EMULATED):
        return ""
    text = reader.number_or_text(_EMULATED)
    if not text:
        return text
    version, program = parse_minor(text), parse(kubernetes) or (0, 0, 0)
    newest, oldest = f"{program[0]}.{program[1] - 1}", f"{program[0]}.{program[1] - MAY_LAG}"
    if version is None:
        reader.fault(_EMULATED, "is not a minor version", f'Write e.g. "{newest}"')
    elif not (version[0] == program[0] and program[1] - MAY_LAG <= version[1] < program[1]):
        reader.fault(_EMULATED, f"cannot be emulated by {kubernetes}", f'Write "{oldest}" to "{newest}", or nothing')
    else:
        return text
    return None
