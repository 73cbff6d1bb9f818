# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/all-in-one: one host is everything."""

from __future__ import annotations

import base64
import collections.abc
import hashlib
import json
import os
import pathlib
import shutil
import sys
import typing as t

import pytest

from . import bareness, checks, cis_benchmark, guarded
from . import docker_versions as docker
from .driver import ROOT, Cluster, PlaybookRun, eventually, run
from .probing import probed
from .setups import bare_hosts

HOST = "k8s.allinone.dev"
ADDRESS = "192.168.200.100"
ETCDCTL = ". /etc/profile.d/etcdctl.sh; etcdctl"


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


class Saved(t.NamedTuple):
    """A backup, and the password of its archive."""

    snapshot: pathlib.Path
    password: pathlib.Path
    description: dict[str, t.Any]


class Found(t.NamedTuple):
    """What check mode would do to a host, and what is on it."""

    actions: list[tuple[str, str, str, str]]
    things: list[str]


def of_the_host(run: PlaybookRun) -> list[tuple[str, str, str, str]]:
    """The actions of a run but for the administrator's kubeconfig, which is on the controller."""
    return [action for action in run.actions() if action[1] != "kubeconfig"]


def look(cluster: Cluster) -> Found:
    actions = of_the_host(cluster.playbook("playbooks/site.yml", "--check"))
    return Found(actions, bareness.things(cluster, HOST))


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


def test_pods_are_attached_to_and_forwarded(single: Cluster) -> None:
    docker.streams_work(single, HOST)


def test_containers_outlive_a_restart_of_docker(single: Cluster) -> None:
    docker.outlive(single, [HOST], lambda: single.on(HOST, "systemctl restart docker.service containerd.service"))


def test_another_machine_reaches_only_what_is_listed(single: Cluster) -> None:
    """From the controller, which is in the same network."""
    assert single.curl(f"https://{ADDRESS}:6443/readyz", "--insecure", "--fail", check=False).returncode in (0, 22)
    assert single.curl(f"https://{ADDRESS}:2379/health", "--insecure", check=False).returncode == 7


def test_programs_are_confined_and_not_profiled(single: Cluster) -> None:
    control_plane = ("etcd", "kube-apiserver", "kube-apiserver-liveness", "kube-controller-manager", "kube-scheduler")
    exposed = checks.exposures(single, HOST, *control_plane, "kube-proxy", "flanneld")
    assert {unit: value for unit, value in exposed.items() if value > 3.0} == {}
    assert "NotFound" in single.lab("kubectl", "get", "--raw", "/debug/pprof/", check=False).stderr


def test_the_host_is_as_the_rules_of_the_cis_benchmark_say(single: Cluster) -> None:
    assert cis_benchmark.faults(single, HOST, "etcd", "master", "minion") == {}
    # Anybody may enter these directories.
    of_all = "find /etc/kubernetes /etc/etcd -type f -perm /o=r -exec grep -lE 'PRIVATE KEY|secret:|token:|password' {} +; true"
    assert single.on(HOST, of_all) == ""


def test_a_restart_takes_the_api_away_for_seconds(single: Cluster) -> None:
    """There is no other apiserver; without the grace period for watches it would be a minute."""
    with probed(single) as seen:
        single.on(HOST, "systemctl restart kube-apiserver")
        eventually(lambda: single.kubectl("get", "--raw", "/readyz") == "ok", deadline=30, wanted="the API")
    began = [record["began"] for record in seen.failed]
    assert began, "it was not restarted"
    assert max(began) - min(began) <= 6.0, seen.summary(min(began))


def test_second_run(single: Cluster) -> None:
    checks.nothing_changes(single, [HOST])


@pytest.mark.long
def test_a_run_with_a_survey_does_what_one_without_does(single: Cluster) -> None:
    checks.survey_and_roles_agree(single, HOST)


