# SPDX-License-Identifier: GPL-3.0-or-later
"""A converged cluster that was saved: it comes back as after a reboot of all its hosts, and nothing of it has to be changed."""

from __future__ import annotations

import collections.abc
import json
import pathlib
import re
import shutil

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import host_answer, host_program
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import release_names

from . import checks, encrypted, expired, listed_certificates, old_authorities, people, restarting, rotation, secrets, upgraded_kubelet
from .driver import Cluster, eventually
from .killed_runs import killed_run
from .probing import probed_in_pod
from .setups import converged_hosts

HOST = "k8s.allinone.dev"
ADDRESS = "192.168.200.100"


@pytest.fixture(scope="module")
def single(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "saved"
    folder.mkdir()
    with converged_hosts("all-in-one", session=request.session, artefacts=folder) as cluster:
        yield cluster


def guestbook_works(cluster: Cluster) -> None:
    eventually(lambda: checks.guestbook_is_shared(cluster, {HOST: ADDRESS}, through=HOST) or True, deadline=90, wanted="the guestbook")


def test_the_cluster_is_there(single: Cluster) -> None:
    eventually(lambda: checks.all_ready(single, [HOST]), deadline=60, wanted="the node is ready")
    guestbook_works(single)


def test_site_has_nothing_to_change(single: Cluster) -> None:
    checks.nothing_changes(single, [HOST])


@pytest.mark.parametrize(
    ("versions", "options", "told"),
    [
        (
            ("cluster_kubernetes_version=1.36.3",),
            (),
            "kube-apiserver 1.37.1, and cluster_kubernetes_version is 1.36.3: Kubernetes does not",
        ),
        (("cluster_kubernetes_version=1.36.3",), ("--check", "--tags", "minion"), "k8s.allinone.dev has kubelet 1.37.1, and cluster_kube"),
        (("cluster_etcd_version=3.6.14",), ("-e", "site_survey=false"), "lead etcd back by playbooks/downgrade-etcd.yml"),
    ],
    ids=["with a survey", "check mode of some tags", "without a survey"],
)
def test_versions_that_it_cannot_go_to_are_refused(single: Cluster, versions: tuple[str, ...], options: tuple[str, ...], told: str) -> None:
    before = checks.start_times(single, [HOST])
    run = single.playbook("playbooks/site.yml", *(word for version in versions for word in ("-e", version)), *options, check=False)
    assert run.returncode == 2
    assert "Nothing was changed on any host" in (output := " ".join(run.output.split()))
    assert told in output
    assert run.actions() == []
    assert checks.start_times(single, [HOST]) == before


def test_an_upgrade_goes_on_from_what_runs(single: Cluster) -> None:
    upgraded_kubelet.goes_on(single, HOST)


def test_the_plan_of_a_restart_is_shown(single: Cluster) -> None:
    run = single.playbook("playbooks/restart-nodes.yml", "-e", "restart_reboot=always", "--check")
    assert (run.changed, f"1. {HOST}" in run.output) == ([], True)


def test_an_argument_that_the_release_does_not_have_is_refused(single: Cluster) -> None:
    """Gate and flag are some that 1.36 had, and that an inventory has still when it asks for 1.37. The programs refuse both, too."""
    before = checks.start_times(single, [HOST])
    given = {
        "master_apiserver_arguments": {"feature-gates": "JobSuccessPolicy=true"},
        "minion_kubelet_arguments": {"event-storage-age-limit": "default=0"},
    }
    run = single.playbook("playbooks/site.yml", "--check", "-e", json.dumps(given), check=False)
    assert run.returncode == 2
    assert "No host was touched" in (output := " ".join(run.output.split()))
    assert "has the feature gate JobSuccessPolicy, which kube-apiserver 1.37 does not have: it was removed between 1.36 and 1.37" in output
    assert "has --event-storage-age-limit, which kubelet 1.37 does not have: it was removed between 1.36 and 1.37" in output
    assert run.actions() == []
    assert checks.start_times(single, [HOST]) == before
    told = single.on(HOST, "(kube-apiserver --feature-gates=JobSuccessPolicy=true; kubelet --event-storage-age-limit=default=0) 2>&1; :")
    assert "unrecognized feature gate: JobSuccessPolicy" in told
    assert "unknown flag: --event-storage-age-limit" in told


def test_builds_that_are_not_upstreams_are_refused_before_they_are_used(single: Cluster) -> None:
    checks.other_builds_are_refused(single, HOST)


def test_what_clients_have_asked_for_is_read(single: Cluster) -> None:
    """What the program on a master says of its apiserver, when it is asked for a release after this one."""
    single.kubectl("get", "--raw", "/api/v1/namespaces/default/endpoints")
    question = {"minor": 99, "versions": ["policy/v1", "discovery.k8s.io/v1"], "of": [HOST]}
    files = {key: access.OPTIONS[key]["default"] for key in ("ca", "cert", "key")}
    api = {"servers": {HOST: f"https://{ADDRESS}:6443"}, "access": files, "removed": question}
    payload = {"programs": {}, "packages": {}, "etcd": None, "api": api, "drop_ins": "/etc/kubernetes/kubelet.conf.d"}
    program = host_program.text(module="_upgrade.versions", step="collect", payload=payload)
    found = host_answer.read(single.lab("exec", HOST, "/usr/bin/python3", "-", input=program).stdout)
    assert found is not None and "failed" not in found, found
    assert found["result"]["machine"]["takes_cgroup_1"], "what the lab's hosts say in a drop-in of theirs"
    removed = found["result"]["api"]["removed"]
    asked = {"group": "", "version": "v1", "resource": "endpoints", "subresource": "", "removed_release": ""}
    assert asked in removed["requested"][HOST]
    # Of those objects that no other version would serve; endpoint slices are always there, the budgets are the guestbook's.
    counts = {entry["resource"]: entry["count"] for entry in removed["stored"]}
    assert counts == {"endpointslices": counts["endpointslices"], "poddisruptionbudgets": 2}
    assert counts["endpointslices"] >= 2
    logged = single.on(HOST, """grep '"resource":"endpoints"' /var/log/kubernetes/audit.log | tail -1""")
    assert '"k8s.io/deprecated":"true"' in logged


@pytest.mark.parametrize(("program", "place"), [("kube-apiserver", ""), ("kubelet", f"/api/v1/nodes/{HOST}/proxy")])
def test_the_table_of_the_release_is_what_running_programs_say(single: Cluster, program: str, place: str) -> None:
    """Flags and feature gates, also those that --help does not show: neither one more nor one less."""
    minor = ".".join(single.kubectl_json("version")["serverVersion"]["gitVersion"].removeprefix("v").split(".")[:2])
    flags, metrics = (single.kubectl("get", "--raw", f"{place}/{page}") for page in ("flagz", "metrics"))
    told = set(re.findall(r"^([a-z][a-z0-9-]*)[:= ](?!flagz)", flags, re.MULTILINE)) - {"help", "version"}
    gates = set(re.findall(r'^kubernetes_feature_enabled\{name="(\w+)"', metrics, re.MULTILINE))
    assert told == {name for name, minors in release_names.names(f"flags of {program}").items() if minor in minors}
    assert gates == {name for name, minors in release_names.names("gates of Kubernetes").items() if minor in minors}


def test_certificates_are_listed(single: Cluster, tmp_path: pathlib.Path) -> None:
    done, found = listed_certificates.listed(single, tmp_path)
    assert done.returncode == 0, done.output
    assert found["counts"] == {"ok": len(found["entries"])}
    listed_certificates.ends_as_openssl_says(single, HOST, found)
    listed_certificates.tells_no_secret(single, HOST, done)


def test_certificates_are_listed_without_the_api(single: Cluster, tmp_path: pathlib.Path) -> None:
    """While the API is down, a certificate has ended, and more is not as described; then the next run mends what the list tells."""
    listed_certificates.spoil(single, HOST)
    before = listed_certificates.state_of_files(single, HOST)
    done, found = listed_certificates.listed(single, tmp_path)
    assert done.returncode == 2
    assert listed_certificates.state_of_files(single, HOST) == before
    listed_certificates.tells_what_is_spoilt(HOST, done, found)
    again, same = listed_certificates.listed(single, tmp_path, "--check")
    assert (again.returncode, same["entries"]) == (2, found["entries"])
    single.playbook("playbooks/site.yml")
    mended, well = listed_certificates.listed(single, tmp_path)
    assert (mended.returncode, [entry["path"] for entry in well["entries"] if entry["state"] != "ok"]) == (0, [listed_certificates.FOREIGN])
    single.on(HOST, f"rm {listed_certificates.FOREIGN}")


def test_people_get_in_and_may_do_what_they_were_given(single: Cluster, tmp_path: pathlib.Path) -> None:
    alice, admin, rescue = (tmp_path / f"{name}.kubeconfig" for name in ("alice", "admin", "rescue"))
    single.kubectl("create", "namespace", "demo")
    run = people.issue(single, alice, "alice", "-e", "kubeconfig_groups=developers", "-e", "kubeconfig_namespace=demo")
    assert alice.stat().st_mode & 0o777 == 0o600
    assert people.named(single, alice) == ("alice", {"developers", "system:authenticated"})
    assert not people.may(single, alice, "list", "pods")
    view, edit = people.told_to_type(run)
    single.kubectl(*view)
    eventually(lambda: people.may(single, alice, "list", "pods"), deadline=20, wanted="the binding has an effect")
    single.kubectl(f"--kubeconfig={alice}", "get", "pods")
    for refused in ("get secrets", "create pods", "list nodes", "list pods --namespace=default", "list pods --all-namespaces"):
        assert not people.may(single, alice, *refused.split()), refused
    single.kubectl(*edit)
    eventually(lambda: people.may(single, alice, "create", "pods"), deadline=20, wanted="the binding of the group has an effect")
    people.issue(single, admin, "bob", "-e", "kubeconfig_groups=barehost:administrators")
    assert people.may(single, admin, "*", "*", "--all-namespaces")
    people.issue(single, rescue, "bob", "-e", "kubeconfig_emergency=true")
    assert people.named(single, rescue)[1] == {"system:masters", "system:authenticated"}
    done, found = listed_certificates.listed(single, tmp_path)
    assert done.returncode == 0, done.output
    given = {entry["subject"]: entry["days_left"] for entry in found["entries"] if entry["kind"] == "person"}
    assert given == {"O=developers, CN=alice": 29, "O=barehost:administrators, CN=bob": 29, "O=system:masters, CN=bob": 0}
    single.kubectl("delete", "namespace", "demo", "--wait=false")


@pytest.mark.long
def test_the_keys_of_authorities_are_kept_elsewhere(single: Cluster, tmp_path: pathlib.Path) -> None:
    """What has nothing to sign works; what has fails before anything is changed; and the API signs for people."""
    bob = tmp_path / "bob.kubeconfig"
    renew = ("playbooks/renew-certificates.yml", "-e", "renew=kubelet,member,front-proxy-client")
    people.let_the_api_sign(single, HOST)
    with people.keys_elsewhere(single, tmp_path) as keys:
        assert len(keys) == 3
        assert single.playbook("playbooks/site.yml", *people.API_SIGNS).changed == []
        before = listed_certificates.state_of_files(single, HOST)
        for check in ((), ("--check",)):
            refused = single.playbook(*renew, *people.API_SIGNS, *check, check=False)
            told = " ".join(refused.output.split())
            assert (refused.returncode, refused.changed) == (2, [])
            assert f"Nothing was changed on {HOST}: " in told and "Put the key there for one run" in told
            for key, path in zip(
                keys, ("/etc/etcd/pki/member", "/etc/kubernetes/pki/front-proxy-client", "/etc/kubernetes/pki/kubelet"), strict=True
            ):
                assert f"{key} is missing, so nothing can be signed. Put it back, or run on a controller that has it." in told
                assert f"). It has to sign for {HOST}: {path}.crt (its renewal was asked for)." in told
        assert listed_certificates.state_of_files(single, HOST) == before
        refused = people.issue(single, bob, "bob", check=False)
        assert "-e kubeconfig_signed_by=api" in " ".join(refused.output.split()) and not bob.exists()
        people.issue(single, bob, "bob", "-e", "kubeconfig_groups=developers", "-e", "kubeconfig_signed_by=api", "-e", "kubeconfig_days=2")
        assert people.named(single, bob) == ("bob", {"developers", "system:authenticated"})
        assert single.kubectl("get", "csr", "-o", "name") == ""
    people.let_the_api_sign_no_more(single, HOST)
    assert single.playbook(*renew).changed != []
    checks.nothing_changes(single, [HOST])


def test_the_host_can_be_rebooted(single: Cluster) -> None:
    single.lab("stop", HOST)
    single.lab("start", HOST)
    eventually(lambda: checks.all_ready(single, [HOST]), deadline=90, wanted="the node is ready")
    guestbook_works(single)


@pytest.mark.long
def test_the_host_is_restarted_when_packages_ask_for_it(single: Cluster) -> None:
    """It is the only node: its pods stay, and the API is away meanwhile."""
    before = restarting.boots(single, [HOST])
    misspelt = single.playbook(restarting.RESTART, "-e", "restart_package=all", check=False)
    assert misspelt.returncode == 2 and "did you mean restart_packages?" in misspelt.output
    restarting.install_package(single, HOST, "microcode_ctl")
    run = single.playbook(restarting.RESTART)
    output = " ".join(run.output.split())
    assert "reboot (microcode_ctl installed since the last boot); its pods stay: no other Node takes them" in output
    assert "the API is away while k8s.allinone.dev restarts: it is the only master" in output
    assert run.actions() == [(HOST, "host", "reboot", HOST)]
    assert restarting.rebooted(before, restarting.boots(single, [HOST])) == {HOST}
    restarting.nothing_is_left(single, [HOST])
    guestbook_works(single)
    again = single.playbook(restarting.RESTART)
    assert "No host has to be restarted" in again.output and again.changed == []
    restarting.remove_package(single, HOST, "microcode_ctl")


@pytest.mark.long
def test_a_second_restore_of_a_snapshot_is_ahead_of_the_first(single: Cluster, tmp_path: pathlib.Path) -> None:
    """Clients that saw more after the first restore than there is after the second would hear of nothing any more."""
    single.playbook("playbooks/backup.yml", "-e", f"backup_directory={tmp_path}")
    (snapshot,) = tmp_path.glob("*.snapshot")
    restore = ("playbooks/restore.yml", "-e", f"restore_snapshot={snapshot}")
    single.playbook(*restore)
    seen = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"seen-{number}"}} for number in range(400)]
    checks.apply(single, *seen)
    single.playbook(*restore)
    assert "seen-0" not in single.kubectl("get", "configmaps", "-o", "name")
    checks.apply(single, checks.pod("heard", labels={}, spec=checks.web_server("heard")))
    eventually(
        lambda: single.kubectl_json("get", "pod", "heard")["status"]["phase"] == "Running",
        deadline=90,
        wanted="the kubelet hears of a pod",
    )


