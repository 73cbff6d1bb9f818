# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administrator's kubeconfig on the controller: what is wanted, what is there, and why it must be written again."""

from __future__ import annotations

import base64
import binascii
import pathlib
import stat
import typing as t

import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, wanted_certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError

MODE = 0o600
AUTHORITY = "kubernetes"
USER = "kubernetes-admin"
# This group needs no object in the API, so the file works even if RBAC objects are lost.
CLIENT: dict[str, t.Any] = {
    "name": USER,
    "authority": AUTHORITY,
    "common_name": USER,
    "organizations": ["system:masters"],
    "usages": ["client"],
    "days": 365,
}


class Wanted(t.NamedTuple):
    """The wanted content, except the client's certificate and key. ``servers``: URLs by the name of their entry.

    ``authority`` signs the client's certificate (more than one if the key of the present one is lost), ``trusted`` are all authorities
    that the client is to trust.
    """

    servers: dict[str, str]
    authority: str | None
    trusted: str | None

    def config(self, certificate: str, key: str, *, current: str = "") -> dict[str, t.Any]:
        authority = _encode(self.trusted or "")
        contexts = [_context(name) for name in self.servers]
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": name, "cluster": {"server": server, "certificate-authority-data": authority}}
                for name, server in self.servers.items()
            ],
            "users": [{"name": USER, "user": {"client-certificate-data": _encode(certificate), "client-key-data": _encode(key)}}],
            "contexts": [{"name": _context(name), "context": {"cluster": name, "user": USER}} for name in self.servers],
            # the administrator may choose another context
            "current-context": current if current in contexts else contexts[0],
        }


class Kubeconfig(t.NamedTuple):
    """The existing file. The texts are empty if the file is not a kubeconfig with a client certificate."""

    mode: int
    config: dict[str, t.Any]
    authority: str
    certificate: str
    key: str


def read(path: pathlib.Path) -> Kubeconfig | None:
    """What is at the path; None if there is nothing. Raises PkiError for what cannot be read."""
    try:
        text, mode = path.read_text(encoding="utf-8", errors="replace"), stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PkiError(f"{path}: the kubeconfig belongs here, but this cannot be read: {error.strerror}. Move it away.") from None
    try:
        config = yaml.safe_load(text)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        certificate, key = _decode(user["client-certificate-data"]), _decode(user["client-key-data"])
        return Kubeconfig(mode, config, _decode(cluster["certificate-authority-data"]), certificate, key)
    except (yaml.YAMLError, LookupError, TypeError, AttributeError, ValueError):
        return Kubeconfig(mode, {}, "", "", "")


def servers(cluster: t.Mapping[str, t.Any], name: str) -> dict[str, str]:
    """URLs of the API for people, by the name of their entry in a kubeconfig; ``name`` is that of the cluster.

    In mode local the proxies listen on the loopback of each node, so there is one entry for each master.
    """
    api = cluster["api"]
    if api.get("mode") != "local":
        return {name: str(api["url"])}
    masters = [cluster["nodes"][host] for host in cluster["masters"]]
    return {f"{name}:{node['name']}": f"https://{node['address']}:{api['server_port']}" for node in masters}


def client_fault(found: Kubeconfig | None, wanted: Wanted, client: dict[str, t.Any], now: float) -> str | None:
    """Why the client needs a new key and certificate."""
    if found is None:
        return "absent"
    certificate = certs.load(found.certificate)
    if certificate is None:
        return "it is not a kubeconfig that holds a certificate"
    if not certs.belong_together(found.certificate, found.key):
        return "its key does not belong to its certificate"
    fault = wanted_certs.fault(client, certificate, wanted.authority, now)
    return f"the certificate in it: {fault}" if fault else None


def content_fault(found: Kubeconfig | None, wanted: Wanted) -> str | None:
    """Why the rest of the file must be written again."""
    if found is None or found.config != wanted.config(found.certificate, found.key, current=current(found)):
        return "its cluster, server or names differ"
    if found.mode != MODE:
        return f"found mode {found.mode:04o}, wanted {MODE:04o}"
    return None


def current(found: Kubeconfig | None) -> str:
    """The context that it uses."""
    return str(found.config.get("current-context", "")) if found is not None else ""


def wanted_text(wanted: Wanted, client: dict[str, t.Any]) -> str:
    """The wanted file for a diff, without the key."""
    return _text(wanted.servers, f"authority: {certs.authority_name(AUTHORITY)}\n{wanted_certs.wanted_text(client)}", MODE)


def found_text(found: Kubeconfig | None, wanted: Wanted) -> str:
    """The existing file for a diff, without the key."""
    if found is None:
        return ""
    certificate = certs.load(found.certificate)
    if certificate is None:
        return "something else\n"
    servers = {str(entry.get("name")): str(entry["cluster"].get("server")) for entry in found.config["clusters"]}
    authority = certs.authority_name(AUTHORITY) if found.authority == wanted.trusted else "another"
    details = f"authority: {authority}\n{certs.found_text(certificate)}"
    return _text(servers, details, found.mode)


def _text(servers: dict[str, str], details: str, mode: int) -> str:
    entries = "".join(f"cluster: {name}\nserver: {server}\n" for name, server in servers.items())
    return f"{entries}user: {USER}\n{details}mode: {mode:04o}\n"


def _context(name: str) -> str:
    return f"{USER}@{name}"


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decode(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except binascii.Error as error:
        raise ValueError("not base64") from error