@pytest.mark.long
def test_pods_events_and_reads_of_secrets_are_guarded_while_it_is_asked_for(single: Cluster) -> None:
    """One restart of the apiserver to begin with, one to end, and none of anything else."""
    guarded.ask(single)
    guarded.converged_as_foretold(single)
    assert guarded.has_file_and_flags(single, HOST) == (True, True, True)
    assert 'violates PodSecurity "baseline:latest": privileged' in guarded.privileged_pod(single, "default")
    assert "created" in guarded.privileged_pod(single, "kube-system")
    taken, said = guarded.events(single, "kube-public", "first")
    assert guarded.BURST <= taken < 3 * guarded.BURST
    assert "(TooManyRequests)" in said
    assert "limit reached on type Namespace for key kube-public" in said
    assert guarded.events(single, "kube-public", "of-group", group="events.k8s.io") == (3 * guarded.BURST, "")
    assert guarded.is_written_down(single, HOST, "of-nobody")
    checks.nothing_changes(single, [HOST])
    guarded.take_back(single)
    guarded.converged_as_foretold(single)
    assert guarded.has_file_and_flags(single, HOST) == (False, False, False)
    assert "created" in guarded.privileged_pod(single, "default")
    assert guarded.events(single, "kube-public", "second") == (3 * guarded.BURST, "")
    assert not guarded.is_written_down(single, HOST, "of-nobody-else")


@pytest.mark.long
def test_what_the_program_compiles_to_is_kept(single: Cluster) -> None:
    """The first run has kept it, for root alone. Looks do not touch it, whatever it holds; the next change mends it."""
    kept = "/var/lib/barehost/program"
    state = f"stat --format '%U %a %h %i %Y' {kept}; ls -A /var/lib/barehost"
    found = single.on(HOST, state)
    assert found.startswith("root 600 1 ")
    checks.nothing_changes(single, [HOST])
    assert single.playbook("playbooks/site.yml", "--check").actions() == []
    assert single.on(HOST, state) == found
    single.on(HOST, f"truncate --size=1000 {kept}")
    checks.nothing_changes(single, [HOST])
    assert single.on(HOST, f"stat --format %s {kept}").strip() == "1000"
    single.on(HOST, "chmod 0700 /usr/local/libexec/barehost/stamp")
    single.playbook("playbooks/site.yml")
    assert int(single.on(HOST, f"stat --format %s {kept}")) > 100_000
    single.on(HOST, f"mv {kept} /root/program; ln -s /root/program {kept}")
    checks.nothing_changes(single, [HOST])
    single.on(HOST, "rm /root/program")


@pytest.fixture(scope="module")
def saved(single: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """A backup of the cluster with one object that the test knows, its PKI in an archive."""
    folder = tmp_path_factory.mktemp("all-in-one") / "backups"
    password = folder.with_name("password")
    password.write_text("for a test\n", encoding="utf-8")
    single.kubectl("create", "configmap", "before", "--from-literal=text=first")
    single.kubectl("create", "secret", "generic", "before", "--from-literal=text=hidden")
    options = ("-e", f"backup_directory={folder}", "-e", '{"backup_pki": true}', "-e", "backup_schedule=daily")
    refused = single.playbook("playbooks/backup.yml", *options, check=False)
    assert refused.returncode != 0
    assert "no vault password to encrypt it with" in " ".join(refused.output.split())
    assert not folder.exists()
    options = (*options, "--vault-password-file", str(password))
    predicted = single.playbook("playbooks/backup.yml", "--check", "--diff", *options)
    assert not folder.exists()
    run = single.playbook("playbooks/backup.yml", *options)
    assert run.actions() == predicted.actions() != []
    (snapshot,) = folder.glob("*.snapshot")
    return Saved(snapshot, password, json.loads(snapshot.with_suffix(".json").read_text(encoding="utf-8")))


def test_a_backup_is_private_and_described(single: Cluster, saved: Saved) -> None:
    folder = saved.snapshot.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".snapshot", ".vault"]
    told = saved.description
    assert (told["cluster"], told["versions"]) == ("all-in-one", {"kubernetes": "1.37.1", "etcd": "3.7.2"})
    assert told["sha256"] == hashlib.sha256(saved.snapshot.read_bytes()).hexdigest()
    entries = json.loads(single.on(HOST, f"{ETCDCTL} get '' --prefix --rev={told['revision']} -w json"))["kvs"]
    assert told["keys"] == len([entry for entry in entries if "lease" not in entry])
    assert single.on(HOST, "ls /var/lib/barehost/backup 2>/dev/null; true") == ""


def test_a_host_takes_snapshots_by_itself(single: Cluster, saved: Saved) -> None:
    assert "etcd-snapshot.timer" in single.on(HOST, "systemctl list-timers --no-pager")
    single.on(HOST, "systemctl start etcd-snapshot.service")
    assert single.on(HOST, "stat -c %a /var/lib/etcd-snapshots /var/lib/etcd-snapshots/*").split() == ["700", "600", "600"]
    told = json.loads(single.on(HOST, "cat /var/lib/etcd-snapshots/*.json"))
    assert (told["cluster"], told["authority"]) == ("all-in-one", saved.description["authority"])
    single.playbook("playbooks/backup.yml", "-e", f"backup_directory={saved.snapshot.parent}/other")
    assert "etcd-snapshot.timer" not in single.on(HOST, "systemctl list-timers --no-pager")
    single.on(HOST, "rm -r /var/lib/etcd-snapshots/*")


