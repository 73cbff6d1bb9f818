# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administrator's kubeconfig on the controller: the certificate that is wanted in it, and what is there."""

from __future__ import annotations

import base64
import binascii
import pathlib
import stat
import typing as t

import yaml

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


def _decode(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except binascii.Error as error:
        raise ValueError("not base64") from error