@pytest.mark.long
def test_authorities_and_the_key_of_service_accounts_are_replaced(single: Cluster, tmp_path: pathlib.Path) -> None:
    """Nothing that the old ones have issued is shown or accepted afterwards, and pods have worked with what they were given."""
    pod = next(iter(checks.start_probes(single, [HOST])))
    old = old_authorities.OldAuthorities(single, HOST, ADDRESS, copy=tmp_path / "pki")
    assert set(old.doors().values()) == {"200"}
    assert set(old.shown().values()) == {True}
    checks.apply(single, old.webhook("of-somebody"))
    subjects = "kubernetes,etcd,front-proxy,service-account"
    replace = ("playbooks/replace-authority.yml", "-e", f"replace_authority={subjects}", "-e", "replace_pause=95")
    foretold = single.playbook(*replace, "--check")
    assert {action[2] for action in foretold.actions()} == {"accepted", "switched", "dropped"}
    assert "kubernetes-ca: to do: a new one is made" in " ".join(foretold.output.split())
    with probed_in_pod(single, HOST, checks.probe(pod)) as seen:
        run = single.playbook(*replace)
    told = " ".join(run.output.split())
    assert "service-account: pods may still have tokens of the old key" in told
    assert "ValidatingWebhookConfiguration of-somebody: caBundle holds the old kubernetes-ca and not the new one" in told
    # One apiserver is away while it restarts, which no client survives. Whoever reads its files again is known afterwards.
    assert seen.reads[-1]["fault"] is None, seen.summary()
    assert not [record for record in seen.failed if "certificate" in record["fault"] or "status 401" in record["fault"]], seen.summary()
    old.nobody_lets_in()
    assert set(old.shown().values()) == {False}
    assert set(old.shown_by_new().values()) == {True}
    names = {path.name for path in (single.inventory / "pki").iterdir()}
    assert {name for name in names if "next" in name or "previous" in name} == {
        "service-account.previous.key",
        "service-account.previous.pub",
    }
    checks.nothing_changes(single, [HOST])
    guestbook_works(single)


