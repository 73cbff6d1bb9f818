# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has the API write objects again as they are, so that they are encrypted by the key that writes now.

An empty patch does it. The apiserver reads the object, finds it encrypted by another key than the first, and writes it; where the first
key has encrypted it already, nothing is written. So nobody's change is lost, since only the apiserver reads and writes. And no content of
an object is ever here: the API is asked for metadata alone, also in its answers.
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import ApiError, KubeApi, Object, listed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.listed import at_most

_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_PATCH = "application/merge-patch+json"
_PAGE = 500
_READY = 120.0
_ATTEMPTS = 10
_PAUSE = 0.5
_SHOWN = 5
_CONFLICT, _GONE, _EXPIRED = 409, 404, 410


class Kind(t.NamedTuple):
    """The path of all objects of a resource, and of one: with ``plural`` below its namespace."""

    base: str
    plural: str

    @property
    def path(self) -> str:
        return f"{self.base}/{self.plural}"

    def of(self, name: str, namespace: str) -> str:
        place = f"/namespaces/{namespace}" if namespace else ""
        return f"{self.base}{place}/{self.plural}/{name}"


def run(_step: str, payload: Object) -> Object:
    """Writes all objects of ``resources`` again, which are named as an EncryptionConfiguration names them. Raises HostError."""
    discovery, lists, patches = (KubeApi(**payload["connection"], accept=accept) for accept in ("", _METADATA_LIST, _METADATA))
    why = discovery.not_ready(deadline=_READY)
    if why:
        raise HostError(f"the API is not ready, so nothing was written again: {why}")
    done, refused = 0, []
    for kind in kinds(discovery, payload["resources"]):
        for name, namespace in _names(lists, kind):
            fault = _write(patches, kind.of(name, namespace))
            done += not fault
            refused += [f"{kind.of(name, namespace)}: {fault}"] if fault else []
    if refused:
        told = at_most(_SHOWN, refused, between="; ")
        raise HostError(
            f"{done} objects were written again, and {len(refused)} were refused: {told}. What the API says "
            "may quote them and is not shown: look at 'journalctl -u kube-apiserver', and at admission webhooks"
        )
    return {"written": done}


def kinds(api: KubeApi, resources: t.Sequence[str]) -> list[Kind]:
    """Where the API has these resources. ``*.apps`` is all of a group, ``*.`` all without a group, ``*.*`` everything."""
    wanted = [tuple(name.partition(".")[::2]) for name in resources]
    everything = ("*", "*") in wanted
    found: list[Kind] = []
    for group, versions in [("", ["/api/v1"]), *_groups(api)]:
        names = {plural for plural, of in wanted if of == group}
        if names or everything:
            found += _of_group(api, versions, set() if everything or "*" in names else names)
    return found


def _groups(api: KubeApi) -> list[tuple[str, list[str]]]:
    """Each group with the paths of its versions, the preferred one first."""
    found = []
    for group in api.request("GET", "/apis").get("groups", []):
        preferred = group.get("preferredVersion", {}).get("groupVersion", "")
        versions = sorted((entry["groupVersion"] for entry in group["versions"]), key=lambda version: version != preferred)
        found.append((group["name"], [f"/apis/{version}" for version in versions]))
    return found


def _of_group(api: KubeApi, versions: t.Sequence[str], names: set[str]) -> list[Kind]:
    """Those of these names; all without names."""
    found: dict[str, Kind] = {}
    for base in versions:
        for entry in (api.find(base) or {}).get("resources", []):
            name = entry["name"]
            if "/" not in name and (not names or name in names) and {"list", "patch"} <= set(entry.get("verbs", [])):
                found.setdefault(name, Kind(base, name))
    return list(found.values())


def _names(api: KubeApi, kind: Kind) -> list[tuple[str, str]]:
    """Names and namespaces, page by page; from the beginning if etcd has forgotten meanwhile what the pages are of."""
    for _attempt in range(_ATTEMPTS):
        try:
            return _all_pages(api, kind)
        except ApiError as error:
            if error.status != _EXPIRED:
                raise HostError(f"{kind.path} cannot be listed (status {error.status}): look at 'journalctl -u kube-apiserver'") from None
    raise HostError(f"{kind.path} cannot be listed: etcd is compacted sooner than the list is complete. Run again")


def _all_pages(api: KubeApi, kind: Kind) -> list[tuple[str, str]]:
    found = listed(api, kind.path, page=_PAGE)
    return [(item["metadata"]["name"], item["metadata"].get("namespace", "")) for item in found]


def _write(api: KubeApi, path: str) -> str:
    """Why the API refuses. What is gone needs nothing; what somebody changes at the same time is asked for again."""
    for _attempt in range(_ATTEMPTS):
        try:
            api.request("PATCH", path, body={}, content=_PATCH)
            return ""
        except ApiError as error:
            if error.status == _GONE:
                return ""
            fault = f"status {error.status}"
            if error.status != _CONFLICT:
                break
        time.sleep(_PAUSE)
    return fault
