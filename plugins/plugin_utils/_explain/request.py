# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator asks about: one node or one pod. Pure."""

from __future__ import annotations

import collections.abc as c
import difflib
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import misspelt
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import shown

Object = c.Mapping[str, t.Any]

_PREFIX = "explain_"
OPTIONS = ("node", "pod")
# Names of namespaces and pods, as the API takes them.
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_POD = re.compile(rf"{_LABEL}/{_LABEL}(\.{_LABEL})*")
_NEAREST = 3
_ALIKE = 0.6


class Subject(t.NamedTuple):
    """``host``: the inventory's name of the node's host; empty for a pod, whose node only the API knows. ``pod``: namespace and name."""

    host: str = ""
    pod: tuple[str, str] | None = None


def subject(given: Object, cluster: Object, *, variables: c.Iterable[str] = ()) -> Subject:
    """The subject, from the options by name. Raises ComponentError with every fault, before any host is asked."""
    faults = misspelt.faults(variables, prefix=_PREFIX, options=OPTIONS)
    node, pod = (given.get(name) for name in OPTIONS)
    example = next(iter(cluster["node_hosts"]), "NAME")
    hint = f"-e {_PREFIX}node={example}, or -e {_PREFIX}pod=default/NAME"
    if (node is None) == (pod is None):
        faults.append(
            f"{_PREFIX}node and {_PREFIX}pod are both given: wanted one of them: {hint}"
            if node is not None
            else f"no subject is given: {hint}"
        )
    host = "" if node is None else _host(node, cluster, faults)
    named = None if pod is None else _named(pod, faults)
    if faults:
        raise ComponentError(f"No host was asked: {'; '.join(faults)}")
    return Subject(host, named)


def _host(node: t.Any, cluster: Object, faults: list[str]) -> str:
    """The host of a node, which is called by the inventory's name or by that of the node."""
    hosts = {str(cluster["nodes"][host]["name"]): str(host) for host in cluster["node_hosts"]}
    hosts.update({str(host): str(host) for host in cluster["node_hosts"]})
    text = shown(node)
    if text in hosts:
        return hosts[text]
    if text in cluster["nodes"]:
        faults.append(
            f"{_PREFIX}node is {text!r}, and that host runs no kubelet: name one of {', '.join(cluster['node_hosts'][:_NEAREST])}"
        )
    else:
        faults.append(f"{_PREFIX}node is {text!r}, and no host of the inventory is a node of this name{meant(text, hosts)}")
    return ""


def meant(text: str, names: c.Iterable[str]) -> str:
    """The nearest names, as the end of a sentence: those with the text as a part of them, else those that are alike in each part."""
    known = list(dict.fromkeys(names))
    alike = {name: _alike(text, name) for name in known}
    near = [name for name in known if text and text in name] or sorted(
        (name for name in known if alike[name] >= _ALIKE), key=lambda name: -alike[name]
    )
    if near:
        return f": did you mean {' or '.join(near[:_NEAREST])}?"
    return f": there are {', '.join(known[:_NEAREST])}{' …' if len(known) > _NEAREST else ''}" if known else ": there is none"


def _alike(text: str, name: str) -> float:
    """From 0 to 1, of the part that is least alike: namespaces are compared with namespaces, and names with names."""
    parts = list(zip(text.split("/"), name.split("/"), strict=False))
    return min(difflib.SequenceMatcher(None, own, other).ratio() for own, other in parts)


def _named(pod: t.Any, faults: list[str]) -> tuple[str, str] | None:
    if isinstance(pod, str) and _POD.fullmatch(pod):
        namespace, _slash, name = pod.partition("/")
        return namespace, name
    text = shown(pod)
    hint = (
        f"-e {_PREFIX}pod=default/{text}"
        if isinstance(pod, str) and re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", pod)
        else f"-e {_PREFIX}pod=default/NAME"
    )
    faults.append(f"{_PREFIX}pod is {text!r}, wanted NAMESPACE/NAME: {hint}")
    return None
