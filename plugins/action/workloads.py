# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what drains of Nodes will meet. Documented in plugins/modules/workloads.py."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {"deadline": {"type": "float", "default": 10}, **access.OPTIONS}


class ApiHost(Host):
    """The master whose apiserver is asked."""

    MODULE = "_api.workloads"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the API."""

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        connection = access.connection(arguments, variables, templar=self._templar)
        found = ApiHost(self, variables).step("collect", {"connection": connection, "deadline": arguments["deadline"]})
        return {"changed": False, **found}
