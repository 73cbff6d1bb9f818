# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``survey``: the collect steps of several modules, one after the other in one program."""

from __future__ import annotations

import types
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import client_authorities, nodes, objects
from ansible_collections.barehost.kubernetes.plugins.module_utils._component import steps as component
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import former_member, membership
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import errors

Object = dict[str, t.Any]

# By their names as calls have them. Each is compiled when it is used.
MODULES: dict[str, types.ModuleType] = {
    "_component.steps": component,
    "_api.client_authorities": client_authorities,
    "_api.objects": objects,
    "_api.nodes": nodes,
    "_etcd.membership": membership,
    "_etcd.former_member": former_member,
}


def run(step: str, payload: Object) -> Object:
    """Runs the step ``collect`` of each call. One that fails does not stop the others."""
    return {"answers": [_answer(step, call) for call in payload["calls"]]}


def _answer(step: str, call: Object) -> Object:
    try:
        return {"result": MODULES[call["module"]].run(step, call["payload"])}
    except errors.HostError as error:
        return {"failed": error.message}
    except OSError as error:
        return {"failed": errors.of_system(error).message}
