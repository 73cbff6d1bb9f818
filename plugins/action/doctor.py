# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at all hosts of a cluster and says what is wrong. Documented in plugins/modules/doctor.py."""

from __future__ import annotations

import pathlib
import time
import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import entries, of_controller
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import output_files
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import html_page, junit, registry, report
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.request import OPTIONS, Request, facts_for, request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import host_program, template_cache
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report import page, screen
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.view import View, view
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.flannel_backend import interface
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import examined, role_tasks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["checked", "observed", "judged"], "default": "judged"},
    "roles": {"type": "list", "elements": "str", "default": []},
    "etcd_data_directory": {"type": "path", "default": ETCD.data_directory},
    "device": {"type": "str", "default": interface({})},
    "observation": {"type": "str", "default": "barehost_doctor"},
    "kubeconfig": {"type": "path"},
    "backups": {"type": "path"},
    "screen": {"type": "bool", "default": False},
    **{name: {"type": "raw"} for name in OPTIONS},
}

Variables = dict[str, t.Any]
Object = dict[str, t.Any]

# Ansible imports action plugins in its main process, so all processes of tasks have it.
template_cache.install()
role_tasks.preload()
registry.checks()
host_program.packed(examined.ExaminedHost.MODULE)


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the doctor."""

    def _converge(self, variables: Variables) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        known = registry.checks()
        wanted = request({name: arguments[name] for name in OPTIONS}, known, variables=variables)
        if arguments["state"] == "checked":
            return {"changed": False}
        cluster = plain(cluster_of(self._templar, variables))
        if arguments["state"] == "observed":
            try:
                return self._observe(arguments, variables, wanted, cluster)
            except AnsibleConnectionFailure:
                raise
            except AnsibleError as error:
                # a finding of the report, not the end of it
                return {"changed": False, "failed": True, "msg": error.message}
        return self._judge(arguments, variables, wanted, cluster)

    def _observe(self, arguments: Object, variables: Variables, wanted: Request, cluster: Object) -> dict[str, t.Any]:
        host = examined.ExaminedHost(self, variables)
        site = Site(host=host.name, templar=self._templar, loader=self._loader, variables=variables, check_mode=True)
        look = examined.Look(
            arguments["roles"], facts_for(wanted, registry.checks()), arguments["etcd_data_directory"], arguments["device"]
        )
        return examined.observe(host, site, cluster, look)

    def _judge(self, arguments: Object, variables: Variables, wanted: Request, cluster: Object) -> dict[str, t.Any]:
        now = time.time()
        own = self._of_controller(arguments, cluster, now)
        facts = examined.told(variables, cluster, arguments["observation"], controller=own, now=now)
        made = report.of(facts, wanted, registry.checks(), seconds=examined.seconds(variables, facts, arguments["observation"]))
        told: dict[str, t.Any] = {"lines": report.lines(made), "failing": made.failing, "summary": made.summary(), "report": made.as_dict()}
        files = ((wanted.json, made.as_json), (wanted.junit, lambda: junit.text(made)), (wanted.html, lambda: html_page.page(made)))
        for path, text in files:
            if path is not None:
                output_files.write(path, text())
        if wanted.page is not None or arguments["screen"]:
            told["screen"] = _whole(view(facts, made), wanted.page)
        return {"changed": False, **told}

    def _of_controller(self, arguments: Object, cluster: Object, now: float) -> Object:
        """The entries of the PKI directory and of the administrator's kubeconfig, a note where they cannot be read; and the last backup."""
        backup = _newest(arguments["backups"])
        kubeconfig = pathlib.Path(arguments["kubeconfig"]) if arguments["kubeconfig"] else None
        try:
            pki, known = examined.pki(cluster, self._loader)
            found = of_controller.found_on_controller(pki, authorities=known, kubeconfig=kubeconfig, now=now)
        except AnsibleError as error:
            return {"entries": [], "notes": [shown(f"the PKI directory cannot be read: {error.message}")], "backup": backup}
        return {"entries": [entries.judged(entry, days=examined.DAYS, now=now).as_dict() for entry in found], "notes": [], "backup": backup}


def _whole(seen: View, path: pathlib.Path | None) -> list[str]:
    """The cluster as one page, if a path for it is given, and as lines for a screen."""
    if path is None:
        return screen.lines(seen)
    output_files.write(path, page.page(seen))
    return [*screen.lines(seen), f"The page: {path}"]


def _newest(directory: str | None) -> float:
    """When the newest snapshot was made that backup.yml has brought here; 0 if there is none."""
    try:
        return max((path.stat().st_mtime for path in pathlib.Path(directory or "").glob("*.snapshot")), default=0.0) if directory else 0.0
    except OSError:
        return 0.0
