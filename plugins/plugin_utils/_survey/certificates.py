# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates, keys and kubeconfigs that the roles of a host describe, read out of their tasks without running them."""

from __future__ import annotations

import collections.abc as c
import contextlib

from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.described import Described, of_items, of_kubelet
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import rendering
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.component_state import no_pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import role_tasks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.part import Object
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.wanted import Wanted, fault, wanted

# What of a description is about certificates. The rest may need what only a run knows.
OPTIONS = ("certificates", "files")


def described(roles: c.Sequence[str], site: Site, *, stored: c.Callable[[str], str | None]) -> Described:
    """All of a host. ``stored`` gives the text of a file of the PKI directory.

    A task that cannot be read here does not hide the others: it is told among ``faults``.
    """
    return described_by(wanted(roles, site, OPTIONS), site, stored=stored)


def described_by(components: c.Iterable[Wanted], site: Site, *, stored: c.Callable[[str], str | None]) -> Described:
    """The same, of components that have been read with ``OPTIONS`` and may have been with more."""
    certificates: list[Object] = []
    files: list[Object] = []
    inputs: dict[str, list[str]] = {}
    faults: list[str] = []
    for one in components:
        faults += one.faults
        if one.component is None:
            continue
        try:
            own = [_rendered(item, one.task, one.site) for item in one.component.items["file"]]
        except AnsibleError as error:
            faults.append(fault(one.task, error))
            continue
        certificates += one.component.items["certificate"]
        files += own
        inputs.update(_inputs(one.task, one.site))
    cluster = plain(site.cluster)
    rotates = cluster["certificates"]["nodes"] == "rotated" and site.host in cluster["node_hosts"]
    rotated = of_kubelet(cluster["nodes"][site.host]) if rotates else []
    return of_items(certificates, files, faults=faults, stored=stored, inputs=inputs, rotated=rotated)


def _inputs(task: role_tasks.RoleTask, site: Site) -> dict[str, list[str]]:
    """What units read when they start. Where that needs what only a run knows, the table of components has to do."""
    with contextlib.suppress(AnsibleError):
        units = plain(site.templates.value(task.options.get("units") or []))
        return {unit["name"]: [*(unit.get("inputs") or []), *(unit.get("reload_on") or [])] for unit in units}
    return {}


def _rendered(item: Object, task: role_tasks.RoleTask, site: Site) -> Object:
    """A kubeconfig gets the digest of its text, to be compared by; others are not rendered."""
    if not isinstance(item["yaml"], dict) or item["yaml"].get("kind") != "Config":
        return item
    renderer = rendering.Renderer(find=task.find, loader=site.loader, templates=site.templates, read_pki=no_pki)
    rendered = renderer.render(item, show_secrets=False)
    return {**item, "digest": rendered["digest"], "mode": rendered["mode"]}