def test_what_is_damaged_or_foreign_is_not_restored(single: Cluster, saved: Saved, tmp_path: pathlib.Path) -> None:
    before = checks.start_times(single, [HOST])
    content = saved.snapshot.read_bytes()
    damaged = content[:5000] + bytes([content[5000] ^ 1]) + content[5001:]
    for told, bytes_there, message in (
        (saved.description, damaged, "it is damaged"),
        ({**saved.description, "cluster": "another"}, content, "it is of the cluster another"),
        ({**saved.description, "versions": {"kubernetes": "1.37.1", "etcd": "3.9.0"}}, content, "made by etcd 3.9.0, newer than 3.7.2"),
        ({**saved.description, "hash": "0"}, content, "not the one that its description tells of"),
    ):
        (tmp_path / "x.snapshot").write_bytes(bytes_there)
        (tmp_path / "x.json").write_text(json.dumps(told), encoding="utf-8")
        run = single.playbook("playbooks/restore.yml", "-e", f"restore_snapshot={tmp_path}/x.snapshot", check=False)
        assert run.returncode != 0
        assert message in " ".join(run.output.split())
    assert checks.start_times(single, [HOST]) == before
    assert single.on(HOST, "ls /var/lib/etcd").split() == ["member"]


def restore(cluster: Cluster, saved: Saved) -> PlaybookRun:
    option = ("-e", f"restore_snapshot={saved.snapshot}")
    predicted = cluster.playbook("playbooks/restore.yml", "--check", "--diff", *option)
    run = cluster.playbook("playbooks/restore.yml", *option)
    assert run.actions() == predicted.actions() != []
    assert run.seconds < 180
    return run


def is_as_saved(cluster: Cluster) -> None:
    """What was there at the backup and no more; controllers and kubelets act upon it."""
    names = cluster.kubectl("get", "configmaps", "-o", "name").split()
    assert ("configmap/before" in names, "configmap/after" in names) == (True, False)
    assert cluster.kubectl("get", "configmap", "before", "-o", "jsonpath={.data.text}") == "first"
    assert cluster.kubectl("get", "secret", "before", "-o", "jsonpath={.data.text}") == base64.b64encode(b"hidden").decode()
    cluster.kubectl("-n", "guestbook", "rollout", "status", "deployment/frontend", "--timeout=90s")
    eventually(lambda: checks.all_ready(cluster, [HOST]), deadline=60, wanted="the node is ready")
    cluster.kubectl("-n", "guestbook", "rollout", "restart", "deployment/redis-replica")
    cluster.kubectl("-n", "guestbook", "rollout", "status", "deployment/redis-replica", "--timeout=90s")
    # what the API says of pods may still be from the backup
    eventually(lambda: checks.guestbook_is_shared(cluster, {HOST: ADDRESS}, through=HOST) or True, deadline=90, wanted="the guestbook")


def test_the_cluster_is_restored(single: Cluster, saved: Saved) -> None:
    single.kubectl("create", "configmap", "after", "--from-literal=text=second")
    single.kubectl("delete", "configmap/before", "secret/before")
    single.kubectl("-n", "guestbook", "delete", "deployment", "frontend")
    restore(single, saved)
    is_as_saved(single)
    aside = [name for name in single.on(HOST, "ls /var/lib/etcd").split() if name != "member"]
    assert [name.rpartition("-")[0] for name in aside] == ["member.before-restore"]
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


def test_a_new_host_is_restored(single: Cluster, saved: Saved) -> None:
    """Nothing is left of the cluster but the backup: neither the host, which is bare, nor the PKI on the controller."""
    pki = single.inventory / "pki"
    shutil.rmtree(pki)
    pki.mkdir(mode=0o700)
    archive = saved.snapshot.with_suffix(".pki.vault")
    unpack = f"ansible-vault decrypt --vault-password-file {saved.password} --output - {archive} | tar -x -C {pki}"
    run("sh", "-c", unpack, env={**os.environ, "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"})
    single.playbook("playbooks/site.yml")
    assert "configmap/before" not in single.kubectl("get", "configmaps", "-o", "name")
    restore(single, saved)
    is_as_saved(single)
