# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets of a cluster, as the strings by which they would be recognised wherever they leaked."""

from __future__ import annotations

import base64
import pathlib
import re

import yaml

from .driver import Cluster

_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n(.*?)-----END", re.DOTALL)
# Lines shorter than this may stand somewhere by chance.
_TELLING = 24


def of_text(text: str) -> set[str]:
    """Every line of every private key in it."""
    return {line for body in _PEM.findall(text) for line in body.split() if len(line) >= _TELLING}


def on_host(cluster: Cluster, host: str) -> set[str]:
    """Of the keys below /etc; all of them end in .key, and ssh's own, which are nobody's business either, do not."""
    return of_text(cluster.on(host, "find /etc/kubernetes /etc/etcd -name '*.key*' -type f -exec cat {} + 2>/dev/null; true"))


def on_controller(inventory: pathlib.Path) -> set[str]:
    """Of the authorities, of the service accounts, of the encryption at rest, and of the administrator."""
    found: set[str] = set()
    for key in (inventory / "pki").glob("*.key"):
        found |= of_text(key.read_text(encoding="utf-8"))
    encryption = (inventory / "pki" / "encryption-config.yaml").read_text(encoding="utf-8")
    found |= set(re.findall(r"secret: (\S+)", encryption))
    user = yaml.safe_load((inventory / "kubeconfig").read_text(encoding="utf-8"))["users"][0]["user"]
    encoded = user["client-key-data"]
    return found | {encoded[:60], encoded[60:120]} | of_text(base64.b64decode(encoded).decode())
