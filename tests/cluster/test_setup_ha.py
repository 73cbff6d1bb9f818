# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/ha: three masters, three etcd members, two balancers with a virtual address; and what happens when one is lost."""

from __future__ import annotations

import collections.abc
import itertools
import json
import pathlib
import time
import typing as t

import pytest

from . import bareness, checks, failing, open_ports
from .driver import ROOT, Cluster, PlaybookRun, eventually
from .probing import NAMESPACE, Seen, probed
from .setups import bare_hosts

MASTERS = {f"k8s.master{number}.dev": f"192.168.200.10{number}" for number in (1, 2, 3)}
BALANCERS = {f"k8s.balancer{number}.dev": f"192.168.200.11{number}" for number in (1, 2)}
MINIONS = {f"k8s.minion{number}.dev": f"192.168.200.12{number}" for number in (1, 2)}
NODES = {**MASTERS, **MINIONS}
VIRTUAL = "192.168.200.100"
SITE = "playbooks/site.yml"
# What the API may be away for when a balancer or a master is lost.
BOUND = 5.0
FLAG = {"max-requests-inflight": 401}
NGINX = ("-e", "balancer_proxy=nginx")


@pytest.fixture(scope="module")
def bare(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    with bare_hosts(ROOT / "inventories" / "ha", session=request.session, artefacts=artefacts) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def found_bare(bare: Cluster) -> dict[str, list[str]]:
    """What is on the balancers before any playbook."""
    return {host: bareness.things(bare, host) for host in BALANCERS}


@pytest.fixture(scope="module")
def runs(bare: Cluster, found_bare: dict[str, list[str]]) -> dict[str, PlaybookRun]:
    """Check mode of bare hosts, and the run after it."""
    return {"check": bare.playbook(SITE, "--check", "--diff"), "real": bare.playbook(SITE)}


@pytest.fixture(scope="module")
def ha(bare: Cluster, runs: dict[str, PlaybookRun]) -> Cluster:
    """The installed cluster with the guestbook."""
    assert not runs["real"].failures
    bare.playbook("playbooks/guestbook.yml")
    checks.start_probes(bare, NODES)
    return bare


def holders(cluster: Cluster, hosts: collections.abc.Iterable[str] = BALANCERS) -> list[str]:
    """The balancers that have the virtual address."""
    return [host for host in hosts if f"inet {VIRTUAL}/" in cluster.on(host, "ip -4 -o address show")]


def test_check_mode_foretells_the_first_run(runs: dict[str, PlaybookRun]) -> None:
    assert runs["check"].actions_by_task() == runs["real"].actions_by_task()


def test_nodes_and_members(ha: Cluster) -> None:
    assert checks.all_ready(ha, NODES)
    assert [failing.healthy_members(ha, host) for host in MASTERS] == [3, 3, 3]
    assert ha.on("k8s.balancer1.dev", "command -v dockerd kubelet etcd; true") == ""


def test_one_balancer_has_the_address_and_all_use_it(ha: Cluster) -> None:
    assert len(holders(ha)) == 1
    for host in NODES:
        assert f"server: https://{VIRTUAL}:6443" in ha.on(host, "cat /etc/kubernetes/kubelet.kubeconfig")
    presented = ha.lab(
        "run", "sh", "-c", f"openssl s_client -connect {VIRTUAL}:6443 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName"
    )
    assert VIRTUAL in presented.stdout


def test_what_the_balancers_let_in(ha: Cluster) -> None:
    for host, address in BALANCERS.items():
        assert "vrrp" in ha.on(host, "firewall-cmd --info-service=barehost-vrrp")
        entries = ha.on(host, "firewall-cmd --info-ipset=barehost-vrrp")
        assert all(other in entries for other in BALANCERS.values())
        assert ha.curl(f"http://{address}:8404/", check=False).returncode == 7, "there is a statistics page"


def test_open_ports_are_those_of_the_matrix(ha: Cluster) -> None:
    open_ports.are_the_matrix(ha, open_ports.matrix(ha), probed=["k8s.minion1.dev"])


@pytest.mark.long
def test_no_other_port_answers(ha: Cluster) -> None:
    open_ports.no_others_answer(ha)


@pytest.mark.long
def test_only_those_who_are_named_reach_the_api(ha: Cluster) -> None:
    """Not the machine of the administrator, which is not named; the cluster goes on."""
    options = ("-e", json.dumps({"cluster_api_sources": ["192.168.200.200", "10.7.0.0/16"]}))
    wanted = open_ports.matrix(ha, *options)
    ha.playbook("playbooks/site.yml", "--tags", "firewall", *options)
    try:
        open_ports.are_the_matrix(ha, wanted, probed=["k8s.minion1.dev"])
        assert 6443 not in wanted.lets_in("k8s.balancer1.dev", source="")["tcp"]
        assert not ha.playbook("playbooks/site.yml", *options).changed
        ha.playbook("playbooks/health.yml", *options)
    finally:
        ha.playbook("playbooks/site.yml", "--tags", "firewall")
    assert checks.all_ready(ha, NODES)


def test_haproxy_is_confined(ha: Cluster) -> None:
    assert {host: checks.exposures(ha, host, "haproxy")["haproxy"] <= 3.0 for host in BALANCERS} == dict.fromkeys(BALANCERS, True)


def test_the_password_is_private(ha: Cluster) -> None:
    found = {ha.on(host, "stat -c %a /etc/keepalived/authentication.conf; cat /etc/keepalived/authentication.conf") for host in BALANCERS}
    assert len(found) == 1
    mode, *_rest, password, _end = found.pop().split()
    assert mode == "600"
    assert len(password) == 8
    assert not [log for log in ha.artefacts.glob("*.log") if password in log.read_text(encoding="utf-8")]


def test_guestbook_names_logs_and_exec(ha: Cluster) -> None:
    checks.guestbook_is_shared(ha, NODES, through="k8s.minion1.dev")
    checks.names_are_found(ha, NODES)
    checks.logs_are_read(ha, NODES)


def test_second_run(ha: Cluster) -> None:
    checks.nothing_changes(ha, [*NODES, *BALANCERS])
    again = ha.playbook("playbooks/site.yml")
    assert [result["task"] for result in again.results if result["host"] in BALANCERS and "Converge" in result["task"]] == []


@pytest.mark.long
def test_a_run_with_a_survey_does_what_one_without_does(ha: Cluster) -> None:
    checks.survey_and_roles_agree(ha, next(iter(NODES)))


@pytest.mark.long
def test_a_statistics_page_comes_and_goes_by_a_reload(ha: Cluster) -> None:
    [active] = holders(ha)
    one = ("--limit", active, "--tags", "balancer")
    page = "curl -sS --max-time 5 http://127.0.0.1:8404/"
    before = ha.on(active, "systemctl show -p InvocationID haproxy keepalived")
    with probed(ha) as seen:
        opened = ha.playbook(SITE, *one, "-e", "balancer_statistics_port=8404")
        assert [action[1:] for action in opened.actions()] == [
            ("file", "write", "/etc/haproxy/haproxy.cfg"),
            ("unit", "reload", "haproxy.service"),
        ]
        assert "k8s.master3.dev" in ha.on(active, page)
        assert ha.curl(f"http://{BALANCERS[active]}:8404/", check=False).returncode == 7, "it is open to others"
        ha.playbook(SITE, *one)
        assert ha.lab("exec", active, "sh", "-c", page, check=False).returncode == 7
    assert seen.failed == [], seen.summary()
    assert ha.on(active, "systemctl show -p InvocationID haproxy keepalived") == before


def flags(values: dict[str, object]) -> str:
    return json.dumps({"master_apiserver_arguments": values})


ROLLED_OUT = ("-e", flags(FLAG))


def down_times(cluster: Cluster) -> list[tuple[int, int]]:
    """When each apiserver was last away: the hosts of a lab have one clock."""
    show = "systemctl show kube-apiserver --value -p ActiveExitTimestampMonotonic -p ActiveEnterTimestampMonotonic"
    times = [sorted(int(word) for word in cluster.on(host, show).split()) for host in MASTERS]
    return sorted((left, back) for left, back in times)


class RollOut(t.NamedTuple):
    """What a changed flag of the apiservers did, and what the API's users noticed of it."""

    run: PlaybookRun
    seen: Seen


@pytest.fixture(scope="module")
def rolled_out(ha: Cluster) -> RollOut:
    """From here on the apiservers have the flag: who runs site.yml for them and asks for this fixture gives ROLLED_OUT."""
    with probed(ha) as seen:
        run = ha.playbook(SITE, *ROLLED_OUT)
    return RollOut(run, seen)


def test_a_changed_flag_is_rolled_out_and_nobody_notices(ha: Cluster, rolled_out: RollOut) -> None:
    changed, seen = rolled_out
    assert {action[:4] for action in changed.actions() if action[2] == "restart"} == {
        (host, "unit", "restart", "kube-apiserver.service") for host in MASTERS
    }
    assert len(seen.reads) > 100
    assert seen.failed == [], seen.summary()
    away = down_times(ha)
    assert all(back <= left for (_, back), (left, _) in itertools.pairwise(away)), f"two were away at once: {away}"
    for host in MASTERS:
        assert "--max-requests-inflight=401" in ha.on(
            host, "tr '\\0' '\\n' < /proc/$(systemctl show -p MainPID --value kube-apiserver)/cmdline"
        )


def test_a_broken_flag_stops_at_the_first_and_is_taken_back(ha: Cluster, rolled_out: RollOut) -> None:
    with probed(ha) as seen:
        broken = ha.playbook(SITE, "-e", flags({**FLAG, "event-ttl": "never"}), check=False)
    assert broken.returncode != 0
    messages = {failure["host"]: failure["msg"] for failure in broken.failures}
    assert set(messages) == set(MASTERS)
    assert sum("was put back and runs again" in message for message in messages.values()) == 1, messages
    assert sum("was not touched on this host" in message for message in messages.values()) == 2, messages
    assert seen.failed == [], seen.summary()
    assert [failing.apiserver_is_ready(ha, host) for host in MASTERS] == [True] * 3
    for host in MASTERS:
        settings = ha.on(host, "cat /etc/kubernetes/apiserver")
        assert "--max-requests-inflight=401" in settings
        assert "event-ttl" not in settings


@pytest.mark.long
def test_a_load_balancer_that_leads_nowhere_is_not_used(ha: Cluster) -> None:
    """Somebody's own one (`external`), which every node tries before it uses it."""
    host = "k8s.minion2.dev"
    external = ("-e", "cluster_api_endpoint_mode=external", "--limit", host, "--tags", "minion")
    before = ha.on(host, "systemctl show -p InvocationID kubelet kube-proxy")
    wrong = ha.playbook(SITE, *external, "-e", "cluster_api_endpoint_host=192.168.200.1", check=False)
    [message] = [failure["msg"] for failure in wrong.failures]
    assert "does not reach an apiserver through the load balancer https://192.168.200.1:6443" in message
    assert all(address in message for address in MASTERS.values())
    assert ha.on(host, "systemctl show -p InvocationID kubelet kube-proxy") == before
    right = ha.playbook(SITE, *external, "-e", f"cluster_api_endpoint_host={VIRTUAL}")
    written = [path for _host, kind, _action, path in right.actions() if kind == "file"]
    assert written == [f"/etc/kubernetes/{name}.kubeconfig" for name in ("kubelet", "proxy")]


def test_the_active_balancer_loses_power(ha: Cluster) -> None:
    [active] = holders(ha)
    [other] = set(BALANCERS) - {active}
    with probed(ha) as seen:
        event = time.time()
        ha.lab("stop", active)
        eventually(lambda: holders(ha, [other]), deadline=20, wanted="the address on the other balancer")
        time.sleep(BOUND)
    assert seen.errors_end(event) <= BOUND, seen.summary(event)
    assert seen.writes_after(event + BOUND)
    with probed(ha) as seen:
        ha.lab("start", active)
        eventually(lambda: ha.on(active, "systemctl is-active keepalived").strip() == "active", deadline=30, wanted="keepalived")
        time.sleep(BOUND)
        assert holders(ha) == [other], "who comes back takes the address away"
    assert seen.failed == [], seen.summary()


def test_the_master_that_leads_everything_loses_power(ha: Cluster) -> None:
    victim = failing.lease_holder(ha, "kube-controller-manager")
    failing.give_leadership(ha, victim, hosts=MASTERS)
    survivor = next(host for host in MASTERS if host != victim)
    with probed(ha) as seen:
        event = time.time()
        ha.lab("stop", victim)
        eventually(lambda: failing.etcd_leader(ha, MASTERS, ask=survivor) != victim, deadline=30, wanted="another leader of etcd")
        failing.leadership_moves(ha, away_from=victim)
    assert seen.errors_end(event) <= BOUND, seen.summary(event)
    assert seen.writes_after(event + BOUND)
    ha.lab("start", victim)
    failing.is_whole(ha, MASTERS, NODES)
    failing.nothing_is_lost(ha, seen.acknowledged, namespace=NAMESPACE)


def test_a_master_that_nobody_hears(ha: Cluster) -> None:
    """The leader of etcd, cut off from every other host: a minority that must not answer for the cluster."""
    survivor = "k8s.master1.dev"
    victim = failing.etcd_leader(ha, MASTERS, ask=survivor)
    survivor = next(host for host in MASTERS if host != victim)
    put = f"{failing.ETCDCTL} put --command-timeout=5s minority lost"
    get = f"{failing.ETCDCTL} get --command-timeout=5s minority"
    try:
        with probed(ha) as seen:
            event = time.time()
            failing.isolate(ha, victim)
            cut = time.time()
            eventually(lambda: failing.etcd_leader(ha, MASTERS, ask=survivor) != victim, deadline=30, wanted="another leader of etcd")
            ha.on(survivor, f"{failing.ETCDCTL} put minority kept")
            assert ha.lab("exec", victim, "sh", "-c", put, check=False).returncode != 0
            assert ha.lab("exec", victim, "sh", "-c", get, check=False).returncode != 0
            asked = ha.lab("exec", victim, "sh", "-c", "kubectl create namespace minority --request-timeout=5s", check=False)
            assert asked.returncode != 0
            assert not failing.apiserver_is_ready(ha, victim)
    finally:
        ha.lab("heal")
    assert seen.errors_end(cut) <= BOUND, seen.summary(event)
    assert seen.writes_after(cut + BOUND)
    failing.is_whole(ha, MASTERS, NODES)
    for host in MASTERS:
        assert ha.on(host, f"{failing.ETCDCTL} get minority --print-value-only").strip() == "kept"
    assert ha.kubectl("get", "namespace", "minority", "--ignore-not-found") == ""
    failing.nothing_is_lost(ha, seen.acknowledged, namespace=NAMESPACE)


def listed(cluster: Cluster) -> list[str]:
    """The apiservers that Nginx uses, where both balancers have the same."""
    [lines] = {cluster.on(host, "grep -o '[0-9.]*:6443' /run/nginx-apiservers/ready.conf; true") for host in BALANCERS}
    return [line.partition(":")[0] for line in lines.split()]


@pytest.mark.long
def test_nginx_instead_of_haproxy(ha: Cluster, rolled_out: RollOut) -> None:
    """From here on the cluster has Nginx. Every apiserver is away once: for one of them a run is made meanwhile."""
    nginx = (*NGINX, "--limit", "balancer", "--tags", "balancer")
    ha.playbook(SITE, *nginx)
    units = "systemctl is-active nginx check-apiservers haproxy keepalived; true"
    for host in BALANCERS:
        assert ha.on(host, units).split() == ["active", "active", "inactive", "active"]
    eventually(lambda: len(holders(ha)) == 1, deadline=60, wanted="the address on one balancer")
    eventually(lambda: listed(ha) == [*MASTERS.values()], deadline=60, wanted="all apiservers listed")
    first, *others = MASTERS
    with probed(ha) as seen:
        ha.on(first, "systemctl stop kube-apiserver")
        eventually(lambda: listed(ha) == [MASTERS[host] for host in others], deadline=20, wanted="the others listed")
        assert ha.playbook(SITE, *nginx).actions() == []
        ha.on(first, "systemctl start kube-apiserver")
        for back, host in itertools.pairwise(MASTERS):
            eventually(lambda back=back: failing.apiserver_is_ready(ha, back), deadline=90, wanted=f"a ready apiserver on {back}")
            ha.on(host, "systemctl restart kube-apiserver")
        failing.is_whole(ha, MASTERS, NODES)
    assert seen.failed == [], seen.summary()
    for host in BALANCERS:
        assert max(checks.exposures(ha, host, "nginx", "check-apiservers").values()) <= 3.0
        journal = ha.on(host, "journalctl --no-pager -o cat -u check-apiservers")
        assert all(f"{address}:6443 is not ready\n" in journal for address in MASTERS.values()), journal
    eventually(lambda: listed(ha) == [*MASTERS.values()], deadline=60, wanted="all apiservers listed again")


@pytest.mark.long
def test_nginx_may_open_as_many_files_as_it_needs(ha: Cluster) -> None:
    """By its unit: nginx.conf has no limit, which SELinux would deny. A connection takes two files."""
    for host in BALANCERS:
        limits = ha.on(host, "for worker in $(pgrep -P $(cat /run/nginx.pid)); do grep 'open files' /proc/$worker/limits; done")
        assert {tuple(line.split()[3:5]) for line in limits.splitlines()} == {("17000", "17000")}
        assert "rlimit" not in ha.on(host, "cat /etc/nginx/nginx.conf")


@pytest.mark.long
def test_the_whole_cluster_is_restored(ha: Cluster, rolled_out: RollOut, tmp_path: pathlib.Path) -> None:
    ha.kubectl("create", "configmap", "before", "--from-literal=text=first")
    ha.playbook("playbooks/backup.yml", "-e", f"backup_directory={tmp_path}/backups")
    (snapshot,) = (tmp_path / "backups").glob("*.snapshot")
    ha.kubectl("create", "configmap", "after", "--from-literal=text=second")
    ha.kubectl("delete", "configmap", "before")
    ha.kubectl("-n", "guestbook", "delete", "deployment", "frontend")
    option = ("-e", f"restore_snapshot={snapshot}")
    predicted = ha.playbook("playbooks/restore.yml", "--check", "--diff", *option)
    done = ha.playbook("playbooks/restore.yml", *option)
    assert done.actions() == predicted.actions() != []
    assert {action[0] for action in done.actions()} == set(MASTERS)
    assert done.seconds < 180
    failing.is_whole(ha, MASTERS, NODES)
    for host in MASTERS:
        names = ha.on(host, "kubectl get configmaps -o name").split()
        assert ("configmap/before" in names, "configmap/after" in names) == (True, False)
    ha.kubectl("-n", "guestbook", "rollout", "status", "deployment/frontend", "--timeout=90s")
    # what the API says of pods may still be from the backup
    eventually(lambda: checks.guestbook_is_shared(ha, NODES, through="k8s.minion1.dev") or True, deadline=90, wanted="the guestbook")
    checks.nothing_changes(ha, [*NODES, *BALANCERS], *NGINX, *ROLLED_OUT)


@pytest.mark.long
def test_reset_balancers_are_bare_and_come_back(
    ha: Cluster, rolled_out: RollOut, runs: dict[str, PlaybookRun], found_bare: dict[str, list[str]]
) -> None:
    """Nobody else is touched, neither then nor by the run that installs them again; they had both proxies."""
    before = checks.start_times(ha, NODES)
    options = ("--limit", "balancer", "-e", f"reset_confirm={','.join(BALANCERS)}")
    predicted = ha.playbook("playbooks/reset.yml", "--check", "--diff", *options)
    reset = ha.playbook("playbooks/reset.yml", *options)
    assert reset.actions() == predicted.actions() != []
    for host in BALANCERS:
        after = bareness.things(ha, host)
        assert [thing for thing in after if thing not in found_bare[host]] == []
        assert [thing for thing in found_bare[host] if thing not in after] == []
    again = ha.playbook(SITE, *ROLLED_OUT)
    assert again.actions() == [action for action in runs["real"].actions() if action[0] in BALANCERS]
    eventually(lambda: len(holders(ha)) == 1, deadline=60, wanted="the address on one balancer")
    failing.is_whole(ha, MASTERS, NODES)
    assert checks.start_times(ha, NODES) == before
