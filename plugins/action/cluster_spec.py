# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolves the inventory into the cluster's spec, on the controller.

The spec is the task's result, to be registered as ``cluster``: a fact would be out of sight where facts are not injected as
variables, and a fact cache would keep it for later runs. Not BYPASS_HOST_LOOP, because the free strategy refuses such actions;
``run_once`` does the same where the strategy allows it.
"""

from __future__ import annotations

import pathlib
import time
import typing as t

from ansible import context
from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.checksum_record import Record
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import one_machine
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.cluster_inputs import spec_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.run_tags import refusal_of_this_run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import authorities
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import vault_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import SpecError

UNREGISTERED = "The spec would be lost: add register: cluster to this task (and run_once: true where the play's strategy is linear)"


class ActionModule(ActionBase):
    """Reads variables of every host of the inventory; reaches none of them."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _VALID_ARGS = frozenset(("hosts_from_groups", "show", "versions"))

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        show = boolean(self._task.args.get("show", False))
        if not show and not self._task.register:
            raise AnsibleActionFail(UNREGISTERED)
        wrong_tags = refusal_of_this_run(self._task)
        if wrong_tags:
            raise AnsibleActionFail(wrong_tags)
        try:
            by_groups = boolean(self._task.args.get("hosts_from_groups", False))
            versions = plain(self._task.args.get("versions") or {})
            result.update(spec_of(self._templar, task_vars or {}, hosts_from_groups=by_groups, versions=versions))
        except SpecError as error:
            raise AnsibleActionFail(str(error)) from error
        several = self._several_on_one_machine(result, task_vars or {})
        if several and not show:
            raise AnsibleActionFail(several)
        result["changed"] = False
        # What is recorded of downloads must be readable before a host is touched.
        Record(pathlib.Path(result["checksums"]["file"])).read()
        # Here and not in a task of its own: it is read on the controller, and each playbook tells it once.
        ending = authorities.warnings(result["pki_directory"], time.time(), vault=vault_of(self._loader))
        result["warnings"] = [*result.get("warnings", []), *ending]
        if show:
            result["_ansible_verbose_always"] = True
        return result

    def _several_on_one_machine(self, spec: dict[str, t.Any], variables: dict[str, t.Any]) -> str:
        return one_machine.refusal(
            spec,
            run_hosts=[str(host) for host in variables.get("ansible_play_hosts_all", [])],
            variables_of=variables["hostvars"].raw_get,
            default=one_machine.default_connection(
                variables["hostvars"].raw_get(variables["inventory_hostname"]),
                task=self._task.connection,
                command_line=context.CLIARGS.get("connection"),
            ),
        )
