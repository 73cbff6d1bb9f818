# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resolved spec as an action plugin finds it."""

from __future__ import annotations

import collections.abc as c
import typing as t


def cluster_of(templar: t.Any, variables: dict[str, t.Any]) -> dict[str, t.Any]:
    """The value of ``cluster`` for this task, a registered variable or a fact; empty if there is none.

    A registered spec is plain data, and grows with the number of hosts: it is not evaluated again. The variable of a role is a template.
    """
    found = variables.get("cluster") or variables.get("ansible_facts", {}).get("cluster") or {}
    return t.cast(dict[str, t.Any], found if isinstance(found, c.Mapping) else templar.template(found))
