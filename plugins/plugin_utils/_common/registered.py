# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks of this run have registered: on several hosts, or in a loop over other hosts."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import shown

Object = dict[str, t.Any]


def registered(variables: c.Mapping[str, t.Any], hosts: c.Iterable[str], name: str, *, having: str = "") -> dict[str, Object]:
    """By host, the result that its variable ``name`` has, empty where there is none. With ``having``, only results with this field."""
    found: dict[str, Object] = {host: plain(variables["hostvars"][host].get(name) or {}) for host in hosts}
    return {host: result for host, result in found.items() if having in result} if having else found


def of_loop(variables: c.Mapping[str, t.Any], name: str) -> list[Object]:
    """The results of a loop that the variable ``name`` has; none where it was not run. Each names its ``item``."""
    found: list[Object] = plain(variables.get(name) or {}).get("results", [])
    return found


def why_silent(answer: Object) -> str:
    """Why a host has told nothing, from what its task has registered."""
    said = str(answer.get("msg") or "no answer").strip().splitlines()[0].removeprefix("Task failed: ")
    return shown(f"does not answer: {said}" if answer.get("unreachable") else f"could not be looked at: {said}")
