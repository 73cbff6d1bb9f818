# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that have to be signed while the key of their authority is kept elsewhere.

Keys of authorities are looked at only if there is something to sign. So a run with nothing to sign needs none of them, and no vault
secret for them.
"""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

_ADVICE = (
    "Put the key there for one run, with mode 0600, or run on a controller that has it; then take it away again. Certificates that are not "
    "due need no key (docs/tasks/certificates.md)"
)


class Wanted(t.NamedTuple):
    """A certificate that is to be issued, and why."""

    authority: str
    path: str
    reason: str


class CustodyError(ComponentError):
    """A certificate has to be signed, and the key of its authority cannot be used here; nothing was changed."""


def unsigned(pki: Pki, wanted: c.Iterable[Wanted]) -> list[dict[str, str]]:
    """Those that cannot be signed here, each with ``path``, ``reason``, and ``why`` not. Plain data, for the result of a task."""
    refusals: dict[str, str] = {}
    found = []
    for one in wanted:
        if one.authority not in refusals:
            refusals[one.authority] = pki.refusal(one.authority)
        if refusals[one.authority]:
            found.append({"path": one.path, "reason": one.reason, "why": refusals[one.authority]})
    return found


def message(hosts: c.Mapping[str, c.Sequence[c.Mapping[str, str]]]) -> str:
    """One error for all hosts, by what is wrong with the keys; empty if there is none. ``hosts``: what ``unsigned`` returned, by host."""
    by_why: dict[str, list[str]] = {}
    for host, found in hosts.items():
        for why in dict.fromkeys(one["why"] for one in found):
            paths = ", ".join(f"{one['path']} ({one['reason']})" for one in found if one["why"] == why)
            by_why.setdefault(why, []).append(f"{host}: {paths}")
    told = [f"{why} It has to sign for {'; '.join(places)}." for why, places in by_why.items()]
    return f"Nothing was changed on {', '.join(host for host, found in hosts.items() if found)}: {' '.join(told)} {_ADVICE}" if told else ""


def refuse(host: str, found: c.Sequence[c.Mapping[str, str]]) -> None:
    """Raises CustodyError if there is something that cannot be signed."""
    if found:
        raise CustodyError(message({host: found}))
