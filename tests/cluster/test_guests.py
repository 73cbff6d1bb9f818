# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/all-in-one on a guest: a host with a kernel of its own, SELinux enforcing, cgroup v2 alone, modules to load.

`make test-guests` runs it. Nothing here waits for seconds: a guest is 6 to 10 times slower than other hosts.
"""

from __future__ import annotations

import collections.abc
import pathlib
import typing as t

import pytest

from . import bareness, checks, journals, restarting, selinux
from .driver import ROOT, Cluster, PlaybookRun, eventually
from .setups import bare_hosts

pytestmark = pytest.mark.guests

HOST = "k8s.allinone.dev"
ADDRESS = "192.168.200.100"
# Long enough for a guest on a busy machine.
LONG = 1800
MODULES = ("br_netfilter", "nf_conntrack", "overlay", "vxlan")
# What programs of ours and of our pods load by themselves.
LOADED_BY_RULES = ("xt_addrtype", "xt_comment", "nft_compat", "nf_nat", "veth", "bridge")
# Everything that a playbook writes or has written by a program of ours; pods' own files are below none of these but /var/lib/kubelet.
WRITTEN = (
    "/etc",
    "/opt/cni",
    "/root/.kube",
    "/usr/local",
    "/var/lib/barehost",
    "/var/lib/cni",
    "/var/lib/cri-dockerd",
    "/var/lib/etcd",
    "/var/lib/kube-proxy",
    "/var/log/kubernetes",
    "/run/flannel",
)
# Debian's policy gives what a service makes in /etc a type of its own. EL's services are unconfined_service_t, which has no such rule.
MADE_BY_A_SERVICE = "/etc/etcd/member-started"
RECLAIMED = f"{checks.REGISTRY}/hello-world:1"
FILL = "/var/lib/fill"


class Found(t.NamedTuple):
    """A host before any playbook: what check mode would do to it, what is on it, and what SELinux has denied."""

    predicted: PlaybookRun
    things: list[str]
    denials: set[selinux.Denial]
    labels: list[str]


@pytest.fixture(scope="module")
def bare(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    inventory = ROOT / "inventories" / "all-in-one"
    with bare_hosts(inventory, session=request.session, artefacts=artefacts, driver="guests") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def found_bare(bare: Cluster) -> Found:
    predicted = bare.playbook("playbooks/site.yml", "--check", "--diff")
    assert predicted.changed
    labels = selinux.wrong_labels(bare, HOST, ["/etc", "/usr/local"])
    return Found(predicted, bareness.things(bare, HOST), selinux.all_denials(bare, HOST), labels)


@pytest.fixture(scope="module")
def single(bare: Cluster, found_bare: Found) -> Cluster:
    """The cluster, with the guestbook, from a bare host."""
    checks.foretold(found_bare.predicted, bare.playbook("playbooks/site.yml"))
    bare.playbook("playbooks/guestbook.yml")
    return bare


def loaded(cluster: Cluster) -> set[str]:
    return {line.split()[0] for line in cluster.on(HOST, "cat /proc/modules").splitlines()}


def serves(cluster: Cluster) -> bool:
    return (
        bool(checks.all_ready(cluster, [HOST])) and "<form" in cluster.curl(f"http://{ADDRESS}:{checks.GUESTBOOK_PORT}/", "--fail").stdout
    )


def test_denials_are_told_apart_by_who_may_not_do_what_with_what() -> None:
    """Of the kernel, of D-Bus, and the same twice."""
    kernel = (
        'type=AVC msg=audit(1795971088.964:{}): avc:  denied  {{ read open }} for  pid=721 comm="kubelet" name="x" dev="ubda" ino=2 '
        "scontext=system_u:system_r:initrc_t:s0 tcontext=system_u:object_r:etc_t:s0 tclass=file permissive=0"
    )
    bus = (
        "type=USER_AVC msg=audit(1795971088.964:9): pid=1 uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:init_t:s0 "
        "msg='avc:  denied  { send_msg } for msgtype=method_call scontext=system_u:system_r:firewalld_t:s0 "
        'tcontext=system_u:system_r:dockerd_t:s0 tclass=dbus permissive=0 exe="/usr/bin/dbus-daemon" sauid=100\''
    )
    granted = "type=AVC msg=audit(1.0:1): avc:  granted  { load_policy } for scontext=a:b:c_t:s0 tcontext=a:b:c_t:s0 tclass=security"
    assert selinux.denials("\n".join([kernel.format(3), kernel.format(4), bus, granted])) == {
        selinux.Denial("kubelet", "initrc_t", "etc_t", "file", "read open"),
        selinux.Denial("/usr/bin/dbus-daemon", "firewalld_t", "dockerd_t", "dbus", "send_msg"),
    }


def test_a_bare_guest_is_what_other_hosts_are_not(bare: Cluster, found_bare: Found) -> None:
    assert bare.on(HOST, "getenforce").strip() == "Enforcing"
    assert bare.on(HOST, "stat --file-system --format %T /sys/fs/cgroup").strip() == "cgroup2fs"
    assert bare.on(HOST, "grep -c cgroup /proc/mounts").strip() == "1"
    # firewalld, which runs on a bare host, has loaded what it needs
    assert loaded(bare) & set(MODULES) <= {"nf_conntrack"}
    assert bare.on(HOST, "command -v dockerd etcd kubelet chronyd; true") == ""


def test_modules_are_loaded(single: Cluster) -> None:
    assert set(MODULES) | set(LOADED_BY_RULES) <= loaded(single)


def test_everything_runs(single: Cluster) -> None:
    assert checks.all_ready(single, [HOST])
    assert checks.running_units(single, HOST, checks.UNITS) == len(checks.UNITS)


def test_control_groups_of_pods(single: Cluster) -> None:
    """One tree for all controllers: each container in the group of its pod, daemons in those of their units."""
    containers = single.on(HOST, "docker ps --quiet --no-trunc").split()
    groups = single.on(HOST, "find /sys/fs/cgroup/kubepods.slice -name 'docker-*.scope' -printf '%f\\n'").split()
    assert containers
    assert {f"docker-{name}.scope" for name in containers} == set(groups)
    assert "cpu" in single.on(HOST, "cat /sys/fs/cgroup/kubepods.slice/cgroup.controllers").split()
    assert single.on(HOST, "systemctl show --property ControlGroup --value kubelet").strip() == "/system.slice/kubelet.service"


def test_guestbook(single: Cluster) -> None:
    eventually(lambda: serves(single), deadline=LONG, wanted="the guestbook")
    checks.guestbook_is_shared(single, {HOST: ADDRESS}, through=HOST)


def test_the_second_run_changes_nothing(single: Cluster) -> None:
    checks.nothing_changes(single, [HOST])


def test_no_journal_repeats_an_error(single: Cluster) -> None:
    eventually(lambda: journals.errors_of_the_next(single, HOST, seconds=90) == {}, deadline=LONG, wanted="quiet journals")


def test_the_firewall_reloads(single: Cluster) -> None:
    single.on(HOST, "firewall-cmd --reload")
    eventually(lambda: serves(single), deadline=LONG, wanted="the guestbook after a reload of the firewall")


def test_a_reboot_needs_no_run(single: Cluster) -> None:
    before = restarting.boots(single, [HOST])
    single.on(HOST, "systemctl reboot", check=False)
    eventually(lambda: restarting.boots(single, [HOST]) != before, deadline=LONG, wanted="another boot")
    eventually(lambda: serves(single), deadline=LONG, wanted="the guestbook after a reboot")
    assert single.on(HOST, "getenforce").strip() == "Enforcing"
    assert set(MODULES) <= loaded(single)
    checks.nothing_changes(single, [HOST])


def test_labels_are_those_of_the_policy(single: Cluster, found_bare: Found) -> None:
    wrong = [line for line in selinux.wrong_labels(single, HOST, list(WRITTEN)) if line not in found_bare.labels]
    assert [line for line in wrong if MADE_BY_A_SERVICE not in line] == []


def test_types_are_those_that_were_compared_with_el(single: Cluster) -> None:
    """Behaviour does not show a wrong label here, so the names that EL's policies go by are compared as data."""
    table = selinux.by_policy()
    found = {pattern: selinux.types_of(single, HOST, [pattern]) for pattern in table}
    assert [pattern for pattern, paths in found.items() if not paths] == [], "nothing is written there any more"
    wanted = {pattern: {entry["debian"]} for pattern, entry in table.items() if entry["debian"]}
    assert {pattern: set(found[pattern].values()) for pattern in wanted} == wanted


