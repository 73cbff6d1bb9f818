# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at one host as the doctor does: what its roles describe, what it tells, and the certificates among that, judged."""

from __future__ import annotations

import collections.abc as c
import pathlib
import time
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import entries, of_host
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.described import Described
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import STRANGE
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import registered, why_silent
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import asked
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.request import CERTIFICATES
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import authorities
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.authorities import Authority
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki, vault_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import drift
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.doctor import NOTHING, WantedItems, wanted_items
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.part import Object
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site

# What ends within them is due, as in playbooks/certificates.yml.
DAYS = 30
_DRIFT = "drift"


class ExaminedHost(Host):
    """A host that is only read."""

    MODULE = "_doctor.looks"
    # A host of another cluster is what is to be found.
    VERIFIES_IDENTITY = False


class Look(t.NamedTuple):
    """What is looked at: the roles of the host, groups of facts, and what else is asked. ``device``: the interface of flannel's tunnel."""

    roles: list[str]
    groups: c.Set[str]
    etcd_data: str
    device: str
    subject: asked.Subject | None = None


def pki(cluster: Object, loader: t.Any) -> tuple[Pki, dict[str, Authority]]:
    """The PKI directory, which is not changed, and its authorities."""
    own = Pki(pathlib.Path(cluster["pki_directory"]), check_mode=True, vault=vault_of(loader))
    return own, authorities.of_directory(own.directory, vault=vault_of(loader))


def asks(host: str, site: Site, cluster: Object, look: Look) -> tuple[asked.Host, WantedItems]:
    """What is to be asked of a host, by what its roles describe."""
    reads = asked.follow_from_roles(look.groups)
    described = (
        wanted_items(look.roles, site, stored=pki(cluster, site.loader)[0].served, compares=_DRIFT in look.groups) if reads else NOTHING
    )
    certificates = described.certificates.request()
    return asked.Host(
        cluster, host, described.items, certificates, look.etcd_data, look.device, drift.request(described.compared)
    ), described


def observe(host: ExaminedHost, site: Site, cluster: Object, look: Look) -> Object:
    """The result of the task that asks one host."""
    return look_at(host, site, cluster, look, *asks(host.name, site, cluster, look))


def look_at(host: ExaminedHost, site: Site, cluster: Object, look: Look, wanted: asked.Host, described: WantedItems) -> Object:
    """The same, where it is known what is asked."""
    known = pki(cluster, site.loader)[1]
    began = time.time()
    answer = host.step("collect", asked.payload(wanted, look.groups, look.subject))
    ended = time.time()
    _read(answer, CERTIFICATES, lambda told: _judged(host.name, described.certificates, told, known, ended))
    _read(answer, _DRIFT, lambda told: drift.judged(described.compared, told, now=ended))
    return {
        "changed": False,
        "facts": answer["facts"],
        "gaps": answer["gaps"],
        "root": bool(answer["root"]),
        "ahead": _ahead(float(answer["time"]), began, ended),
        "seconds": round(ended - began, 2),
        "uncompared": [shown(fault) for fault in described.faults],
    }


def _read(answer: Object, group: str, read: c.Callable[[Object], Object]) -> None:
    """Puts what the controller makes of a group into its place; a gap, if that cannot be."""
    if group not in answer["facts"]:
        return
    try:
        answer["facts"][group] = read(answer["facts"][group])
    except (AnsibleError, *STRANGE, StopIteration) as error:
        del answer["facts"][group]
        answer["gaps"][group] = shown(error.message if isinstance(error, AnsibleError) else f"{type(error).__name__}: {error}")


def told(variables: dict[str, t.Any], cluster: Object, name: str, *, controller: Object, now: float) -> Facts:
    """What all hosts of the play have told in this variable."""
    asked_hosts = [str(host) for host in variables["ansible_play_hosts_all"]]
    hosts = [host for host in cluster["nodes"] if host in asked_hosts]
    answers = registered(variables, hosts, name)
    looked_at = {host: answers[host] for host in hosts if "facts" in answers[host]}
    return Facts(
        cluster=cluster,
        hosts={host: host_facts(host, answer) for host, answer in looked_at.items()},
        now=now,
        silent={host: why_silent(answers[host]) for host in hosts if host not in looked_at},
        left_out=tuple(host for host in cluster["nodes"] if host not in asked_hosts),
        controller=controller,
    )


def seconds(variables: dict[str, t.Any], facts: Facts, name: str) -> dict[str, float]:
    """How long each host has taken."""
    return {host: float(answer["seconds"]) for host, answer in registered(variables, facts.hosts, name).items()}


def host_facts(host: str, answer: Object) -> HostFacts:
    """What a host has told, from the result of its task."""
    return HostFacts(
        name=host,
        groups=answer["facts"],
        gaps=answer["gaps"],
        root=answer["root"],
        ahead=float(answer["ahead"]),
        uncompared=tuple(answer["uncompared"]),
    )


def _judged(host: str, known: Described, answer: Object, issuers: dict[str, Authority], now: float) -> Object:
    """The entries of the list of certificates. Raises ComponentError for an answer that no host of ours would give."""
    found = of_host.found_on(host, known, answer, authorities=issuers, now=now)
    return {
        "entries": [entries.judged(entry, days=DAYS, now=now).as_dict() for entry in found],
        "notes": [shown(note) for note in known.uncompared],
        "gaps": [] if answer.get("complete") else ["not all files beside the certificates were looked at, there are too many"],
    }


def _ahead(there: float, began: float, ended: float) -> float:
    """By how much a host's clock is ahead at least: it was read between the two moments of the controller's."""
    return there - ended if there > ended else min(0.0, there - began)
