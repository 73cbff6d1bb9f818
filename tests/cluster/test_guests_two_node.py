# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/two-node on two guests: packets of pods go from one kernel to another, through a tunnel that each has loaded.

`make test-guests` runs it. Nothing here waits for seconds: a guest is 6 to 10 times slower than other hosts.
"""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from . import checks, restarting, selinux
from .driver import ROOT, Cluster, eventually
from .setups import bare_hosts

pytestmark = pytest.mark.guests

MASTER, MINION = "k8s.master.dev", "k8s.minion1.dev"
HOSTS = {MASTER: "192.168.200.100", MINION: "192.168.200.101"}
# Long enough for two guests on a busy machine.
LONG = 1800

Denials = dict[str, set[selinux.Denial]]


@pytest.fixture(scope="module")
def bare(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    inventory = ROOT / "inventories" / "two-node"
    with bare_hosts(inventory, session=request.session, artefacts=artefacts, driver="guests") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def denied_bare(bare: Cluster) -> Denials:
    """What SELinux has denied before any playbook."""
    return {host: selinux.all_denials(bare, host) for host in HOSTS}


@pytest.fixture(scope="module")
def pair(bare: Cluster, denied_bare: Denials) -> Cluster:
    """The cluster, with the guestbook, from bare hosts."""
    assert set(denied_bare) == set(HOSTS)
    checks.install(bare)
    bare.playbook("playbooks/guestbook.yml")
    return bare


def serve(cluster: Cluster) -> bool:
    """Every node is Ready, and shows the page."""
    pages = [cluster.curl(f"http://{address}:{checks.GUESTBOOK_PORT}/", "--fail", check=False).stdout for address in HOSTS.values()]
    return bool(checks.all_ready(cluster, HOSTS)) and all("<form" in page for page in pages)


def test_guestbook(pair: Cluster) -> None:
    eventually(lambda: serve(pair), deadline=LONG, wanted="the guestbook on both")
    checks.guestbook_is_shared(pair, HOSTS, through=MINION)


def test_pods_of_one_host_reach_those_of_the_other(pair: Cluster) -> None:
    checks.start_probes(pair, HOSTS)
    checks.names_are_found(pair, HOSTS)
    checks.logs_are_read(pair, HOSTS)
    assert pair.playbook("playbooks/health.yml").returncode == 0


def test_the_second_run_changes_nothing(pair: Cluster) -> None:
    checks.nothing_changes(pair, HOSTS)


def test_both_reboot_and_need_no_run(pair: Cluster) -> None:
    before = restarting.boots(pair, HOSTS)
    for host in HOSTS:
        pair.on(host, "systemctl reboot", check=False)
    eventually(
        lambda: restarting.rebooted(before, restarting.boots(pair, HOSTS)) == set(HOSTS), deadline=LONG, wanted="another boot of both"
    )
    eventually(lambda: serve(pair), deadline=LONG, wanted="the guestbook on both after they have booted")
    checks.nothing_changes(pair, HOSTS)


def test_nothing_of_ours_is_denied(pair: Cluster, denied_bare: Denials) -> None:
    denied = {host: sorted(selinux.all_denials(pair, host) - denied_bare[host]) for host in HOSTS}
    assert denied == {host: [] for host in HOSTS}
