# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the arguments of ``api_objects``: manifests of one or many documents, what must be absent, what to wait for."""

from __future__ import annotations

import collections.abc as c
import json
import typing as t

import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import DescriptionError

Object = dict[str, t.Any]

_API_VERSIONS = {
    "Deployment": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "Job": "batch/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "APIService": "apiregistration.k8s.io/v1",
}
_CONDITIONS = {
    "Deployment": "Available",
    "DaemonSet": "Available",
    "ReplicaSet": "Available",
    "StatefulSet": "Available",
    "ReplicationController": "Available",
    "Job": "Complete",
    "CustomResourceDefinition": "Established",
    "APIService": "Available",
}
_WAIT_KEYS = {"apiVersion", "kind", "namespace", "name", "names", "condition", "deadline"}
_DEADLINE = 60.0


class Reader:
    """Collects every fault with its place, so that one error names them all.

    It does not use ``schema``: the API server checks objects, and only what finds an object in the API is needed here. What is left are
    the waits, whose defaults depend on the kind, and which come from templates: numbers may be texts, and an empty text is no value.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._faults: list[str] = []

    def finish(self) -> None:
        if self._faults:
            raise DescriptionError(self._name, self._faults)

    def documents(self, text: str, *, where: str) -> list[Object]:
        """The objects of a manifest, without empty documents. A List is replaced by its items."""
        try:
            documents = [document for document in yaml.safe_load_all(text) if document is not None]
        except yaml.YAMLError as error:
            self._faults.append(f"{where}: is not YAML: {' '.join(str(error).split())}")
            return []
        return self.objects(documents, where=where)

    def objects(self, documents: c.Sequence[t.Any], *, where: str) -> list[Object]:
        """The objects as plain data; each has what is needed to find it in the API."""
        found = []
        for number, document in enumerate(documents):
            place = f"{where}[{number}]"
            if isinstance(document, dict) and document.get("kind") == "List":
                found += self.objects(document.get("items") or [], where=place)
            elif self._is_object(document, place):
                found.append(t.cast(Object, json.loads(json.dumps(document, default=str))))
        return found

    def _is_object(self, document: t.Any, place: str) -> bool:
        if not isinstance(document, dict):
            self._faults.append(f"{place}: is {type(document).__name__}, not an object with apiVersion, kind and metadata")
            return False
        metadata = document.get("metadata")
        values = {
            "apiVersion": document.get("apiVersion"),
            "kind": document.get("kind"),
            "metadata.name": metadata.get("name") if isinstance(metadata, dict) else None,
        }
        missing = [key for key, value in values.items() if not isinstance(value, str) or not value]
        self._faults += [f"{place}: has no {key}" for key in missing]
        return not missing

    def references(self, entries: c.Sequence[t.Any]) -> list[Object]:
        """The objects that must be absent: references in the form of objects."""
        documents = []
        for entry in entries:
            names = {key: entry.get(key) for key in ("name", "namespace") if entry.get(key)}
            documents.append({"apiVersion": _api_version(entry), "kind": entry.get("kind"), "metadata": names})
        return self.objects(documents, where="absent")

    def waits(self, entries: c.Sequence[t.Any]) -> list[Object]:
        """What to wait for. An empty list of names is nothing to wait for: it may be computed, as that of the nodes of a run is."""
        return [self._wait(entry, f"wait[{number}]") for number, entry in enumerate(entries) if entry.get("names") != []]

    def _wait(self, entry: Object, place: str) -> Object:
        self._faults += [f"{place}.{key}: unknown; known are {', '.join(sorted(_WAIT_KEYS))}" for key in sorted(set(entry) - _WAIT_KEYS)]
        kind = str(entry.get("kind") or "")
        names = [str(name) for name in (entry.get("names") or [entry.get("name")]) if name]
        if not kind or not names:
            self._faults.append(f"{place}: needs a kind, and a name or names")
        return {
            "apiVersion": _api_version(entry),
            "kind": kind,
            "namespace": str(entry.get("namespace") or ""),
            "names": names,
            "condition": str(entry.get("condition") or _CONDITIONS.get(kind, "Ready")),
            "deadline": self._seconds(entry.get("deadline", _DEADLINE), f"{place}.deadline"),
        }

    def _seconds(self, value: t.Any, place: str) -> float:
        try:
            return float(value)
        except (TypeError, ValueError):
            self._faults.append(f"{place}: {value!r} is not a number of seconds")
            return 0.0

    def once(self, wanted: c.Sequence[Object], absent: c.Sequence[Object]) -> None:
        """Refuses an object that is given twice: every run would change it back and forth."""
        seen: set[tuple[str, ...]] = set()
        for entry in (*wanted, *absent):
            metadata = entry["metadata"]
            key = (entry["apiVersion"].rpartition("/")[0], entry["kind"], metadata.get("namespace", ""), metadata["name"])
            if key in seen:
                self._faults.append(f"{entry['kind']} {metadata.get('namespace', '')}/{metadata['name']}: is given more than once")
            seen.add(key)


def _api_version(entry: Object) -> str:
    return str(entry.get("apiVersion") or _API_VERSIONS.get(str(entry.get("kind")), "v1"))
