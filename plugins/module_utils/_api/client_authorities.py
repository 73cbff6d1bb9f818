# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The authorities by which clients are known where not the apiserver itself is asked: controller managers, schedulers, aggregated APIs.

Apiservers publish these in a ConfigMap. Each adds what it trusts itself, and takes nothing away until it has expired, because another one
may trust it still. So an authority that was replaced stays there for years, and what it has issued is accepted.
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import ApiError, KubeApi, Object
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.trust_bundles import digests, without
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

PATH = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"
_ATTEMPTS = 10
_PAUSE = 0.5
_CONFLICT = 409

# By key of the ConfigMap: SHA-256 of certificates, in hexadecimal digits.
Digests = dict[str, list[str]]


def run(step: str, payload: Object) -> Object:
    """``collect``: by key those of ``retired`` that are published still. ``apply`` takes them away, and nothing else. Raises HostError.

    ``unready``: why the API cannot be asked within ``deadline`` seconds, or an empty text.
    """
    api = KubeApi(**payload["connection"])
    why = api.not_ready(deadline=payload["deadline"])
    if why:
        return {"unready": why, "published": {}}
    if step == "apply":
        _take_away(api, payload["retired"])
    return {"unready": "", "published": _published(api.find(PATH), payload["retired"])}


def _published(found: t.Optional[Object], retired: Digests) -> Digests:
    data = (found or {}).get("data") or {}
    held = {key: sorted(digests(data.get(key, "")) & set(unwanted)) for key, unwanted in retired.items()}
    return {key: own for key, own in held.items() if own}


def _take_away(api: KubeApi, retired: Digests) -> None:
    """Apiservers may write at the same time: what they have written meanwhile is asked for again."""
    for _attempt in range(_ATTEMPTS):
        found = api.find(PATH)
        if found is None or not _published(found, retired):
            return
        for key, unwanted in retired.items():
            kept = without(found["data"].pop(key, ""), unwanted)
            if kept.strip():
                found["data"][key] = kept
        try:
            # The version that was read is in it, so that nobody's change is lost.
            api.request("PUT", PATH, body=found)
            return
        except ApiError as error:
            if error.status != _CONFLICT:
                raise
        time.sleep(_PAUSE)
    raise HostError(f"{PATH} is changed again and again by somebody else, so a replaced authority stays in it. Run again")
