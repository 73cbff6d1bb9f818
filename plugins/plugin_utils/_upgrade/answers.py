# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts have answered about their versions, and what the spec wants, as the rules take them. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import Version, numbers_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import etcd_levels, rules

_VERSION = re.compile(r"v?(\d+\.\d+\.\d+)")

Object = dict[str, t.Any]


def wanted_of(cluster: Object, run: frozenset[str], *, back: bool = False) -> rules.Wanted:
    """``run``: the hosts of the run. ``back``: whether the operator answers for a control plane that goes back."""
    return rules.Wanted(
        kubernetes=cluster["versions"]["kubernetes"],
        etcd=cluster["versions"]["etcd"],
        run=run,
        masters=cluster["masters"],
        members=cluster["etcd_hosts"],
        node=cluster["versions"]["node"],
        emulated=cluster["versions"]["emulated"],
        back=back,
        nodes={host: cluster["nodes"][host]["name"] for host in cluster["node_hosts"]},
    )


def found_of(own: t.Mapping[str, Object], of_masters: Object) -> rules.Found:
    """``own``: by host of the play, what it answered. ``of_masters``: of a loop over masters that are not in the play."""
    asked = [answer for answer in (*own.values(), *of_masters.get("results", [])) if answer.get("api")]
    apiservers: dict[str, Version | None] = {}
    emulated: dict[str, Version | None] = {}
    kubelets: dict[str, Version] | None = None
    for answer in asked:
        for host, text in answer["api"]["apiservers"].items():
            apiservers[host] = apiservers.get(host) or _parsed(text)
        for host, text in answer["api"]["emulated"].items():
            emulated[host] = emulated.get(host) or (numbers_of(text) if text else None)
        if kubelets is None and answer["api"]["kubelets"] is not None:
            kubelets = {node: version for node, text in answer["api"]["kubelets"].items() if (version := _parsed(text))}
    programs = {
        host: {program: [version for text in texts if (version := _parsed(text))] for program, texts in answer["programs"].items()}
        for host, answer in own.items()
        if "programs" in answer
    }
    etcd = {host: etcd_levels.Levels(**answer["etcd"]) if answer["etcd"] else None for host, answer in own.items() if "etcd" in answer}
    return rules.Found(programs=programs, apiservers=apiservers, kubelets=kubelets, etcd=etcd, emulated=emulated)


def _parsed(text: str | None) -> Version | None:
    match = _VERSION.match(text or "")
    return numbers_of(match[1]) if match else None
