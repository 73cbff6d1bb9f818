# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders what a task ``api_objects`` describes: its options, the manifests of its templates and files."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api.manifests import Reader
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import rendering
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_templates import AnsibleTemplates

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "default": "api_objects"},
    "objects": {"type": "list", "elements": "dict", "default": []},
    "template": {"type": "list", "elements": "str", "default": []},
    "src": {"type": "list", "elements": "str", "default": []},
    "absent": {"type": "list", "elements": "dict", "default": []},
    "wait": {"type": "list", "elements": "dict", "default": []},
    "deadline": {"type": "float", "default": 60},
    "field_manager": {"type": "str", "default": "barehost"},
    **access.OPTIONS,
}
# Fields of a file that a manifest does not need, because it is never written
_NOT_A_FILE: dict[str, t.Any] = {"owner": "", "group": "", "mode": "", "block": None, "validate": None, "secret": False, "vars": {}}

Object = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class WantedObjects:
    """The objects of a task, what must be absent, and what is waited for."""

    objects: list[Object]
    absent: list[Object]
    waits: list[Object]

    def request(self, common: Object, *, deadline: float) -> Object:
        """The payload of the step ``collect``; ``deadline`` is in seconds."""
        return {**common, "objects": self.objects, "absent": self.absent, "wait": self.waits, "deadline": deadline}


def wanted(arguments: Object, *, find: c.Callable[[str, str], str], loader: t.Any, templates: AnsibleTemplates) -> WantedObjects:
    """What the validated options describe. Raises DescriptionError with every fault found."""
    name = str(arguments["name"])
    reader = Reader(name)
    renderer = rendering.Renderer(find=find, loader=loader, templates=templates, read_pki=_no_pki)
    objects = reader.objects(arguments["objects"], where="objects")
    for template in map(str, arguments["template"]):
        text = renderer.render({**_NOT_A_FILE, "path": template, "template": template}, show_secrets=False)["text"]
        objects += reader.documents(str(text), where=template)
    for source in map(str, arguments["src"]):
        objects += reader.documents(loader.get_text_file_contents(find("files", source)), where=source)
    absent, waits = reader.references(arguments["absent"]), reader.waits(arguments["wait"])
    reader.once(objects, absent)
    reader.finish()
    return WantedObjects(objects, absent, waits)


def _no_pki(name: str) -> t.NoReturn:
    raise ComponentError(f"the file {name} of the PKI is wanted, but an API object cannot be one")
