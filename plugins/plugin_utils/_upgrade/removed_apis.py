# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the API a new release does not serve any more, and who uses it. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import release_names
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import minor_of, numbers_of

Object = dict[str, t.Any]

_ACCEPT = "-e site_accept_removed_apis=true"
_SERVED, _KNOWN = "API versions served", "API versions known"


def question(kubernetes: str, servers: c.Collection[str]) -> Object:
    """What a master is asked, so that it knows what ends. ``servers``: the masters whose apiservers it asks for requests."""
    minor = minor_of(kubernetes)
    known = {*release_names.names(_SERVED), *release_names.names(_KNOWN)} if release_names.is_known(minor) else set()
    versions = sorted(name for name in known if not release_names.has(_SERVED, name, minor))
    return {"minor": numbers_of(minor)[1], "versions": versions, "of": sorted(servers)}


def faults(answers: c.Sequence[Object], kubernetes: str) -> list[str]:
    """What is used and ends, and how to go on. ``answers``: of masters, to the question."""
    return [f"{told}. {remedy}" for told, remedy in _used(answers, minor_of(kubernetes))]


def accepted(answers: c.Sequence[Object], kubernetes: str) -> list[str]:
    """The same as warnings, where the operator has accepted it."""
    return [told for told, _remedy in _used(answers, minor_of(kubernetes))]


def _used(answers: c.Sequence[Object], minor: str) -> list[tuple[str, str]]:
    asked: dict[str, set[str]] = {}
    for host, requests in _requested(answers):
        for request in requests or ():
            version = "/".join(filter(None, (request["group"], request["version"])))
            if _ends(version, request["removed_release"], minor):
                asked.setdefault(f"{request['resource']} of {version}", set()).add(host)
    found = []
    if asked:
        what = ", ".join(f"{name} (of the apiserver on {', '.join(sorted(hosts))})" for name, hosts in sorted(asked.items()))
        found.append(
            (
                f"Clients have asked for {what}, and Kubernetes {minor} does not serve that",
                "Find them in the audit log there, by k8s.io/removed-release, and bring them to another version; an apiserver forgets "
                f"what it was asked for when it restarts. If they may fail, add {_ACCEPT}",
            )
        )
    stored = {(entry["version"], entry["resource"]): entry["count"] for answer in answers for entry in answer["stored"]}
    for (version, resource), count in sorted(stored.items()):
        found.append(
            (
                f"There are {resource} in {version} ({count}), which no other version serves, and Kubernetes {minor} does not serve that "
                "one: it may not be able to read them",
                f"Delete them, or add {_ACCEPT}",
            )
        )
    return found


def warnings(answers: c.Sequence[Object]) -> list[str]:
    """Masters whose apiserver did not tell what it was asked for."""
    silent = sorted(host for host, requests in _requested(answers) if requests is None)
    if not silent:
        return []
    return [f"The apiserver on {', '.join(silent)} did not tell (/metrics) whether clients use API versions that end with this release"]


def _requested(answers: c.Iterable[Object]) -> list[tuple[str, list[Object] | None]]:
    return [item for answer in answers for item in answer["requested"].items()]


def _ends(version: str, removed: str, minor: str) -> bool:
    """By what the apiserver says, or by the table. A version that the table does not know is not Kubernetes' own."""
    if removed and numbers_of(removed) <= numbers_of(minor):
        return True
    names = release_names.names(_SERVED)
    return release_names.is_known(minor) and version in names and minor not in names[version]
