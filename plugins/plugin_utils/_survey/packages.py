# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages that the roles of hosts install, read out of their tasks: no host is asked."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import order_of_roles
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.wanted import wanted


def of_hosts(sites: c.Iterable[Site]) -> tuple[list[str], list[str]]:
    """Names as dnf takes them, with the versions that the inventory gives; and faults of descriptions that cannot be read."""
    names: set[str] = set()
    faults: dict[str, None] = {}
    for site in sites:
        for one in wanted(order_of_roles.of_host(site.cluster, site.host), site, ("packages",)):
            faults.update(dict.fromkeys(f"{site.host}: {fault}" for fault in one.faults))
            items = one.component.items["package"] if one.component is not None else []
            names.update(f"{item['name']}-{item['version']}" if item["version"] else str(item["name"]) for item in items)
    return sorted(names), list(faults)
