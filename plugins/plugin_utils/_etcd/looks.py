# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts found when they looked at etcd, as far as this run has it."""

from __future__ import annotations

import collections.abc as c
import pathlib
import time
import typing as t
import urllib.parse

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain

# The variable in which the role registers a look
VARIABLE = "etcd_look"
# Older ones of other hosts are asked for again
_OLDEST = 600.0

Object = dict[str, t.Any]


class Looks:
    """A look that was made for later is used once by its host: when the role comes again in one run, much may have changed."""

    def __init__(self, variables: c.Mapping[str, t.Any], *, given: c.Iterable[Object], directory: pathlib.Path, host: str) -> None:
        self._variables = variables
        self._given = {str(look.get("item")): look for look in given}
        self._directory = directory
        self._host = host

    def _ticket(self, host: str) -> pathlib.Path:
        return self._directory / f"barehost-etcd-look-{urllib.parse.quote(host, safe='')}"

    def keep_for_later(self, host: str) -> None:
        self._ticket(host).touch()

    def earlier(self, host: str) -> Object | None:
        """A look at the host that needs not be made again. An own one counts only if it was kept for this."""
        if host != self._host and self._variable(host).get("unreachable"):
            return {"away": True}
        found = self._registered(host)
        if found is None or time.time() - found["at"] > _OLDEST:
            return None
        if host == self._host:
            try:
                self._ticket(host).unlink()
            except FileNotFoundError:
                return None
        return {key: found[key] for key in ("host", "answers", "used", "at", "settled")}

    def of(self, hosts: c.Iterable[str]) -> dict[str, Object]:
        """By host, without those of whom nothing is known."""
        found = {host: self._known(host) for host in hosts}
        return {host: look for host, look in found.items() if look is not None}

    def used(self) -> set[str]:
        """The members that the apiservers use, as far as their hosts were looked at."""
        looks = [self._known(host) for host in {self._host, *self._given}]
        return {str(url) for look in looks if look is not None for url in look["used"]}

    def _known(self, host: str) -> Object | None:
        given = self._given.get(host)
        if given is not None and "answers" in given:
            return given
        return self._registered(host)

    def _registered(self, host: str) -> Object | None:
        found = self._variable(host)
        return plain(found) if "answers" in found else None

    def _variable(self, host: str) -> c.Mapping[str, t.Any]:
        variables = self._variables if host == self._host else self._variables["hostvars"].raw_get(host)
        found = variables.get(VARIABLE)
        return found if isinstance(found, c.Mapping) else {}
