# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the member of etcd on this host says of itself and of the others, and how it gets on with its disk.

Its page of metrics needs no certificate. So something is known of it even where certificates have ended.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import re
import time
import typing as t
import urllib.parse

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import client
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import checks
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import errors, http_get
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import text_of

Object = dict[str, t.Any]

_TIMEOUT = 3.0
_METRIC = re.compile(r"^(?P<name>[a-z_]+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)$", re.MULTILINE)
_BOUND = re.compile(r'le="([^"]+)"')
# Each with how it is told.
_COUNTERS = {
    "etcd_server_leader_changes_seen_total": "leader_changes",
    "etcd_server_proposals_failed_total": "failed",
    "etcd_server_proposals_pending": "pending",
    "process_start_time_seconds": "started",
}
_HISTOGRAMS = {
    "etcd_disk_wal_fsync_duration_seconds_bucket": "sync",
    "etcd_disk_backend_commit_duration_seconds_bucket": "commit",
}
_SHARE = 0.99


def look(asked: Object) -> Object:
    """``url``, ``access``: how the own member is asked; ``metrics``: its page without certificates; ``members``: all of the inventory."""
    others = [member for member in asked["members"] if member["host"] != asked["host"]]
    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
        own = pool.submit(_own, asked["url"], client.Access(**asked["access"]))
        pages = pool.submit(_metrics, asked["metrics"])
        ways = list(pool.map(_ways, others))
    return {"own": own.result(), "metrics": pages.result(), "ways": ways, "snapshots": _snapshots(asked["snapshots"])}


def _own(url: str, access: client.Access) -> Object:
    """As ``client.look`` says it, with the size of the database, versions, and the seconds of a linearizable read."""
    began = time.monotonic()
    try:
        said = client.look(url, access, timeout=_TIMEOUT)
    except errors.HostError as error:  # such as a certificate that cannot be read
        return {"members": None, "fault": error.message, "linearizable": False, "learner": False, "errors": []}
    seconds = time.monotonic() - began
    kept = ("members", "fault", "linearizable", "learner", "leader", "applied", "errors", "cluster_id", "member_id")
    found: Object = {**{name: said.get(name) for name in kept}, "seconds": round(seconds, 3)}
    if said["members"] is None:
        return found
    try:
        api = client.EtcdApi(url, access, timeout=_TIMEOUT)
        status, versions = api.status(), api.versions()
    except (client.EtcdUnreachable, client.EtcdRefusal) as error:
        return {**found, "fault": error.message}
    sizes = {key: int(status.get(name, 0)) for key, name in (("size", "dbSize"), ("in_use", "dbSizeInUse"), ("quota", "dbSizeQuota"))}
    return {**found, **sizes, "version": status.get("version", ""), "level": versions.get("etcdcluster", "")}


def _metrics(url: str) -> Object:
    """``health`` is what the page of that name says; ``sync`` and ``commit`` the seconds within which 99 of 100 writes were safe."""
    try:
        status, health = http_get.get(f"{url}/health", timeout=_TIMEOUT, tls=http_get.Tls())
        page = http_get.get(f"{url}/metrics", timeout=_TIMEOUT, tls=http_get.Tls())[1]
    except (OSError, ValueError) as error:
        return {"fault": errors.cause(error)}
    return {"fault": "", "status": status, "health": " ".join(health.split())[:200], **_numbers(page)}


def _numbers(page: str) -> Object:
    found: Object = {}
    buckets: dict[str, list[tuple[float, float]]] = {name: [] for name in _HISTOGRAMS.values()}
    for match in _METRIC.finditer(page):
        name, value = match["name"], float(match["value"])
        if name in _COUNTERS:
            found[_COUNTERS[name]] = value
        elif name in _HISTOGRAMS:
            bound = _BOUND.search(match["labels"] or "")
            buckets[_HISTOGRAMS[name]].append((float(bound[1]) if bound else 0.0, value))
    return {**found, **{name: quantile(counts, _SHARE) for name, counts in buckets.items()}}


def quantile(buckets: t.Sequence[tuple[float, float]], share: float) -> t.Optional[float]:
    """The bound below which this share of all values is; None without values, or if it is the last one, which has no bound."""
    ordered = sorted(buckets)
    total = ordered[-1][1] if ordered else 0.0
    bound = next((bound for bound, count in ordered if total and count >= share * total), None)
    return None if bound is None or bound == float("inf") else bound


def _ways(member: Object) -> Object:
    """What is wrong with the connections to another member; empty texts if nothing is."""
    faults = {}
    for kind in ("client", "peer"):
        address = urllib.parse.urlsplit(member[f"{kind}_url"])
        faults[kind] = checks.probe({"tcp": f"{address.hostname}:{address.port}"}, timeout=_TIMEOUT) or ""
    return {"host": member["host"], **faults}


def _snapshots(settings: str) -> t.Optional[Object]:
    """Of scheduled snapshots: when the newest was made; None where there are none."""
    text = text_of(settings)
    if text is None:
        return None
    try:
        directory = json.loads(text)["directory"]
        newest = max((entry.stat().st_mtime for entry in os.scandir(directory) if entry.name.endswith(".snapshot")), default=0.0)
    except (OSError, ValueError, LookupError, TypeError) as error:
        return {"directory": "", "newest": 0.0, "fault": f"{type(error).__name__}: {error}"[:200]}
    return {"directory": directory, "newest": newest, "fault": ""}
