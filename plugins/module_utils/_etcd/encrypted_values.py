# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether etcd has values that keys of Kubernetes have encrypted, by how the values begin. What they hold is neither kept nor returned."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import (
    Access,
    EtcdApi,
    EtcdRefusal,
    EtcdUnreachable,
    Object,
)
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.waiting import last_found

# A value may have more than a megabyte.
_PAGE = 50
_TIMEOUT = 30.0
_PAUSE = 2.0
_SHOWN = 5


def run(_step: str, payload: Object) -> Object:
    """``left``: how many values below ``below`` begin with one of ``prefixes``; ``some``: keys of a few; ``all``: how many there are.

    Looks until there is none, or until ``deadline`` seconds have passed: some values the apiservers write again by themselves.
    """
    access = Access(**payload["access"])
    return last_found(
        lambda: _asked(payload["endpoints"], access, payload),
        well=lambda found: not found["left"],
        deadline=payload["deadline"],
        pause=_PAUSE,
    )


def _asked(endpoints: t.Sequence[str], access: Access, payload: Object) -> Object:
    """By the first member that answers with a quorum behind it."""
    faults = []
    for url in endpoints:
        try:
            return _looked(EtcdApi(url, access, timeout=_TIMEOUT), payload)
        except (EtcdUnreachable, EtcdRefusal) as error:
            faults.append(error.message)
    raise HostError(f"no member of etcd could be asked: {'; '.join(faults)}")


def _looked(api: EtcdApi, payload: Object) -> Object:
    prefixes = tuple(prefix.encode() for prefix in payload["prefixes"])
    some: list[str] = []
    left = seen = 0
    for key, value in api.values(payload["below"], page=_PAGE):
        seen += 1
        if value.startswith(prefixes):
            left += 1
            some += [key.decode(errors="replace")] if len(some) < _SHOWN else []
    return {"left": left, "some": some, "all": seen}
