# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``versions``: what of the API is used that a newer release does not serve."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import ApiError, ApiUnreachable, KubeApi, Object

_METRIC = "apiserver_requested_deprecated_apis{"
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_LABELS = ("group", "version", "resource", "subresource", "removed_release")


def used(apis: t.Mapping[str, KubeApi], versions: t.Mapping[str, t.Optional[str]], question: Object) -> Object:
    """``requested``: by host of ``question["of"]``, what clients have asked its apiserver for, None if it does not tell.
    ``stored``: what is in no other version than those of ``question["versions"]``.

    Apiservers that have the wanted minor version already are not asked.
    """
    older = [host for host, text in versions.items() if text and _minor(text) < question["minor"]]
    requested = {host: told(requests, apis[host]) for host in question["of"] if host in older}
    answers = (told(lambda api: stored(api, question["versions"]), apis[host]) for host in older)
    return {"requested": requested, "stored": next((found for found in answers if found is not None), [])}


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def requests(api: KubeApi) -> list[Object]:
    """What is deprecated and was asked for since this apiserver has started."""
    return [parsed(line) for line in api.lines("/metrics") if line.startswith(_METRIC)]


def parsed(line: str) -> Object:
    found = dict(_LABEL.findall(line))
    return {label: found.get(label, "") for label in _LABELS}


def stored(api: KubeApi, versions: t.Collection[str]) -> list[Object]:
    """Resources with objects that this API serves in none but these versions."""
    groups = api.request("GET", "/apis")["groups"]
    found = []
    for group in groups:
        served = [entry["groupVersion"] for entry in group["versions"]]
        ending = [version for version in served if version in versions]
        # Asked only where something ends, which is rare.
        staying = {name for version in served if ending and version not in ending for name in _resources(api, version)}
        for version in ending:
            for resource in sorted(_resources(api, version) - staying):
                answer = api.request("GET", f"/apis/{version}/{resource}?limit=1")
                if answer["items"]:
                    count = len(answer["items"]) + int(answer["metadata"].get("remainingItemCount") or 0)
                    found.append({"version": version, "resource": resource, "count": count})
    return found


def _resources(api: KubeApi, version: str) -> set[str]:
    found = api.request("GET", f"/apis/{version}")["resources"]
    return {entry["name"] for entry in found if "/" not in entry["name"] and "list" in entry["verbs"]}


def told(question: t.Callable[[KubeApi], t.Any], api: KubeApi) -> t.Any:
    """The answer, or None if the API gives none."""
    try:
        return question(api)
    except (ApiError, ApiUnreachable):
        return None
