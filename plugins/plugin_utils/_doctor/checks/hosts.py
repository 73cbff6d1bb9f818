# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the hosts as such: whether they answer, and whether all of them could be looked at."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, NOTE, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.judging import UNREADABLE

CHECKS = Checks("hosts", "Whether each host answers, and could be looked at as a whole.", needs=())
CHECKS.all.append(UNREADABLE)


@CHECKS.of_cluster(
    "host-away",
    ERROR,
    looks_at="the connection of Ansible to each host",
    wanted="an answer",
    why="Nothing is known of a host that does not answer. Its node and its member of etcd may be down, too.",
    remedy="see whether it runs, and log in as Ansible does: `ansible HOST -m ansible.builtin.ping`",
    bare=True,
    explains=("etcd-member-away", "node-not-ready", "node-missing", "node-pods-failing", "pod-network-no-way", "pod-network-cut"),
)
def _away(facts: Facts) -> c.Iterator[Found]:
    for host, reason in facts.silent.items():
        yield Found(reason, host=host, remedy=f"see whether it runs, and log in as Ansible does: `ansible {host} -m ansible.builtin.ping`")


@CHECKS.of_host(
    "host-without-root",
    ERROR,
    subject="the program runs as",
    looks_at="as which user the program runs on the host",
    wanted="root",
    why="What only root may read is not known: keys, most of etcd, the firewall.",
    remedy="set `ansible_become: true` for the host",
    bare=True,
    explains=("look-failed", "look-incomplete"),
)
def _without_root(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if not host.root:
        yield Found("another user")


@CHECKS.of_host(
    "look-failed",
    ERROR,
    looks_at="each group of facts of a host",
    wanted="all facts of the group",
    why="What could not be looked at may be well or not. No check of this group has judged the host.",
    remedy="mend what is found, or look yourself",
    bare=True,
)
def _failed(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for group, reason in host.gaps.items():
        yield Found(f"the group {group} is not known: {reason}")


@CHECKS.of_host(
    "look-incomplete",
    WARNING,
    looks_at="parts of groups of facts",
    wanted="all facts of the group",
    why="Some checks could not judge all of the host.",
    remedy="mend what is found, or look yourself",
    bare=True,
)
def _incomplete(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for group, facts in host.groups.items():
        for reason in facts.get("gaps", []):
            yield Found(f"in the group {group}: {reason}")


@CHECKS.of_host(
    "wanted-unknown",
    WARNING,
    looks_at="what the roles describe for each host",
    wanted="descriptions that need nothing but the inventory",
    why="What a role wants of the host is not known, so nothing is compared with it.",
    remedy="run site.yml with --check, which says more",
)
def _wanted(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for reason in host.uncompared:
        yield Found(reason)


@CHECKS.of_cluster(
    "hosts-left-out",
    NOTE,
    looks_at="which hosts the run was to ask",
    wanted="all hosts of the cluster",
    why="What concerns several hosts is judged by those that were asked.",
    remedy="run it without --limit",
)
def _left_out(facts: Facts) -> c.Iterator[Found]:
    if facts.left_out:
        yield Found(f"left out: {', '.join(facts.left_out)}")
