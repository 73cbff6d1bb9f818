# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles imported alone into somebody's own playbook and inventory: etcd on one host, and balancers."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from .driver import ROOT, Cluster
from .setups import bare_hosts

HERE = pathlib.Path(__file__).parent
HOST = "db1.example"


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    with bare_hosts(HERE / "inventories" / "etcd-alone", session=request.session, artefacts=artefacts) as cluster:
        yield cluster


def test_etcd_alone(database: Cluster) -> None:
    playbook = "tests/cluster/playbooks/etcd_alone.yml"
    first = database.playbook(playbook)
    assert {result["host"] for result in first.changed} == {HOST}
    write = ". /etc/profile.d/etcdctl.sh; etcdctl put greeting hello && etcdctl get greeting --print-value-only"
    assert database.on(HOST, write).split() == ["OK", "hello"]
    second = database.playbook(playbook)
    assert [(result["task"], result["actions"]) for result in second.changed] == []


def test_nothing_but_etcd_was_installed(database: Cluster) -> None:
    present = database.on(HOST, "ls /usr/local/bin; command -v dockerd chronyd; true").split()
    assert {name for name in present if "-" not in name} == {"etcd", "etcdctl", "etcdutl"}


def test_without_a_certificate_nobody_gets_in(database: Cluster) -> None:
    ask = "curl -sS --max-time 10 --cacert /etc/etcd/pki/ca.crt {certificate} https://127.0.0.1:2379/health"
    certificate = "--cert /etc/etcd/pki/member.crt --key /etc/etcd/pki/member.key"
    assert '"health":"true"' in database.on(HOST, ask.format(certificate=certificate))
    refused = database.lab("exec", HOST, "sh", "-c", ask.format(certificate=""), check=False)
    assert refused.returncode != 0
    assert "certificate required" in refused.stderr


BALANCERS = ("balancer1.example", "balancer2.example")
WEB = """dnf -y install haproxy
printf 'defaults\\n  mode tcp\\n  timeout connect 1s\\n  timeout client 1s\\n  timeout server 1s\\n' >/etc/haproxy/haproxy.cfg
printf 'listen web\\n  bind 127.0.0.1:8080\\n' >>/etc/haproxy/haproxy.cfg
systemctl enable --now haproxy"""


@pytest.fixture
def balancers(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    with bare_hosts(ROOT / "molecule" / "inventories" / "balancer", session=request.session, artefacts=artefacts) as cluster:
        yield cluster


def test_a_balancer_of_somebody_else_is_refused(balancers: Cluster) -> None:
    """By the role itself: no role host has looked before. What is accepted is replaced."""
    used, bare = BALANCERS
    balancers.on(used, WEB, timeout=300)
    digest = "sha256sum /etc/haproxy/haproxy.cfg; systemctl is-active haproxy; ls /etc"
    before = balancers.on(used, digest)
    playbook = "tests/cluster/playbooks/balancer_alone.yml"
    for arguments in (["--check"], []):
        refused = balancers.playbook(playbook, *arguments, check=False)
        assert [result["host"] for result in refused.failures] == [used], refused.output
        assert "[haproxy.service]" in refused.output
        assert "`host_foreign_accepted`" in refused.output
        assert {result["host"] for result in refused.changed} == {bare}
    assert balancers.on(used, digest) == before
    balancers.playbook(playbook, "-e", '{"host_foreign_accepted": ["haproxy.service"]}')
    assert balancers.playbook(playbook).actions() == []
