# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists certificates and keys of hosts and of the controller. Documented in plugins/modules/certificates.py."""

from __future__ import annotations

import pathlib
import time
import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import entries, html_page, listing, of_controller, of_host
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.listing import Listing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.request import OPTIONS, Request, request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import output_files
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import registered, why_silent
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import authorities
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki, vault_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import certificates, role_tasks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["checked", "observed", "listed"], "default": "listed"},
    "roles": {"type": "list", "elements": "str", "default": []},
    "observation": {"type": "str", "default": "barehost_certificates"},
    "kubeconfig": {"type": "path"},
    **{name: {"type": "raw"} for name in OPTIONS},
}

Variables = dict[str, t.Any]
Object = dict[str, t.Any]

# Ansible imports action plugins in its main process, so all processes of tasks have it.
role_tasks.preload()


class LookedAtHost(Host):
    """A host that is only read."""

    MODULE = "_certificates.looks"
    # Certificates of another cluster are what the list is to show.
    VERIFIES_IDENTITY = False


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the list."""

    def _converge(self, variables: Variables) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        wanted = request({name: arguments[name] for name in OPTIONS}, variables=variables)
        if arguments["state"] == "checked":
            return {"changed": False}
        cluster = plain(cluster_of(self._templar, variables))
        pki = Pki(pathlib.Path(cluster["pki_directory"]), check_mode=True, vault=vault_of(self._loader))
        if arguments["state"] == "observed":
            try:
                return self._observe(arguments["roles"], variables, pki)
            except AnsibleConnectionFailure:
                raise
            except AnsibleError as error:
                # a line of the list, not the end of it
                return {"changed": False, "failed": True, "msg": error.message}
        return self._list(arguments, variables, wanted, cluster=cluster, pki=pki)

    def _observe(self, roles: list[str], variables: Variables, pki: Pki) -> dict[str, t.Any]:
        host = LookedAtHost(self, variables)
        site = Site(host=host.name, templar=self._templar, loader=self._loader, variables=variables, check_mode=True)
        described = certificates.described(roles, site, stored=pki.served)
        known = authorities.of_directory(pki.directory, vault=vault_of(self._loader))
        answer = host.step("collect", described.request())
        now = time.time()
        found = of_host.found_on(host.name, described, answer, authorities=known, now=now)
        incomplete = "" if answer.get("complete") else "not all files beside the certificates were looked at, there are too many"
        limited = "" if answer.get("root") else "what only root may read is not known: set `ansible_become: true`"
        of_it = [text for text in (*described.faults, incomplete, limited, of_host.clock(answer, now)) if text]
        notes = [*described.uncompared, *(f"{host.name}: {text}" for text in of_it)]
        return {"changed": False, "entries": [entry.as_dict() for entry in found], "notes": [shown(note) for note in notes]}

    def _list(self, arguments: Object, variables: Variables, wanted: Request, *, cluster: Object, pki: Pki) -> dict[str, t.Any]:
        now = time.time()
        asked = [str(host) for host in variables["ansible_play_hosts_all"]]
        hosts = [host for host in cluster["nodes"] if host in asked]
        answers = registered(variables, hosts, arguments["observation"])
        looked_at = [host for host in hosts if "entries" in answers[host]]
        known = authorities.of_directory(pki.directory, vault=vault_of(self._loader))
        kubeconfig = pathlib.Path(arguments["kubeconfig"]) if arguments["kubeconfig"] else None
        found = [
            *of_controller.found_on_controller(pki, authorities=known, kubeconfig=kubeconfig, now=now),
            *(entries.of_dict(entry) for host in looked_at for entry in answers[host]["entries"]),
        ]
        made = Listing(
            cluster=str(cluster["name"]),
            at=now,
            days=wanted.days,
            entries=listing.in_order((entries.judged(entry, days=wanted.days, now=now) for entry in found), hosts),
            hosts=tuple(looked_at),
            silent=tuple((host, why_silent(answers[host])) for host in hosts if host not in looked_at),
            left_out=tuple(host for host in cluster["nodes"] if host not in asked),
            notes=tuple(dict.fromkeys(note for host in looked_at for note in answers[host]["notes"])),
        )
        for path, text in ((wanted.json, made.as_json), (wanted.html, lambda: html_page.page(made))):
            if path is not None:
                output_files.write(path, text())
        return {"changed": False, "lines": listing.lines(made), "faults": made.faults, "list": made.as_dict()}
