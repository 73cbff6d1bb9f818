# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kind ``directory``: exists, with owner and mode. Its contents are never touched."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic


def collect(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return [atomic.file_state(item["path"]) for item in items]


def apply(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    for action in actions:
        data = action["data"]
        atomic.make_directory(action["target"], ownership=atomic.Ownership(data["owner"], data["group"], data["mode"]))
    return [{} for _action in actions]
