# SPDX-License-Identifier: GPL-3.0-or-later
"""By which keys the Secrets of a cluster are encrypted in etcd, and who has these keys."""

from __future__ import annotations

import json
import re

import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import encryption_keys

from . import checks
from .driver import Cluster

_FILE = "encryption-config.yaml"
_FILES = "--cacert=/etc/etcd/pki/ca.crt --cert=/etc/etcd/pki/root.crt --key=/etc/etcd/pki/root.key"
_ETCDCTL = f"/usr/local/bin/etcdctl --endpoints=https://127.0.0.1:2379 {_FILES}"
# Where hosts keep files of a cluster, and what killed runs leave.
_PLACES = ("/etc", "/root", "/run", "/tmp", "/var/lib/barehost", "/var/tmp")


def make_secret(cluster: Cluster, name: str) -> None:
    checks.apply(cluster, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"word": f"of {name}"}})


def is_readable(cluster: Cluster, name: str) -> bool:
    data = cluster.kubectl_json("get", "secret", name)["data"]["word"]
    return str(yaml.safe_load(f"!!binary {data}"), "ascii") == f"of {name}"


def keys_of_values(cluster: Cluster, host: str) -> set[str]:
    """The names of the keys by which etcd has Secrets; ``-`` stands for clear text."""
    told = cluster.on(host, f"{_ETCDCTL} get /registry/secrets/ --prefix --write-out=json")
    values = (str(yaml.safe_load(f"!!binary {entry['value']}"), "latin-1") for entry in json.loads(told)["kvs"])
    return {found[1] if (found := re.match(r"k8s:enc:secretbox:v1:([^:]+):", value)) else "-" for value in values}


def keys_of_controller(cluster: Cluster) -> list[encryption_keys.Key]:
    """Those that hosts are to have, in their order."""
    path = cluster.inventory / "pki" / _FILE
    return encryption_keys.keys(encryption_keys.parsed(path.read_text(encoding="utf-8"), path=str(path)))


def files_with(cluster: Cluster, host: str, key: encryption_keys.Key) -> list[str]:
    """The files of a host that hold a key."""
    found = cluster.lab("exec", host, "grep", "-rlsF", "-f", "-", *_PLACES, input=f"{key.secret}\n", check=False)
    return sorted(found.stdout.split())
