# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator wants done to etcd's databases, from the variables of playbooks/etcd.yml. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.given_options import flag, number, values
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.role_variables import specified

# The variables: what the options are called, with etcd_ before.
_PREFIX = "etcd_"
_LONGEST_PAUSE = 3600


@dataclasses.dataclass(frozen=True)
class Request:
    """``defragment_above``: per cent of a database that must be free, else its defragmentation is not worth it. ``pause``: seconds
    between two members."""

    compact: bool = False
    defragment: bool = False
    disarm: bool = False
    defragment_above: int = 10
    pause: float = 5.0


_OPTIONS = {
    "compact": flag(),
    "defragment": flag(),
    "disarm": flag(),
    "defragment_above": number(int, lowest=0, highest=99, wanted="a whole number of per cent", example="10"),
    "pause": number(float, lowest=0, highest=_LONGEST_PAUSE, wanted="seconds, a number", example="10"),
}


def request(given: c.Mapping[str, t.Any], *, variables: c.Iterable[str] = ()) -> Request:
    """The request, from the options by name; None for one that is not given. Raises ComponentError with every fault.

    ``variables``: the names of all variables. One that looks like an option is none by mistake, and the run would do nothing.
    """
    found, faults = values(given, _OPTIONS, prefix=_PREFIX, variables=variables, others=specified())
    if faults:
        raise ComponentError(f"Nothing was touched: {'; '.join(faults)}")
    return Request(**found)
