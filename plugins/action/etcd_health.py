# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows whether etcd's members are healthy. Documented in plugins/modules/etcd_health.py."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import access

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "endpoints": {"type": "list", "elements": "str", "required": True},
    **access.CERTIFICATES,
}


class EtcdHost(Host):
    """The host from which etcd is asked."""

    MODULE = "_etcd.health"
    # It only reads, with certificates of the host: who runs health.yml need not have the PKI directory.
    VERIFIES_IDENTITY = False


class ActionModule(HostAction):
    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        found = EtcdHost(self, variables).step("collect", {"access": access.of(arguments), "endpoints": arguments["endpoints"]})
        if found["healthy"]:
            return {"changed": False, **found}
        return {"changed": False, "failed": True, "msg": "\n".join(found["summary"]) or "endpoints: no member given", **found}
