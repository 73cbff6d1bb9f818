# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes replaced authorities out of what apiservers publish. Documented in plugins/modules/client_authorities.py."""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access, plan_client_authorities
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import retired
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki, vault_of

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {**access.OPTIONS, "deadline": {"type": "float", "default": 120}}


class ApiHost(Host):
    """A master, which asks the API."""

    MODULE = "_api.client_authorities"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and what apiservers publish."""

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        directory = pathlib.Path(plain(cluster_of(self._templar, variables))["pki_directory"])
        wanted = plan_client_authorities.asked(retired.of_directory(Pki(directory, check_mode=True, vault=vault_of(self._loader))))
        if not wanted:
            return {"changed": False, "actions": []}
        check = bool(self._task.check_mode)
        connection = access.connection(arguments, variables, templar=self._templar)
        payload = {"connection": connection, "retired": wanted, "deadline": 0 if check else arguments["deadline"]}
        host = ApiHost(self, variables)
        found = host.step("collect", payload)
        if found["unready"] and not check:
            raise ComponentError(
                f"The API was not ready within {arguments['deadline']:.0f} s: {found['unready']}. Look at 'journalctl -u kube-apiserver' "
                "on this host"
            )
        plan = plan_client_authorities.plan(found)
        if plan and not check:
            left = plan_client_authorities.plan(host.step("apply", payload))
            if left:
                raise ComponentError(
                    f"{left[0].target}: {left[0].reason}, and one puts it back. It trusts that still: run site.yml on all masters"
                )
        return self._result(plan)
