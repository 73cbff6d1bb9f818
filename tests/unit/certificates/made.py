# SPDX-License-Identifier: GPL-3.0-or-later
"""A PKI directory, certificates of it, and what a host would answer that has them."""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import of_host
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.described import Described
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.entries import Entry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import authorities, certs, issuing

DAY = 86400
NOW = 1_800_000_000.0
PATH = "/etc/kubernetes/pki/apiserver.crt"
CA = "/etc/kubernetes/pki/ca.crt"
FILE = {"type": "file", "owner": "kube", "group": "kube", "uid": "990", "gid": "990", "mode": "0644", "target": ""}
OF_ROOT = {**FILE, "owner": "root", "group": "root", "uid": "0", "gid": "0"}
ITEM: dict[str, t.Any] = {
    "name": "kube-apiserver",
    "authority": "kubernetes",
    "path": PATH,
    "key": "/etc/kubernetes/pki/apiserver.key",
    "owner": "kube",
    "group": "kube",
    "mode": "0644",
    "key_mode": "0600",
    "common_name": "kube-apiserver",
    "organizations": [],
    "dns": ["kubernetes", "localhost"],
    "ips": ["127.0.0.1", "192.0.2.10"],
    "usages": ["server"],
    "days": 365,
    "renew_before_days": 30,
}


class Made:
    """Authorities in a directory; each certificate gets a key of its own."""

    def __init__(self, directory: pathlib.Path, *, at: float = NOW) -> None:
        self.directory = directory
        self.keys = {name: certs.new_key() for name in ("kubernetes", "etcd")}
        self.roots = {name: issuing.make_authority(name, key, at) for name, key in self.keys.items()}
        directory.mkdir(mode=0o700)
        for name, key in self.keys.items():
            (directory / f"{name}-ca.crt").write_text(certs.pem(self.roots[name]))
            (directory / f"{name}-ca.key").write_text(certs.private_pem(key))
            (directory / f"{name}-ca.key").chmod(0o600)

    @property
    def authorities(self) -> dict[str, authorities.Authority]:
        return authorities.of_directory(self.directory)

    def leaf(self, *, at: float = NOW, by: str = "kubernetes", **changes: t.Any) -> x509.Certificate:
        key = certs.new_key().public_key()
        return issuing.make_leaf({**ITEM, **changes}, key, authority=self.roots[by], authority_key=self.keys[by], now=at)


def pair(certificate: x509.Certificate | None, **changes: t.Any) -> dict[str, t.Any]:
    """What a host tells of a certificate and its key."""
    text = [certs.pem(certificate)] if certificate is not None else []
    found = FILE if text else {"type": "absent"}
    key = {**FILE, "mode": "0600"}
    return {"found": found, "fault": "", "pem": text, "holds_key": False, "key": "matches", "key_found": key, **changes}


def entries_of(made: Made, answer: dict[str, t.Any], *, files: t.Sequence[dict[str, t.Any]] = (), now: float = NOW) -> list[Entry]:
    """The entries of a host that is to have one certificate, and these files."""
    known = Described([ITEM], list(files), [], [])
    return of_host.found_on("m1", known, {"files": [], "unknown": [], **answer}, authorities=made.authorities, now=now)
