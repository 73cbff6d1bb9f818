# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kind ``selinux_boolean``: booleans of the policy, which allow a program what the policy denies by default."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must

ROOT = "/sys/fs/selinux"
# setsebool -P compiles the policy again.
_TIMEOUT = 300.0


def collect(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """``value`` is None if the policy has no such boolean, or if the host has no SELinux."""
    return [{"enabled": os.path.exists(f"{ROOT}/enforce"), "value": _value(item["name"])} for item in items]


def _value(name: str) -> t.Optional[bool]:
    try:
        with open(f"{ROOT}/booleans/{name}", encoding="ascii") as stream:
            return stream.read().split()[:1] == ["1"]
    except OSError:
        return None


def apply(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    if actions:
        words = [f"{action['target']}={'on' if action['data']['value'] else 'off'}" for action in actions]
        must(["setsebool", "-P", *words], what=f"set the SELinux booleans {', '.join(words)}", timeout=_TIMEOUT)
    return [{} for _action in actions]
