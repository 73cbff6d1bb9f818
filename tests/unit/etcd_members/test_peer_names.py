# SPDX-License-Identifier: GPL-3.0-or-later
"""F11: the name by which members know each other is in their certificates, and in no other certificate of etcd's authority."""

from __future__ import annotations

import collections.abc as c
import pathlib
import re
import typing as t

import yaml

ROLES = pathlib.Path(__file__).parents[3] / "roles"


def allowed() -> str:
    template = (ROLES / "etcd/templates/etcd.conf.j2").read_text(encoding="utf-8")
    found = re.search(r'^ETCD_PEER_CERT_ALLOWED_HOSTNAME="(.+)"$', template, re.MULTILINE)
    assert found, "every certificate of the authority would be a peer's"
    return found[1]


def certificates(node: t.Any) -> c.Iterator[dict[str, t.Any]]:
    """Every described certificate of a file, wherever it stands."""
    if isinstance(node, dict):
        if {"authority", "common_name"} <= set(node):
            yield node
        node = list(node.values())
    for entry in node if isinstance(node, list) else ():
        yield from certificates(entry)


def test_f11_only_members_are_peers() -> None:
    found = [item for path in ROLES.glob("*/tasks/*.yml") for item in certificates(yaml.safe_load(path.read_text(encoding="utf-8")))]
    # An authority that is a template may be etcd's.
    of_etcd = [item for item in found if item["authority"] == "etcd" or "{{" in item["authority"]]
    assert len(of_etcd) >= 4, "the member, root, the apiserver and flannel"
    assert [item["name"] for item in of_etcd if allowed() in item.get("dns", [])] == ["etcd member"]
