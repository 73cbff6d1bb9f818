# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the control plane: its apiservers, leaders, and who else serves or stops the API."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts

CHECKS = Checks("control-plane", "The apiservers, the leaders, and others that serve or stop the API.", needs=("control_plane",))

# What hosts lack that reach no API.
_LOST = ("api-endpoint-away", "node-not-ready", "pod-network-service-silent", "kubelet-errors")

Plane = c.Mapping[str, t.Any]


def _ready(facts: Facts) -> list[tuple[str, Plane]]:
    """The masters whose apiservers are ready, with what these say."""
    return [(host.name, host["control_plane"]) for host in facts.having("control_plane") if host["control_plane"]["ready"]]


@CHECKS.of_cluster(
    "api-away",
    ERROR,
    subject="the API",
    looks_at="whether any apiserver is ready",
    wanted="one at least",
    why="Nothing of the cluster can be seen or changed. What runs goes on.",
    remedy="see what they say: `journalctl -u kube-apiserver -n 50 --no-pager` on the masters",
    explains=_LOST,
)
def _away(facts: Facts) -> c.Iterator[Found]:
    planes = facts.having("control_plane")
    if not _ready(facts) and len(facts.cluster["masters"]) > 1:
        faults = [f"{host.name}: {host['control_plane']['fault']}" for host in planes]
        yield Found(f"no apiserver is ready: {'; '.join(faults)}")


@CHECKS.of_host(
    "api-silent",
    ERROR,
    subject="the apiserver",
    looks_at="whether the apiserver of this host listens",
    wanted="that it does",
    why="Clients that are sent to this master wait, or fail.",
    remedy="see what it says: `journalctl -u kube-apiserver -n 50 --no-pager`",
    explains=_LOST,
)
def _silent(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    plane = host["control_plane"]
    if not plane["ready"] and not plane["listens"]:
        yield Found(plane["fault"], **_alone(facts))


@CHECKS.of_host(
    "api-not-ready",
    ERROR,
    subject="the apiserver",
    looks_at="the page readyz of the apiserver of this host",
    wanted="ready",
    why="It answers, and says itself that it cannot serve. Or it does not know who asks.",
    remedy="see which part fails: `kubectl get --raw '/readyz?verbose'`, and `journalctl -u kube-apiserver -n 50 --no-pager`",
    explains=_LOST,
)
def _not_ready(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    plane = host["control_plane"]
    if not plane["ready"] and plane["listens"]:
        yield Found(plane["fault"], **_alone(facts))


def _alone(facts: Facts) -> dict[str, t.Any]:
    """The only apiserver explains what all hosts lack."""
    return {"everywhere": True} if len(facts.cluster["masters"]) == 1 else {"explains": ()}


@CHECKS.of_cluster(
    "control-leader-lost",
    ERROR,
    looks_at="the leases of the controller manager and of the scheduler",
    wanted="that a leader renews each",
    why="Without the one no controller works, without the other no pod gets a node.",
    remedy="see `systemctl status kube-controller-manager kube-scheduler` on the masters",
)
def _leaders(facts: Facts) -> c.Iterator[Found]:
    for _host, plane in _ready(facts)[:1]:
        for leader in plane["leaders"]:
            if not leader["alive"]:
                name = leader["name"]
                holder = f"{leader['holder']} holds it, and does not renew it" if leader["holder"] else "nobody holds it"
                remedy = f"on the masters: `systemctl status {name}; journalctl -u {name} -n 30 --no-pager`"
                yield Found(f"{name}: {holder}", remedy=remedy, of=(f"{name}.service",))


@CHECKS.of_cluster(
    "api-versions-differ",
    WARNING,
    subject="apiservers",
    looks_at="the version of each apiserver",
    wanted="that of the inventory",
    why="An upgrade has stopped half-way, or the inventory says something else than what runs.",
    remedy="run upgrade.yml, or site.yml",
)
def _versions(facts: Facts) -> c.Iterator[Found]:
    wanted = facts.cluster["versions"]["kubernetes"]
    others = [f"{plane['version']} on {host}" for host, plane in _ready(facts) if plane["version"].removeprefix("v") != wanted]
    if others:
        yield Found(", ".join(others), wanted=wanted)


@CHECKS.of_cluster(
    "api-part-unavailable",
    ERROR,
    subject="aggregated API",
    looks_at="aggregated APIs, which pods serve",
    wanted="that they answer",
    why="kubectl is slow, namespaces cannot be deleted, and who needs that API fails.",
    remedy="see `kubectl get apiservices`; mend its service, or delete it if nobody needs it",
)
def _parts(facts: Facts) -> c.Iterator[Found]:
    for _host, plane in _ready(facts)[:1]:
        for one in plane["unavailable"]:
            yield Found(
                f"{one['name']}: {one['fault']}", remedy=f"`kubectl describe apiservice {one['name']}`; mend its service, or delete it"
            )


@CHECKS.of_cluster(
    "api-webhook-dead",
    ERROR,
    looks_at="admission webhooks with failurePolicy Fail",
    wanted="that their services have endpoints",
    why="Each write that the webhook is to see is refused. After an outage, its own pods cannot start again.",
    remedy="mend its service, or delete the configuration: `kubectl delete KIND NAME`",
)
def _webhooks(facts: Facts) -> c.Iterator[Found]:
    for _host, plane in _ready(facts)[:1]:
        for one in plane["webhooks"]:
            remedy = f"mend the service {one['service']}, or `kubectl delete {one['kind']} {one['name']}`"
            yield Found(f"{one['hook']} of {one['name']}: the service {one['service']} has no endpoint", remedy=remedy)


@CHECKS.of_cluster(
    "api-namespace-stuck",
    WARNING,
    subject="namespace",
    looks_at="namespaces that are being deleted",
    wanted="that they are gone after ten minutes",
    why="Something in them has a finalizer that nobody removes.",
    remedy="see what it says: `kubectl describe namespace NAME`",
)
def _stuck(facts: Facts) -> c.Iterator[Found]:
    for _host, plane in _ready(facts)[:1]:
        for one in plane["stuck"]:
            yield Found(f"{one['name']}: {one['fault']}", remedy=f"`kubectl describe namespace {one['name']}`")


@CHECKS.of_host(
    "api-endpoint-away",
    ERROR,
    subject="the API",
    looks_at="whether a node reaches the API at the cluster's endpoint",
    wanted="that it does",
    why="Its kubelet and kube-proxy hear of no change, and the node counts as lost.",
    remedy="see the way: `curl -k ENDPOINT/livez` on the node; then balancers and firewalls",
    needs=("node",),
    explains=_LOST[1:],
)
def _endpoint(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    if host["node"]["api"]:
        url = facts.cluster["api"]["url"]
        yield Found(f"{url}: {host['node']['api']}", remedy=f"on the node: `curl -k {url}/livez`; then see balancers and firewalls")
