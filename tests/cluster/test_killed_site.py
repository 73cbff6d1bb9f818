# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml on one bare host, killed again and again, a sample of moments: the run after that finishes a cluster."""

from __future__ import annotations

import collections.abc
import pathlib
import random

import pytest

from . import checks
from .driver import ROOT, Cluster
from .killed_runs import killed_run
from .setups import bare_hosts

HOST = "k8s.allinone.dev"
# Killed at which connection of the run, and how long after it was begun: a sample of all there are, the same each time.
_SAMPLE = random.Random(20261121)
KILLS = [f"{number}+{_SAMPLE.uniform(0.0, 1.5):.2f}" for number in sorted(_SAMPLE.sample(range(2, 24), 7))]
PKI = "/etc/etcd/pki /etc/kubernetes/pki"


def certificates(cluster: Cluster) -> dict[str, str]:
    """Digests of the certificates that are in their places."""
    lines = cluster.on(HOST, f"find {PKI} -name '*.crt' -exec sha256sum {{}} + 2>/dev/null; true").splitlines()
    return {path: digest for digest, path in (line.split() for line in lines)}


@pytest.fixture(scope="module")
def bare(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "killed"
    folder.mkdir()
    with bare_hosts(ROOT / "inventories" / "all-in-one", session=request.session, artefacts=folder) as cluster:
        yield cluster


def test_runs_that_are_killed_lead_to_a_cluster(bare: Cluster) -> None:
    issued: dict[str, str] = {}
    killed = 0
    for moment in KILLS:
        killed += killed_run(bare, moment, "playbooks/site.yml").killed
        now = certificates(bare)
        assert {path: now.get(path) for path in issued} == issued, f"{moment}: a certificate was issued a second time"
        issued = now
    assert killed >= 4
    assert bare.on(HOST, f"find {PKI} -name '*.key*' -perm /077; true") == "", "a key can be read by others"

    bare.playbook("playbooks/site.yml")
    assert checks.all_ready(bare, [HOST])
    now = certificates(bare)
    assert {path: now.get(path) for path in issued} == issued
    assert bare.on(HOST, "find / -xdev \\( -name '*.barehost-new' -o -name '*.key.new' -o -name '*.crt.new' \\) -print") == ""
    members = bare.on(HOST, ". /etc/profile.d/etcdctl.sh; etcdctl member list").splitlines()
    assert len(members) == 1, members
    serials = bare.on(HOST, f"find {PKI} -name '*.crt' -not -name '*ca.crt' -exec openssl x509 -noout -serial -in {{}} ';'").splitlines()
    assert len(set(serials)) == len(serials) >= 10
    checks.nothing_changes(bare, [HOST])
