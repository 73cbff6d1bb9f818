# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor must know of the roles of a host: the items that they describe, the certificates among them, and what is compared."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.described import Described
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import certificates, drift
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.part import Object
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.wanted import wanted

# The options of a component that describe them, by kind of items.
_KINDS = {
    "unit": "units",
    "sysctl": "sysctls",
    "kernel_module": "kernel_modules",
    "swap": "swap",
    "selinux": "selinux",
    "selinux_boolean": "selinux_booleans",
    "firewall": "firewall",
    "package": "packages",
}


class WantedItems(t.NamedTuple):
    """``faults``: what could not be read of the descriptions."""

    items: dict[str, list[Object]]
    certificates: Described
    faults: list[str]
    compared: list[drift.Compared]


# Of a host whose roles need not be read.
NOTHING = WantedItems({kind: [] for kind in _KINDS}, Described([], [], [], []), [], [])


def wanted_items(roles: c.Sequence[str], site: Site, *, stored: c.Callable[[str], str | None], compares: bool) -> WantedItems:
    """``stored`` gives the text of a file of the PKI directory. ``compares``: whether all files are rendered, too."""
    options = dict.fromkeys((*certificates.OPTIONS, *_KINDS.values(), *(drift.OPTIONS if compares else ())))
    components = list(wanted(roles, site, options))
    read = [one.component for one in components if one.component is not None]
    items = {kind: [item for component in read for item in component.items[kind]] for kind in _KINDS}
    own = certificates.described_by(components, site, stored=stored)
    return WantedItems(items, own, own.faults, drift.compared(components) if compares else [])