def test_a_lost_pki_directory_is_filled_from_the_host(single: Cluster, tmp_path: pathlib.Path) -> None:
    """No secret is shown on the way. What comes after that is in test_lost_pki.py."""
    pki, lost = single.inventory / "pki", tmp_path / "lost"
    known = secrets.on_controller(single.inventory)
    shutil.move(pki, lost)
    try:
        refused = single.playbook("playbooks/site.yml", check=False)
        assert refused.returncode != 0 and refused.changed == []
        assert "playbooks/rescue-pki.yml fills a new one with what the hosts have" in " ".join(refused.output.split())
        foretold = single.playbook("playbooks/rescue-pki.yml", "--check", "--diff")
        assert not pki.exists()
        done = single.playbook("playbooks/rescue-pki.yml", "--diff", "-vvvv")
        checks.foretold(foretold, done)
        assert not [secret for secret in known if secret in done.output]
        for name in ("encryption-config.yaml", "service-account.key", "kubernetes-ca.crt", "etcd-ca.crt", "front-proxy-ca.crt"):
            assert (pki / name).read_text() == (lost / name).read_text(), name
        checks.nothing_changes(single, [HOST])
    finally:
        shutil.rmtree(pki, ignore_errors=True)
        shutil.move(lost, pki)


def test_certificates_are_renewed_by_name(single: Cluster) -> None:
    """Only what was chosen is issued anew, and only what uses it restarts."""
    refused = single.playbook("playbooks/renew-certificates.yml", "-e", "renew=kublet", check=False)
    assert refused.returncode != 0
    assert "renew names kublet, and there are all, admin, apiserver" in " ".join(refused.output.split())
    run = single.playbook("playbooks/renew-certificates.yml", "-e", "renew=kubelet")
    pki = "/etc/kubernetes/pki/kubelet"
    assert run.actions() == [(HOST, "certificate", "issue", f"{pki}.crt"), (HOST, "unit", "restart", "kubelet.service")]
    everything = single.playbook("playbooks/renew-certificates.yml", "-e", "renew=all")
    issued = {action[3] for action in everything.actions() if action[1] == "certificate"}
    assert issued == set(expired.found(single, HOST))
    checks.nothing_changes(single, [HOST])


