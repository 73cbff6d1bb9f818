# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/all-in-one: one host is everything."""

from __future__ import annotations

import collections.abc
import pathlib
import typing as t

import pytest

from . import checks
from .driver import ROOT, Cluster, PlaybookRun
from .setups import bare_hosts

HOST = "k8s.allinone.dev"
ADDRESS = "192.168.200.100"


@pytest.fixture(scope="module")
def bare(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    with bare_hosts(ROOT / "inventories" / "all-in-one", session=request.session, artefacts=artefacts) as cluster:
        assert cluster.on(HOST, "command -v dockerd etcd kubelet chronyd; true") == ""
        yield cluster


@pytest.fixture(scope="module")
def found_bare(bare: Cluster) -> Found:
    """The host before any playbook."""
    return look(bare)


@pytest.fixture(scope="module")
def single(bare: Cluster, found_bare: Found) -> Cluster:
    """The cluster, with the guestbook, from a bare host."""
    done = bare.playbook("playbooks/site.yml")
    assert of_the_host(done) == found_bare.actions, "check mode has foretold something else"
    bare.playbook("playbooks/guestbook.yml")
    checks.start_probes(bare, [HOST])
    return bare


class Found(t.NamedTuple):
    """What check mode would do to a host, and what is on it."""

    actions: list[tuple[str, str, str, str]]
    things: list[str]


def of_the_host(run: PlaybookRun) -> list[tuple[str, str, str, str]]:
    """The actions of a run but for the administrator's kubeconfig, which is on the controller."""
    return [action for action in run.actions() if action[1] != "kubeconfig"]


def look(cluster: Cluster) -> Found:
    actions = of_the_host(cluster.playbook("playbooks/site.yml", "--check"))
    files = (
        "find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/log -o -path /var/cache \\) -prune -o -print"
    )
    others = (
        "find /var/lib -not -path '/var/lib/dnf*'; rpm -qa; nft list tables; ip -o link | cut -d: -f2; firewall-cmd --list-all-zones; mount"
    )
    return Found(actions, sorted(set(cluster.on(HOST, f"{files}; {others}").splitlines())))


def test_the_host_is_master_and_minion(single: Cluster) -> None:
    assert checks.all_ready(single, [HOST])
    node = single.kubectl_json("get", "node", HOST)
    assert "taints" not in node["spec"]
    assert {f"node-role.kubernetes.io/{role}" for role in ("control-plane", "minion")} <= set(node["metadata"]["labels"])
    assert node["status"]["nodeInfo"]["kubeletVersion"] == checks.VERSION


def test_everything_runs_on_it(single: Cluster) -> None:
    assert checks.running_units(single, HOST, checks.UNITS) == len(checks.UNITS)
    assert "[+]etcd ok" in single.kubectl("get", "--raw", "/readyz?verbose")


def test_guestbook(single: Cluster) -> None:
    checks.guestbook_is_shared(single, {HOST: ADDRESS}, through=HOST)


def test_names_logs_and_exec(single: Cluster) -> None:
    checks.names_are_found(single, [HOST])
    checks.logs_are_read(single, [HOST])


def test_another_machine_reaches_only_what_is_listed(single: Cluster) -> None:
    """From the controller, which is in the same network."""
    assert single.curl(f"https://{ADDRESS}:6443/readyz", "--insecure", "--fail", check=False).returncode in (0, 22)
    assert single.curl(f"https://{ADDRESS}:2379/health", "--insecure", check=False).returncode == 7


def test_second_run(single: Cluster) -> None:
    checks.nothing_changes(single, [HOST])


def test_a_reset_must_be_asked_for_by_name(single: Cluster) -> None:
    before = checks.start_times(single, [HOST])
    for wrong in ((), ("-e", "reset_confirm=another"), ("-e", "reset_confirm=k8s.allinone.dev,another")):
        run = single.playbook("playbooks/reset.yml", *wrong, check=False)
        assert run.returncode != 0
        assert f"add -e reset_confirm=all-in-one or -e reset_confirm={HOST}" in " ".join(run.output.split())
        assert not run.changed
    assert checks.start_times(single, [HOST]) == before


def test_a_reset_host_is_bare(single: Cluster, found_bare: Found) -> None:
    single.on(HOST, "echo mine > /etc/kubernetes/mine.conf")
    confirm = ("-e", "reset_confirm=all-in-one")
    predicted = single.playbook("playbooks/reset.yml", "--check", "--diff", *confirm)
    assert checks.all_ready(single, [HOST])
    reset = single.playbook("playbooks/reset.yml", *confirm)
    assert reset.actions() == predicted.actions() != []
    assert single.on(HOST, "cat /etc/kubernetes/mine.conf; rm /etc/kubernetes/mine.conf") == "mine\n"
    after = look(single)
    assert after.actions == found_bare.actions
    # dnf has its history, and packages' users and groups stay
    assert [thing for thing in after.things if thing not in found_bare.things] == []
    assert [thing for thing in found_bare.things if thing not in after.things] == []
    assert single.playbook("playbooks/reset.yml", *confirm).changed == []


def test_a_reset_host_is_installed_again(single: Cluster) -> None:
    single.playbook("playbooks/site.yml")
    assert checks.all_ready(single, [HOST])
