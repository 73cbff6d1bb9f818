# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converges objects of the Kubernetes API. Documented in plugins/modules/api_objects.py."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access, plan_objects
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api.manifests import Reader
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import rendering
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction

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


class ApiHost(Host):
    """The host from which the API is asked."""

    MODULE = "_api.objects"


class ActionModule(HostAction):
    """Connects Ansible with the planner of API objects."""

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        _validated, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        name = str(arguments["name"])
        objects, absent, waits = self._wanted(name, arguments, variables)
        common = {
            "connection": access.connection(arguments, variables, templar=self._templar),
            "field_manager": str(arguments["field_manager"]),
        }
        host = ApiHost(self, variables)
        check = bool(self._task.check_mode)
        request = {**common, "objects": objects, "absent": absent, "wait": waits, "deadline": 0 if check else arguments["deadline"]}
        state = host.step("collect", request)
        if state["unready"] and not check:
            raise ComponentError(
                f"{name}: the API was not ready within {arguments['deadline']:.0f} s: {state['unready']}. "
                "Look at 'journalctl -u kube-apiserver' on this host, or raise the option deadline"
            )
        plan = plan_objects.plan(name=name, objects=objects, absent=absent, state=state)
        result = self._result(plan)
        if not check and (plan or state["unmet"]):
            host.step("apply", {**common, "actions": [action.for_host() for action in plan], "wait": waits if plan else state["unmet"]})
        return result

    def _wanted(
        self, name: str, arguments: dict[str, t.Any], variables: dict[str, t.Any]
    ) -> tuple[list[Object], list[Object], list[Object]]:
        reader = Reader(name)
        objects = reader.objects(arguments["objects"], where="objects")
        for template in arguments["template"]:
            objects += reader.documents(self._rendered(str(template), variables), where=str(template))
        for source in arguments["src"]:
            found = self._find_needle("files", str(source))
            objects += reader.documents(self._loader.get_text_file_contents(found), where=str(source))
        absent, waits = reader.references(arguments["absent"]), reader.waits(arguments["wait"])
        reader.once(objects, absent)
        reader.finish()
        return objects, absent, waits

    def _rendered(self, template: str, variables: dict[str, t.Any]) -> str:
        renderer = rendering.Renderer(
            find=self._find_needle,
            loader=self._loader,
            templar=self._templar,
            variables=variables,
            read_pki=_no_pki,
        )
        return str(renderer.render({**_NOT_A_FILE, "path": template, "template": template}, show_secrets=False)["text"])


def _no_pki(name: str) -> t.NoReturn:
    raise ComponentError(f"the file {name} of the PKI is wanted, but an API object cannot be one")