@pytest.mark.long
def test_what_was_saved_under_an_old_authority_and_an_old_key_is_restored(single: Cluster, tmp_path: pathlib.Path) -> None:
    """Afterwards the key that encrypts Secrets is replaced again, by a run that is killed and gone on with."""
    encrypted.make_secret(single, "before")
    single.playbook("playbooks/backup.yml", "-e", f"backup_directory={tmp_path}")
    (snapshot,) = tmp_path.glob("*.snapshot")
    (old,) = encrypted.keys_of_controller(single)
    assert encrypted.files_with(single, HOST, old) == ["/etc/kubernetes/encryption-config.yaml"]
    run = single.playbook("playbooks/replace-authority.yml", "-e", "replace_authority=etcd,encryption")
    (new,) = encrypted.keys_of_controller(single)
    assert encrypted.keys_of_values(single, HOST) == {new.name}
    assert encrypted.files_with(single, HOST, old) == []
    assert encrypted.is_readable(single, "before")
    assert not {secret for secret in (old.secret, new.secret) if secret in run.output}
    restored = single.playbook("playbooks/restore.yml", "-e", f"restore_snapshot={snapshot}")
    assert f"encrypted by a retired key (secretbox: {old.name})" in " ".join(restored.output.split())
    assert encrypted.keys_of_values(single, HOST) == {old.name}
    assert encrypted.is_readable(single, "before")
    guestbook_works(single)
    replace = ("playbooks/replace-authority.yml", "-e", "replace_authority=encryption")
    # Killed when the controller has dropped the key, and the host has it still.
    assert killed_run(single, "9", *replace).killed
    assert (single.inventory / "pki" / "encryption-config.replacing").exists()
    single.playbook(*replace)
    assert encrypted.keys_of_controller(single) == [new]
    assert encrypted.keys_of_values(single, HOST) == {new.name}
    assert encrypted.files_with(single, HOST, old) == []
    assert encrypted.is_readable(single, "before")
    names = {path.name for path in (single.inventory / "pki").glob("encryption-config*")}
    assert names == {"encryption-config.yaml", "encryption-config.retired.yaml"}


