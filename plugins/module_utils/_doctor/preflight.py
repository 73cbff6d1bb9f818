# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host tells before it is changed for the first time: the groups of the doctor that need no cluster.

It is part of the program of components. So it imports only what these groups need, and tells nothing of a host that was changed before.
"""

from __future__ import annotations

import os
import types
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._doctor import disks, machine, names
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import errors, locations

Object = dict[str, t.Any]

GROUPS: dict[str, types.ModuleType] = {"machine": machine, "disks": disks, "names": names}


def look(asked: Object) -> Object:
    """``asked``: what each group is to know, by its name. ``new``: whether nothing of this collection has changed the host yet."""
    if os.path.lexists(os.path.join(locations.STATE_DIRECTORY, locations.HOST_RECORD)):
        return {"new": False, "facts": {}, "gaps": {}}
    facts: Object = {}
    gaps: dict[str, str] = {}
    for group, given in asked.items():
        try:
            facts[group] = GROUPS[group].look(given)
        except errors.HostError as error:
            gaps[group] = error.message
        except OSError as error:
            gaps[group] = errors.of_system(error).message
        except Exception as error:  # what nobody has thought of hides no other group
            gaps[group] = f"{type(error).__name__}: {error}"[:300]
    return {"new": True, "facts": facts, "gaps": gaps}
