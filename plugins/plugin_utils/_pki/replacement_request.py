# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator wants replaced, from the variables of playbooks/replace-authority.yml. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.given_options import number, values
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import encryption_replacement, replacement

SUBJECTS = (*replacement.SUBJECTS, encryption_replacement.SUBJECT)
_PREFIX = "replace_"
_DAY = 86400
_OPTIONS = {"pause": number(float, lowest=0, highest=_DAY, wanted="seconds, a number", example="120")}


class Request(t.NamedTuple):
    """``subjects``: what is replaced, each once. ``pause``: seconds in which pods get a new authority before it signs."""

    subjects: list[str]
    pause: float = 120.0


def request(given: c.Iterable[str], *, pause: t.Any = None, variables: c.Iterable[str] = ()) -> Request:
    """Raises ComponentError with every fault. ``pause``: as it is given, None if it is not; ``variables``: names of all variables."""
    wanted = [name for name in dict.fromkeys(name.strip() for name in given) if name]
    read, faults = values({"pause": pause}, _OPTIONS, prefix=_PREFIX, variables=variables, elsewhere=("authority", "without"))
    unknown = [name for name in wanted if name not in SUBJECTS]
    if unknown or not wanted:
        found = f"is {', '.join(unknown)}" if unknown else "is not given"
        faults.append(f"replace_authority {found}, wanted one or more of {', '.join(SUBJECTS)}: -e replace_authority=etcd")
    if faults:
        raise ComponentError(f"Nothing was changed: {'; '.join(faults)}")
    return Request(wanted, **read)
