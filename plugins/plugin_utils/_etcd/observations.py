# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts have found when they observed etcd, as far as this run knows it."""

from __future__ import annotations

import collections.abc as c
import pathlib
import time
import typing as t
import urllib.parse

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain

# The variables in which the role registers what a host found: the host itself, and others that it delegated the task to
OWN = "barehost_etcd_observation"
OTHERS = "barehost_etcd_other_observations"
# Older observations of other hosts are made again.
_OLDEST = 600.0

Object = dict[str, t.Any]


class Observations:
    """Reads the registered observations.

    A host uses its own early observation once: when the role runs again later in the same run, much may have changed.
    """

    def __init__(self, variables: c.Mapping[str, t.Any], *, directory: pathlib.Path, host: str) -> None:
        self._variables = variables
        self._directory = directory
        self._host = host

    def _ticket(self, host: str) -> pathlib.Path:
        return self._directory / f"barehost-etcd-observation-{urllib.parse.quote(host, safe='')}"

    def allow_reuse(self, host: str) -> None:
        self._ticket(host).touch()

    def earlier(self, host: str) -> Object | None:
        """An observation of the host that need not be made again."""
        if host != self._host and self._variable(host, OWN).get("unreachable"):
            return {"not_reached": True}
        found = self._own(host)
        if found is None or time.time() - found["at"] > _OLDEST:
            return None
        if host == self._host:
            try:
                self._ticket(host).unlink()
            except FileNotFoundError:
                return None
        return {key: found[key] for key in ("host", "answers", "used", "at", "in_sync", "to_observe")}

    def by_host(self, hosts: c.Iterable[str]) -> dict[str, Object]:
        """The observation of each host, without the hosts of which nothing is known."""
        asked = list(hosts)
        found = {host: self._delegated(self._host).get(host) or self._own(host) or self._by_any(host, asked) for host in asked}
        return {host: observation for host, observation in found.items() if observation is not None}

    def used(self, hosts: c.Iterable[str]) -> set[str]:
        """The members that the apiservers of these hosts use, as far as they were observed."""
        return {str(url) for observation in self.by_host(hosts).values() for url in observation["used"]}

    def all_in_sync(self, hosts: c.Iterable[str]) -> bool:
        """Whether each of these hosts that took part in this run has found nothing to do."""
        return all(found.get("in_sync") for found in (self._variable(host, OWN) for host in hosts) if found)

    def _own(self, host: str) -> Object | None:
        found = self._variable(host, OWN)
        return plain(found) if "answers" in found else None

    def _by_any(self, host: str, others: c.Iterable[str]) -> Object | None:
        return next((found for other in others if (found := self._delegated(other).get(host)) is not None), None)

    def _delegated(self, host: str) -> dict[str, Object]:
        """What this host has had observed on others."""
        results = self._variable(host, OTHERS).get("results", [])
        return {str(result["item"]): plain(result) for result in results if "answers" in result}

    def _variable(self, host: str, name: str) -> c.Mapping[str, t.Any]:
        variables = self._variables if host == self._host else self._variables["hostvars"].raw_get(host)
        found = variables.get(name)
        return found if isinstance(found, c.Mapping) else {}
