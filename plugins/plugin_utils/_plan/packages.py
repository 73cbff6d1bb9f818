# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans packages: installs those that rpm does not have, and replaces those of which another version is wanted."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction


def plan(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    name, version = item["name"], item["version"]
    specification = f"{name}-{version}" if version else name
    data = {"specification": specification}
    if not state["installed"]:
        return [PlannedAction("package", "install", name, "not installed", after=f"{specification}\n", data=data)]
    if not version or any(version in _spellings(found) for found in state["versions"]):
        return []
    found = ", ".join(state["versions"]) or "another package that provides it"
    return [
        PlannedAction(
            "package", "install", name, f"version {found}, wanted {version}", before=f"{found}\n", after=f"{version}\n", data=data
        )
    ]


def _spellings(found: str) -> set[str]:
    """The ways in which epoch:version-release can be written: without epoch, without release, or without both."""
    bare = found.partition(":")[2]
    return {found, found.rpartition("-")[0], bare, bare.rpartition("-")[0]}