def test_a_cluster_whose_certificates_have_all_expired_comes_back(single: Cluster) -> None:
    """After a start etcd, the API and the kubelet refuse each other. There is no API to ask."""
    units = "kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy flanneld etcd"
    # Not a reboot: the lab waits for the end of one, which does not come.
    single.on(HOST, f"systemctl stop {units.removesuffix(' etcd')} && systemctl stop etcd")
    assert len(expired.expire(single, HOST, days_ago=3)) > 10
    single.on(HOST, f"systemctl start --no-block {units}")
    eventually(lambda: "active" in single.on(HOST, "systemctl is-active etcd", check=False).split(), deadline=60, wanted="etcd")
    assert single.kubectl("get", "nodes", check=False) == ""
    run = single.playbook("playbooks/site.yml")
    reasons = {action["reason"] for result in run.results for action in result["actions"] if action["kind"] == "certificate"}
    assert len(reasons) == 1
    assert "it expired on" in reasons.pop()
    eventually(lambda: checks.all_ready(single, [HOST]), deadline=60, wanted="the node is ready")
    checks.nothing_changes(single, [HOST])
    guestbook_works(single)


def test_kubelets_may_rotate_their_certificates(single: Cluster) -> None:
    """The first is asked for at once, none for another address is approved, and the choice can be taken back."""
    run = single.playbook("playbooks/site.yml", *rotation.ROTATED)
    assert (HOST, "unit", "restart", "kubelet.service") in run.actions()
    found = rotation.held(single, HOST, rotation.SERVER)
    assert found is not None
    assert rotation.is_of_node_authority(single, found)
    assert rotation.shown(single, HOST, ADDRESS) == found.serial_number
    user = f"system:node:{HOST}"
    rotation.ask(single, "forged", rotation.request(user, dns=[HOST], ips=[ADDRESS, "192.168.200.7"]), user=user)
    rotation.ask(single, "own", rotation.request(user, dns=[HOST], ips=[ADDRESS]), user=user)
    eventually(lambda: rotation.decided(single, "own") == ["Approved", "Issued"], deadline=30, wanted="what is its own is approved")
    assert rotation.decided(single, "forged") == []
    assert "forged of system:node:" in rotation.said(single, HOST)
    single.playbook("playbooks/site.yml")
    guestbook_works(single)
    assert single.on(HOST, "ls -d /etc/kubernetes/pki/node-ca.key /var/lib/kubelet/pki 2>/dev/null; true") == ""
    assert rotation.shown(single, HOST, ADDRESS) != found.serial_number
