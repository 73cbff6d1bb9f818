# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is asked about etcd: the options of ``etcd_members``, and the payloads of its collect steps."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Members
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD, components

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["observed", "planned", "present", "cleaned"], "default": "present"},
    "reuse": {"type": "bool", "default": False},
    "removals_first": {"type": "bool", "default": False},
    "remove_unlisted": {"type": "str", "choices": ["never", "safe", "always"], "default": "safe"},
    "disaster_recovery": {"type": "bool", "default": False},
    "unit": {"type": "str", "default": ETCD.unit},
    "data_directory": {"type": "path", "default": ETCD.data_directory},
    "initial_cluster_file": {"type": "path", "default": ETCD.files["initial_cluster"]},
    "started_file": {"type": "path", "default": ETCD.files["started"]},
    "apiserver_file": {"type": "path", "default": components()["kube_apiserver"].files["settings"]},
    "deadline": {"type": "float", "default": 120},
    "local_url": {"type": "str", "default": ETCD.urls["client"]},
    **access.OPTIONS,
}

Object = dict[str, t.Any]


def endpoints(arguments: Object, wanted: Members) -> Object:
    """How the host asks the members, and where."""
    return {"access": access.of(arguments), "endpoints": [*(entry.client_url for entry in wanted), arguments["local_url"]]}


def observation(arguments: Object, wanted: Members, *, patient: bool = True) -> Object:
    """What the host has of etcd. ``patient``: it waits for an election that may be in progress."""
    payload: Object = {
        **endpoints(arguments, wanted),
        "data_directory": arguments["data_directory"],
        "metrics_url": arguments["metrics_url"],
        "started_file": arguments["started_file"],
        "apiserver_file": arguments["apiserver_file"],
    }
    return payload if patient else {**payload, "election": 0.0}


def former_member(arguments: Object, wanted: Members) -> Object:
    """What a host that is not in the group etcd has of a former member."""
    return {**endpoints(arguments, wanted), "unit": arguments["unit"], "data_directory": arguments["data_directory"]}