def test_nothing_of_ours_is_denied(single: Cluster, found_bare: Found) -> None:
    denied = selinux.all_denials(single, HOST)
    assert sorted(denied - found_bare.denials) == []


def test_a_full_disk_reclaims_images_and_evicts_pods(single: Cluster) -> None:
    single.on(HOST, f"docker pull --quiet {RECLAIMED}", timeout=300)
    single.on(
        HOST,
        f"size=$(df --output=size --block-size=1 / | tail -n 1); used=$(df --output=used --block-size=1 / | tail -n 1); "
        f"fallocate --length $((size * 93 / 100 - used)) {FILL}",
    )
    try:
        eventually(lambda: _pressure(single) == "True", deadline=LONG, wanted="disk pressure")
        eventually(lambda: RECLAIMED not in _images(single), deadline=LONG, wanted="an image that nobody uses is removed")
        eventually(lambda: _evicted(single), deadline=LONG, wanted="a pod is evicted")
    finally:
        single.on(HOST, f"rm {FILL}")
    eventually(lambda: _pressure(single) == "False" and serves(single), deadline=LONG, wanted="the disk has room again")


def _pressure(cluster: Cluster) -> str:
    conditions = cluster.kubectl_json("get", "node", HOST)["status"]["conditions"]
    return next(str(one["status"]) for one in conditions if one["type"] == "DiskPressure")


def _images(cluster: Cluster) -> list[str]:
    return cluster.on(HOST, "docker images --format '{{.Repository}}:{{.Tag}}'").split()


def _evicted(cluster: Cluster) -> list[str]:
    pods = cluster.kubectl_json("get", "pods", "--all-namespaces")["items"]
    return [pod["metadata"]["name"] for pod in pods if pod["status"].get("reason") == "Evicted"]


def test_a_reset_host_is_bare(single: Cluster, found_bare: Found) -> None:
    confirm = ("-e", "reset_confirm=all-in-one")
    predicted = single.playbook("playbooks/reset.yml", "--check", "--diff", *confirm)
    reset = single.playbook("playbooks/reset.yml", *confirm)
    assert reset.actions() == predicted.actions() != []
    after = bareness.things(single, HOST)
    assert [thing for thing in after if thing not in found_bare.things] == []
    assert [thing for thing in found_bare.things if thing not in after] == []
