# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of inventories/lab, whose only apiserver is away while it restarts: replaced, listed with hosts away, all expired."""

from __future__ import annotations

import collections.abc
import json
import pathlib

import pytest

from . import checks, expired, listed_certificates
from .driver import Cluster, eventually
from .probing import probed_in_pod, probed_on_node
from .setups import converged_hosts

pytestmark = pytest.mark.long
MASTER = "k8s.master.dev"
MINIONS = [f"k8s.minion{number}.dev" for number in (1, 2, 3)]
HOSTS = [MASTER, *MINIONS]
SERVER = "https://192.168.200.100:6443"
# Seconds that one restart may take the API away, and that a cluster may take to come back.
RESTART, RESCUE = 6.0, 300.0
# A pod asks by the address of the service. The only apiserver takes itself out of that when it stops, and kube-proxy asks again after
# pauses that double to 30 s, with a jitter of as much (client-go, tools/cache/reflector.go), while restarts are within two minutes.
POD = RESTART + 60.0


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "one-master"
    folder.mkdir()
    with converged_hosts("lab", session=request.session, artefacts=folder) as cluster:
        eventually(lambda: checks.all_ready(cluster, HOSTS), deadline=90, wanted="the nodes are ready")
        checks.start_probes(cluster, HOSTS)
        yield cluster


@pytest.fixture(scope="module")
def token(lab: Cluster) -> str:
    """One of the first key of service accounts, which ends after the tests."""
    return lab.kubectl("create", "token", "default", "--duration=12h").strip()


def status(cluster: Cluster, token: str) -> str:
    """With what the API answers to who shows a token."""
    options = ("-k", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Authorization: Bearer {token}")
    return cluster.curl(f"{SERVER}/api", *options).stdout


def token_of_pod(cluster: Cluster, host: str) -> str:
    uid = cluster.kubectl_json("get", "pod", checks.probe(host))["metadata"]["uid"]
    return cluster.on(host, f"cat /var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~projected/kube-api-access-*/token").strip()


def test_the_api_is_away_for_its_restarts_only(lab: Cluster, token: str) -> None:
    options = ("-e", "replace_authority=kubernetes,etcd,front-proxy,service-account,encryption")
    with probed_on_node(lab, MINIONS[0], server=SERVER) as kubelet, probed_in_pod(lab, MINIONS[1], checks.probe(MINIONS[1])) as pod:
        lab.playbook("playbooks/replace-authority.yml", *options, timeout=1800)
    print(f"kubelet: {kubelet.summary()}\npod: {pod.summary()}")
    for seen, bound in ((kubelet, RESTART), (pod, POD)):
        assert seen.gaps(), "a probe that sees no restart proves nothing"
        assert max(seconds for _began, seconds in seen.gaps()) <= bound, seen.summary()
        assert not [record for record in seen.failed if "certificate" in record["fault"] or "status 401" in record["fault"]], seen.summary()
    assert status(lab, token) == "200", "pods may have tokens of the old key"
    checks.nothing_changes(lab, HOSTS)


def test_the_old_key_of_tokens_is_dropped_when_pods_have_new_ones(lab: Cluster, token: str) -> None:
    """Not before an hour is over; the test turns that clock, and lets kubelets ask for new tokens by a restart."""
    replace = ("playbooks/replace-authority.yml", "-e", "replace_authority=service-account")
    early = lab.playbook(*replace)
    assert early.changed == []
    assert "service-account: pods may still have tokens of the old key" in " ".join(early.output.split())
    before = {host: token_of_pod(lab, host) for host in HOSTS}
    for host in HOSTS:
        lab.on(host, "systemctl restart kubelet")
    for host in HOSTS:
        eventually(lambda host=host: token_of_pod(lab, host) != before[host], deadline=180, wanted=f"new tokens of pods on {host}")
    mark = lab.inventory / "pki" / "service-account.replacing"
    noted = json.loads(mark.read_text(encoding="utf-8"))
    mark.write_text(json.dumps({**noted, "switched": noted["switched"] - 76 * 60}), encoding="utf-8")
    lab.playbook(*replace)
    assert status(lab, token) == "401"
    assert {host: status(lab, token_of_pod(lab, host)) for host in HOSTS} == dict.fromkeys(HOSTS, "200")
    checks.names_are_found(lab, HOSTS)
    checks.nothing_changes(lab, HOSTS)


def test_the_list_has_the_hosts_that_answer(lab: Cluster, tmp_path: pathlib.Path) -> None:
    """One is away, and the API is, too."""
    away = MINIONS[2]
    lab.on(MASTER, "systemctl stop kube-apiserver")
    lab.lab("stop", away)
    done, found = listed_certificates.listed(lab, tmp_path)
    assert done.returncode == 2
    assert {entry["host"] for entry in found["entries"]} >= {*HOSTS} - {away}
    assert not listed_certificates.of_host(found, away)
    assert [fault for fault in found["faults"] if away not in fault] == []
    assert found["faults"] and found["faults"][0] in done.output
    listed_certificates.ends_as_openssl_says(lab, MASTER, found)
    lab.on(MASTER, "systemctl start kube-apiserver")
    lab.lab("start", away)
    eventually(lambda: checks.all_ready(lab, HOSTS), deadline=120, wanted="the nodes are ready")


def test_a_cluster_whose_certificates_have_all_expired_comes_back_by_its_master_first(lab: Cluster) -> None:
    units = "kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy flanneld etcd"
    for host in HOSTS:
        # Not a reboot: the lab waits for the end of one, which does not come.
        there = lab.on(host, f"systemctl list-units --plain --no-legend {' '.join(f'{unit}.service' for unit in units.split())}")
        own = " ".join(line.split()[0] for line in there.splitlines())
        lab.on(host, f"systemctl stop {own}")
        assert len(expired.expire(lab, host, days_ago=3)) > 1
        lab.on(host, f"systemctl start --no-block {own}")
    assert lab.kubectl("get", "nodes", check=False) == ""
    first = lab.playbook("playbooks/site.yml", "--limit", MASTER, check=False)
    assert {failure["host"] for failure in first.failures} == set(), first.output[-6000:]
    assert lab.kubectl("get", "--raw", "/readyz") == "ok"
    rest = lab.playbook("playbooks/site.yml")
    print(f"the master: {first.seconds:.0f} s, the others: {rest.seconds:.0f} s")
    assert first.seconds + rest.seconds <= RESCUE
    eventually(lambda: checks.all_ready(lab, HOSTS), deadline=60, wanted="the nodes are ready")
    checks.nothing_changes(lab, HOSTS)
