# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a control plane may go back to the minor version that it emulates. Pure.

https://kubernetes.io/docs/concepts/cluster-administration/compatibility-version/: a control plane that emulates an older minor version
enables nothing that would keep its programs from going back to that one. What it stored before it emulated that version, it may not read
afterwards. Nobody can be asked how long it has done so, so the operator answers for that.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import Version, minor_of, text_of

VARIABLE = "site_control_plane_back"


@dataclasses.dataclass(frozen=True)
class Question:
    """``highest``: the newest version of the control plane. ``emulated``: by master, what its apiserver says; None if it does not answer.
    ``back``: masters with older programs only. ``kubelets``: by Node, None if nobody answers. ``answered``: whether the operator does."""

    highest: Version
    target: Version
    emulated: c.Mapping[str, Version | None]
    back: c.Collection[str]
    kubelets: c.Mapping[str, Version] | None
    answered: bool


def refusal(asked: Question) -> str:
    """Why the control plane must not go back, and what to write; empty if it may."""
    newest, older = text_of(asked.highest), minor_of(asked.target)
    stay = f"Kubernetes does not go back to an older minor version. Write cluster_kubernetes_version: {newest}"
    if asked.highest[1] - asked.target[1] > 1:
        return stay
    silent = [host for host, version in asked.emulated.items() if version is None and host not in asked.back]
    if silent or any(version is not None and version[1] > asked.target[1] for version in asked.emulated.values()):
        return f'{stay}. If you miss what {older} had, write cluster_emulated_version: "{older}" with it, which brings that back'
    newer = [node for node, version in (asked.kubelets or {}).items() if version[1] > asked.target[1]]
    if newer or asked.kubelets is None:
        named = f", and {', '.join(sorted(newer)[:5])} {'is' if len(newer) == 1 else 'are'}" if newer else ", and no API tells that none is"
        return f"kubelets must not be newer than an apiserver{named}. First bring nodes to {older} by cluster_node_version"
    if not asked.answered:
        return (
            f"the apiservers emulate {older}. If they have done so ever since they left it, they have stored nothing that {older} does not "
            f"read, and may go back: -e {VARIABLE}=true. Else write cluster_kubernetes_version: {newest}"
        )
    return ""
