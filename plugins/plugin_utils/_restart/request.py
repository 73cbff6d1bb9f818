# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator wants restarted and how, from the variables of playbooks/restart-nodes.yml. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import batch, misspelt
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.batch import ONE_BY_ONE, Batch
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.given_options import Option, flag, number, values

_PREFIX = "restart_"
_DAY = 86400
NONE, SECURITY, ALL = "none", "security", "all"
NEEDED, ALWAYS, NEVER = "needed", "always", "never"
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+*-]*")


@dataclasses.dataclass(frozen=True)
class Request:
    """``packages``: which are upgraded, a word or names. ``pause`` and ``timeout`` in seconds."""

    packages: str | tuple[str, ...] = NONE
    reboot: str = NEEDED
    drain: bool = True
    batch: Batch = ONE_BY_ONE
    pause: float = 0.0
    timeout: float = 600.0
    unmanaged_pods: bool = False

    @property
    def upgrades(self) -> bool:
        return self.packages != NONE


def _packages(value: t.Any) -> str | tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        raise ValueError
    found = tuple(str(name).strip() for name in names)
    if len(found) == 1 and found[0] in (NONE, SECURITY, ALL):
        return found[0]
    if any(not _PACKAGE.fullmatch(name) or name in (NONE, SECURITY, ALL) for name in found):
        raise ValueError
    return found


def _reboot(value: t.Any) -> str:
    if value not in (NEEDED, ALWAYS, NEVER):
        raise ValueError
    return str(value)


_OPTIONS = {
    "packages": Option(_packages, "none, security, all, or names of packages divided by commas", "security"),
    "reboot": Option(_reboot, "needed, always or never", "needed"),
    "drain": flag(example="false"),
    "batch": Option(batch.read, "a number of hosts from 1, or per cent of the workers such as 20%", "2"),
    "pause": number(float, lowest=0, highest=_DAY, wanted="seconds, a number", example="60"),
    "timeout": number(float, lowest=1, highest=_DAY, wanted="seconds, a number", example="900"),
    "unmanaged_pods": flag(),
}
OPTIONS = tuple(_OPTIONS)


def request(given: c.Mapping[str, t.Any], *, variables: c.Iterable[str] = ()) -> Request:
    """The request, from the options by name; None for one that is not given. Raises ComponentError with every fault.

    ``variables``: the names of all variables, of which one may be an option written almost right.
    """
    read, faults = values(given, _OPTIONS, prefix=_PREFIX, variables=variables, elsewhere=[misspelt.TAKE_OVER])
    found = Request(**read) if not faults else Request()
    if not faults and not found.upgrades and found.reboot == NEVER:
        faults.append("restart_reboot is never and restart_packages is none, so there is nothing to do: give another value to one of them")
    if faults:
        raise ComponentError(f"Nothing was touched: {'; '.join(faults)}")
    return found
