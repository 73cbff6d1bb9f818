# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator wants replaced, from the variables of playbooks/replace-authority.yml. Pure."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import misspelt
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import encryption_replacement, replacement

SUBJECTS = (*replacement.SUBJECTS, encryption_replacement.SUBJECT)
_PREFIX = "replace_"
_VARIABLES = ("authority", "without", "pause")


def subjects(given: c.Iterable[str], *, pause: float, variables: c.Iterable[str] = ()) -> list[str]:
    """What is replaced, each once. Raises ComponentError with every fault. ``pause``: seconds; ``variables``: names of all variables."""
    wanted = [name for name in dict.fromkeys(name.strip() for name in given) if name]
    faults = misspelt.faults(variables, prefix=_PREFIX, options=_VARIABLES)
    unknown = [name for name in wanted if name not in SUBJECTS]
    if unknown or not wanted:
        found = f"is {', '.join(unknown)}" if unknown else "is not given"
        faults.append(f"replace_authority {found}, wanted one or more of {', '.join(SUBJECTS)}: -e replace_authority=etcd")
    if pause < 0:
        faults.append(f"replace_pause is {pause:g}, wanted seconds, 0 or more: -e replace_pause=120")
    if faults:
        raise ComponentError(f"Nothing was changed: {'; '.join(faults)}")
    return wanted
