# SPDX-License-Identifier: GPL-3.0-or-later
"""The PKI directory is lost, and the hosts run on: it is filled with what they have, and new authorities are made."""

from __future__ import annotations

import collections.abc
import pathlib
import shutil

import pytest

from . import checks, old_authorities, secrets
from .driver import Cluster, eventually
from .killed_runs import killed_run
from .probing import probed_in_pod, probed_on_node
from .setups import converged_hosts

pytestmark = pytest.mark.long
MASTER, MINION = "k8s.master.dev", "k8s.minion1.dev"
ADDRESS = "192.168.200.100"
SERVER = f"https://{ADDRESS}:6443"
RESCUE, REPLACE = "playbooks/rescue-pki.yml", "playbooks/replace-authority.yml"
TRUSTED = "/etc/kubernetes/pki/ca.crt"


@pytest.fixture(scope="module")
def two(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "lost"
    folder.mkdir()
    with converged_hosts("two-node", session=request.session, artefacts=folder) as cluster:
        eventually(lambda: checks.all_ready(cluster, [MASTER, MINION]), deadline=90, wanted="the nodes are ready")
        checks.start_probes(cluster, [MASTER, MINION])
        yield cluster


def told(output: str) -> str:
    return " ".join(output.split())


def test_a_lost_directory_costs_no_secret_and_no_token(two: Cluster, tmp_path: pathlib.Path) -> None:
    pki, kubeconfig = two.inventory / "pki", two.inventory / "kubeconfig"
    two.kubectl("create", "secret", "generic", "kept", "--from-literal=word=still-readable")
    old = old_authorities.OldAuthorities(two, MASTER, ADDRESS, copy=tmp_path / "old")
    known = secrets.on_controller(two.inventory)
    taken = {name: (pki / name).read_text() for name in ("encryption-config.yaml", "service-account.key", "service-account.pub")}
    shutil.move(pki, tmp_path / "lost")
    two.on(MINION, f"cp -p {TRUSTED} /run/ca.crt; openssl req -x509 -newkey rsa -nodes -subj /CN=another -keyout /run/x -out {TRUSTED}")
    differing = two.playbook(RESCUE, check=False)
    two.on(MINION, f"cp -p /run/ca.crt {TRUSTED}")
    assert f"{MINION} has" in told(differing.output) and "hosts have nothing in common as kubernetes-ca.crt" in told(differing.output)
    assert not pki.exists()

    probe = checks.probe(MINION)
    with probed_in_pod(two, MINION, probe) as pod, probed_on_node(two, MINION, server=SERVER) as kubelet:
        kubeconfig.rename(tmp_path / "kubeconfig")

        refused = two.playbook("playbooks/site.yml", check=False)
        assert refused.returncode != 0 and refused.changed == []
        assert "playbooks/rescue-pki.yml fills a new one" in told(refused.output)

        foretold = two.playbook(RESCUE, "--check", "--diff")
        assert not pki.exists()
        killed = [killed_run(two, f"{number}+0.05", RESCUE).killed for number in range(1, 5)]
        assert any(killed)
        shutil.rmtree(pki, ignore_errors=True)
        shown = two.playbook(RESCUE, "-vvvv", "--diff")
        checks.foretold(foretold, shown)
        assert not [secret for secret in known if secret in shown.output]
        assert {name: (pki / name).read_text() for name in taken} == taken
        assert not [path for path in pki.iterdir() if path.stat().st_mode & 0o077 and path.suffix in (".key", ".yaml")]
        assert "Nothing is left to be taken" in told(two.playbook(RESCUE).output)

        two.playbook(REPLACE, "-e", "replace_authority=kubernetes,etcd,front-proxy", "-e", "replace_pause=95", timeout=1800)
    for seen in (pod, kubelet):
        # The only apiserver is away while it restarts.
        assert not [record for record in seen.failed if "certificate" in record["fault"] or "status 401" in record["fault"]], seen.summary()
        assert seen.reads[-1]["fault"] is None, seen.summary()
    print(f"kubelet: {kubelet.summary()}\npod: {pod.summary()}")
    assert two.kubectl("get", "secret", "kept", "-o", "jsonpath={.data.word}") == "c3RpbGwtcmVhZGFibGU="
    old.nobody_lets_in()
    assert set(old.shown().values()) == {False}
    assert set(old.shown_by_new().values()) == {True}
    checks.nothing_changes(two, [MASTER, MINION])
    refused = two.playbook(RESCUE, check=False)
    assert "already, so it is not lost" in told(refused.output)
