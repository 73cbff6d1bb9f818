# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads why units do not do what they should. Documented in plugins/modules/unit_evidence.py."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {"units": {"type": "list", "elements": "str", "required": True}}


class EvidenceHost(Host):
    """The host whose units are looked at. It is only read."""

    MODULE = "_component.unit_evidence"
    VERIFIES_IDENTITY = False


class ActionModule(HostAction):
    """The front end."""

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        host = EvidenceHost(self, variables)
        found = host.step("collect", {"units": list(arguments["units"])})
        return {"changed": False, "evidence": "\n".join([f"{host.name}:", *found["lines"]])}
