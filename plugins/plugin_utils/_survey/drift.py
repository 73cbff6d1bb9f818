# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What site.yml would change on a host, for the doctor: planned as the roles do, from one look, and without what other groups compare."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import rendering
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.component_state import no_pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import planner
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.part import Object
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.wanted import Wanted

# The options without which a component is not described as a whole.
OPTIONS = (
    *("packages", "groups", "users", "directories", "binaries", "certificates", "files", "absent", "selinux_ports", "units"),
    "show_secrets",
)
# Others of the doctor compare units, settings of the kernel, swap, SELinux, the firewall, and all that is of the PKI.
_FILES = ("early_file", "file")
KINDS = (*_FILES, "package", "group", "user", "directory", "binary", "absent", "selinux_port")

Items = dict[str, list[Object]]


class Compared(t.NamedTuple):
    """One component: its items by kind. ``unknown``: why it cannot be compared here."""

    name: str
    items: Items
    units: list[Object]
    unknown: str = ""


def compared(components: c.Iterable[Wanted]) -> list[Compared]:
    """The components of a host, which have been read with ``OPTIONS``."""
    return [_compared(one) for one in components]


def request(components: c.Iterable[Compared]) -> Object:
    """What the host is asked, kind by kind. It holds digests in place of contents."""
    wanted: Items = {}
    for one in components:
        for kind, items in one.items.items():
            wanted.setdefault(kind, []).extend([rendering.for_collect(item) for item in items] if kind in _FILES else items)
    return {"wanted": {kind: items for kind, items in wanted.items() if items}}


def judged(components: c.Iterable[Compared], answer: c.Mapping[str, t.Any], *, now: float) -> Object:
    """What is different, by component. It holds no contents either: of each change only what it is and why."""
    rest = {kind: iter(states) for kind, states in answer["states"].items()}
    return {"components": [_planned(one, rest, now) for one in components]}


def _compared(one: Wanted) -> Compared:
    role = one.task.directory.name
    if one.component is None or one.faults:
        return Compared(role, {}, [], unknown=shown("; ".join(one.faults)))
    renderer = rendering.Renderer(find=one.task.find, loader=one.site.loader, templates=one.site.templates, read_pki=no_pki)
    items: Items = {kind: [item for item in one.component.items[kind] if not _of_pki(kind, item)] for kind in KINDS}
    try:
        for kind in _FILES:
            items[kind] = [renderer.render(item, show_secrets=one.component.show_secrets) for item in items[kind]]
    except AnsibleError as error:
        return Compared(one.component.name, {}, [], unknown=shown(str(error.message)))
    return Compared(one.component.name, items, one.component.items["unit"])


def _of_pki(kind: str, item: Object) -> bool:
    """Whether the doctor's group ``certificates`` looks at it."""
    if kind == "absent":
        return bool(item["authority"])
    return kind in _FILES and bool(item.get("pki") or (isinstance(item.get("yaml"), dict) and item["yaml"].get("kind") == "Config"))


def _planned(one: Compared, rest: c.Mapping[str, c.Iterator[Object]], now: float) -> Object:
    states = {kind: [next(rest[kind]) for _item in items] for kind, items in one.items.items() if items}
    told: Object = {"name": one.name, "changes": [], "units": [], "refused": "", "unknown": one.unknown}
    try:
        plan = planner.plan(component=one.name, items=one.items, state=states, now=now)
    except AnsibleError as error:
        return {**told, "refused": shown(str(error.message))}
    return {**told, "changes": [_change(action) for action in plan], "units": _restarted(one.units, plan)}


def _change(action: PlannedAction) -> Object:
    return {key: shown(text) for key, text in action.report().items()}


def _restarted(units: c.Iterable[Object], plan: c.Iterable[PlannedAction]) -> list[str]:
    """The units that read what is different when they start."""
    touched = {path for action in plan for path in action.touched}
    return [unit["name"] for unit in units if touched & {*unit["inputs"], *unit["reload_on"], *unit["restart_on"]}]
