# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is to have of certificates and keys, sorted by what it is, and what the host is asked for it. Pure."""

from __future__ import annotations

import collections.abc as c
import hashlib
import pathlib
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import authority_name
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import (
    AUTHORITIES,
    ENCRYPTION,
    KUBERNETES_AND_NODE,
    NODE,
    NODE_CERTIFICATE,
    NODE_KEY,
    SERVICE_ACCOUNT_KEY,
    SERVICE_ACCOUNT_PUBLIC,
    WHOLE,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD, KUBELET, Component, components

Object = dict[str, t.Any]

# What a file of the PKI directory is; others are no certificate and no key of the API.
KINDS: c.Mapping[str, str] = {
    **{f"{authority_name(authority)}.crt": "authority" for authority in AUTHORITIES},
    **dict.fromkeys((NODE_CERTIFICATE, KUBERNETES_AND_NODE, *WHOLE), "authority"),
    NODE_KEY: "key of an authority",
    SERVICE_ACCOUNT_PUBLIC: "public key",
    SERVICE_ACCOUNT_KEY: "private key",
    ENCRYPTION: "encryption key",
}


class Described(t.NamedTuple):
    """Items of the kind ``certificate``; files with their ``kind`` and the ``digest`` that is wanted, None where it is not known.

    ``faults`` are of descriptions that cannot be read, ``uncompared`` of files of the PKI directory; these are the same for all hosts.
    """

    certificates: list[Object]
    files: list[Object]
    faults: list[str]
    uncompared: list[str]
    inputs: c.Mapping[str, list[str]] = {}  # the files that units read when they start, by unit

    def request(self) -> Object:
        """What the host is asked. It holds no contents."""
        return {
            "certificates": [{key: item[key] for key in ("name", "path", "key")} for item in self.certificates],
            "files": [{key: item[key] for key in ("path", "kind", "digest")} for item in self.files],
            "directories": self._directories(),
        }

    def _directories(self) -> list[str]:
        """Where certificates may be that nobody describes: beside those that are described, and where any component would have some."""
        paths = [path for item in self.certificates for path in (item["path"], item["key"])]
        paths += [item["path"] for item in self.files if item["kind"] == "authority"]
        beside = [str(pathlib.PurePosixPath(path).parent) for path in paths]
        return list(dict.fromkeys([*beside, *(found for one in components().values() if (found := one.pki.get("directory")))]))


def of_items(
    certificates: c.Iterable[Object],
    files: c.Iterable[Object],
    *,
    faults: c.Sequence[str],
    stored: c.Callable[[str], str | None],
    inputs: c.Mapping[str, list[str]] | None = None,
    rotated: c.Sequence[Object] = (),
) -> Described:
    """What is described, each path once: several components of a host share the copy of an authority.

    ``rotated``: certificates that a kubelet renews itself, as :func:`of_kubelet` gives them.
    """
    told: list[str] = []
    by_path: dict[str, Object] = {}
    for item in files:
        if item["pki"] in KINDS:
            found = _of_pki(item["pki"], stored, told)
            secret = found["kind"] in ("private key", "encryption key", "key of an authority")
            by_path.setdefault(item["path"], {**_attributes(item, mode="0600" if secret else "0644"), **found})
        elif item.get("digest"):
            user = str(item["yaml"]["users"][0]["name"])
            by_path.setdefault(
                item["path"], {**_attributes(item, mode="0644"), "kind": "kubeconfig", "digest": item["digest"], "user": user}
            )
    by_path.update({item["path"]: item for item in rotated})
    own = list({item["path"]: item for item in certificates}.values())
    return Described(own, list(by_path.values()), list(dict.fromkeys(faults)), list(dict.fromkeys(told)), inputs or {})


def of_kubelet(node: c.Mapping[str, t.Any]) -> list[Object]:
    """What the kubelet of a node renews itself. Its client certificate is the issued one until then, so it may be missing."""
    common = {"kind": "rotated", "digest": None, "authority": NODE, "organizations": ["system:nodes"]}
    common["common_name"] = f"system:node:{node['name']}"
    client = {"path": KUBELET.files["rotated_client"], "name": "kubelet, as a client", "usages": ["client"], "dns": [], "ips": []}
    server = {"path": KUBELET.files["rotated_server"], "name": "kubelet, as a server", "usages": ["server"]}
    names = {"dns": [node["name"]], "ips": [node["address"]]}
    return [{**common, **client, "may_be_missing": True}, {**common, **server, **names, "may_be_missing": False}]


def _attributes(item: Object, *, mode: str) -> Object:
    return {**{key: str(item[key]) for key in ("path", "owner", "group")}, "mode": str(item["mode"] or mode)}


def _of_pki(name: str, stored: c.Callable[[str], str | None], told: list[str]) -> Object:
    """The text of a file leaves no trace here but its digest."""
    found: Object = {"kind": KINDS[name], "pki": name, "digest": None}
    try:
        text = stored(name)
    except AnsibleError as error:
        told.append(f"{name} is not compared: {error.message}")
        return found
    return {**found, "digest": None if text is None else hashlib.sha256(text.encode()).hexdigest()}


def users(path: str, known: Described) -> tuple[str, ...]:
    """The units and programs of a host that use a file: by the table of components, and by what units read when they start."""
    if path in _of_pair(ETCD, "root"):
        # etcd's administrator, not the member
        return (pathlib.PurePosixPath(ETCD.tools["etcdctl"]).name,)
    there = {item["path"] for item in [*known.certificates, *known.files]}
    found = [
        component.unit or pathlib.PurePosixPath(component.program).name
        for component in components().values()
        if path in _paths(component) and _is_there(component, there)
    ]
    return tuple(dict.fromkeys([*found, *(unit for unit, paths in known.inputs.items() if path in paths)]))


def _of_pair(component: Component, pair: str) -> tuple[str, str]:
    found = component.pairs[pair]
    return found.cert, found.key


def _paths(component: Component) -> set[str]:
    pairs = {path for pair in component.pairs for path in _of_pair(component, pair)}
    return {*pairs, *component.pki.values(), *component.files.values()}


def _is_there(component: Component, there: set[str]) -> bool:
    """Whether a host has the component: its certificate is described or, where it has none of its own, its authority."""
    own = {pair.cert for pair in component.pairs.values()} or {component.pki.get("ca", "")}
    return bool(own & there)
