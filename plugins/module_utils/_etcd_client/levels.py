# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions by which a member can be told from one of an older minor release: those of its cluster, and of its data."""

from __future__ import annotations

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import EtcdApi, Object

NOTHING: Object = {"cluster": "", "storage": "", "downgrade": ""}


def of(api: EtcdApi, status: Object) -> Object:
    """``cluster``: what all members speak. ``storage``: who can read this member's data. ``downgrade``: the version to which etcd is on its
    way back, empty if it is not."""
    downgrade = status.get("downgradeInfo") or {}
    return {
        "cluster": str(api.versions().get("etcdcluster", "")),
        "storage": status.get("storageVersion", ""),
        "downgrade": downgrade.get("targetVersion", "") if downgrade.get("enabled") else "",
    }
