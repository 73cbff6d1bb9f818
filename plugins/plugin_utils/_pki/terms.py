# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On which terms a run issues certificates anew that are still good. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.wanted_certs import DEFAULT_RENEW_BEFORE_DAYS


@dataclasses.dataclass(frozen=True)
class Terms:
    """``renew_before_days``: for what says nothing else. ``since``: what was issued before, of these ``names``, is issued anew."""

    renew_before_days: int = DEFAULT_RENEW_BEFORE_DAYS
    since: float = 0
    names: frozenset[str] = frozenset()

    def of(self, item: c.Mapping[str, t.Any], *, name: str = "") -> dict[str, t.Any]:
        """The terms for a certificate. Its name is that of its file without the ending, if no other is given."""
        name = name or str(item["path"]).rpartition("/")[2].removesuffix(".crt")
        asked = {"issued_since": self.since} if name in self.names else {}
        own = item.get("renew_before_days")
        return {"renew_before_days": self.renew_before_days if own is None else own, **asked}


DEFAULT_TERMS = Terms()


def terms_of(cluster: c.Mapping[str, t.Any], renewal: c.Mapping[str, t.Any] | None) -> Terms:
    """From the resolved spec, and from what the filter ``renewal`` returns; None if no renewal was asked for."""
    days = cluster.get("certificates", {}).get("renew_before_days", DEFAULT_RENEW_BEFORE_DAYS)
    if not renewal:
        return Terms(days)
    return Terms(days, float(renewal["since"]), frozenset(map(str, renewal["names"])))
