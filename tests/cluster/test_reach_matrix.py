# SPDX-License-Identifier: GPL-3.0-or-later
"""Each way to a host by itself, from bare to a second run (``make long``): releases of ansible-core, passwords of ssh, Python 3.9.

What can be shown together is in test_reach.py, which is a part of ``make test``.
"""

from __future__ import annotations

import collections.abc
import contextlib
import dataclasses
import os
import pathlib

import pytest

from . import checks, controllers
from .access import User, add_user, into_the_lab, known_host, make_key, set_variables
from .driver import ROOT, Cluster, Controller, run
from .setups import bare_hosts

# isort: split
from barelab import system_packages

pytestmark = pytest.mark.long

HOST, ADDRESS = "k8s.allinone.dev", "192.168.200.100"
PYTHON = "/opt/python3.9/bin/python3.9"


@contextlib.contextmanager
def bare_host(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    with bare_hosts(ROOT / "inventories" / "all-in-one", session=request.session, artefacts=artefacts) as cluster:
        yield cluster


def of(cluster: Cluster, name: str, controller: Controller) -> Cluster:
    """The same hosts, driven by another controller."""
    artefacts = cluster.artefacts / name
    artefacts.mkdir(exist_ok=True)
    return Cluster(cluster.inventory, artefacts, controller)


def comes_and_stays(cluster: Cluster, *arguments: str) -> None:
    """From bare to a second run."""
    foretold = cluster.playbook("playbooks/site.yml", "--check", "--diff", *arguments)
    checks.foretold(foretold, cluster.playbook("playbooks/site.yml", *arguments))
    assert checks.all_ready(cluster, [HOST])
    checks.nothing_changes(cluster, [HOST], *arguments)


@pytest.mark.parametrize("version", ["2.20.10", "2.21.5"])
def test_every_playbook_with_a_release_of_ansible_core(
    request: pytest.FixtureRequest, artefacts: pathlib.Path, version: str, tmp_path: pathlib.Path
) -> None:
    """The runs of 2.19, 2.20 and 2.21 differ in nothing: make test has one of them, by the Python of this machine."""
    programs = controllers.of_core(version)
    with bare_host(request, artefacts) as lab:
        cluster = of(lab, f"core-{version}", Controller(programs=programs))
        comes_and_stays(cluster)
        cluster.playbook("playbooks/guestbook.yml")
        checks.start_probes(cluster, [HOST])
        checks.guestbook_is_shared(cluster, {HOST: ADDRESS}, through=HOST)
        for playbook in ("health", "certificates", "etcd"):
            cluster.playbook(f"playbooks/{playbook}.yml", "--diff")
        cluster.playbook("playbooks/renew-certificates.yml", "--check", "-e", "renew=kubelet")
        backup = ("-e", f"backup_directory={tmp_path}")
        cluster.playbook("playbooks/backup.yml", *backup)
        (snapshot,) = tmp_path.rglob("*.snapshot")
        cluster.kubectl("create", "configmap", "after-the-backup")
        cluster.playbook("playbooks/restore.yml", "-e", f"restore_confirm=all-in-one restore_snapshot={snapshot}")
        assert "after-the-backup" not in cluster.kubectl("get", "configmaps", "-o", "name")
        cluster.playbook("playbooks/kubeconfig.yml", "-e", f"kubeconfig_user=jane kubeconfig_file={tmp_path}/jane.kubeconfig")
        cluster.playbook("playbooks/upgrade.yml", "--check")
        checks.nothing_changes(cluster, [HOST])
        cluster.playbook("playbooks/reset.yml", "-e", "reset_confirm=all-in-one")


@dataclasses.dataclass(frozen=True)
class Way:
    """A login with the password of the account, which sudo asks for, too."""

    core: str
    mechanism: str
    settings: str
    user: User


WAYS = {
    # sshpass types the password into a terminal; sudo wants one, so nothing can be sent through its input
    "sshpass": Way(
        "2.19.14", "sshpass", "", User("one", "word:815-ssh", "word:815-ssh", umask="0077", sudoers=("Defaults:one requiretty",))
    ),
    # ssh asks a program of Ansible; all goes through the input of sudo, after the password
    "ssh_askpass": Way("2.20.10", "ssh_askpass", "pipelining = True\n", User("two", "word:816-ssh", "word:816-ssh", umask="0027")),
}


@pytest.mark.parametrize("name", WAYS)
def test_ssh_asks_for_a_password(request: pytest.FixtureRequest, artefacts: pathlib.Path, tmp_path: pathlib.Path, name: str) -> None:
    way = WAYS[name]
    if way.mechanism == "sshpass":
        system_packages.require({"sshpass"})
    programs = controllers.of_core(way.core)
    with bare_host(request, artefacts) as lab:
        add_user(lab, HOST, way.user, key=make_key(tmp_path / "key"))
        lab.on(HOST, "echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/00-access.conf; systemctl reload ssh.service; sleep 1")
        (tmp_path / "known_hosts").write_text(known_host(lab, HOST, ADDRESS), encoding="utf-8")
        ssh_config = tmp_path / "ssh_config"
        ssh_config.write_text(
            f"Host *\n  ProxyCommand {into_the_lab(lab)}\n  PubkeyAuthentication no\n  UserKnownHostsFile {tmp_path / 'known_hosts'}\n",
            encoding="utf-8",
        )
        set_variables(
            lab.inventory / "group_vars" / "all" / "zz-access.yml",
            ansible_user=way.user.name,
            ansible_password=way.user.ssh_password,
            ansible_become=True,
            ansible_become_password=way.user.sudo_password,
            ansible_ssh_password_mechanism=way.mechanism,
            ansible_ssh_common_args=f"-F {ssh_config}",
        )
        settings = f"[defaults]\ngathering = explicit\n[ssh_connection]\n{way.settings}"
        cluster = of(lab, name, controllers.of_archive(tmp_path / "controller", programs=programs, settings=settings))
        comes_and_stays(cluster)
        cluster.playbook("playbooks/health.yml")
        cluster.playbook("playbooks/reset.yml", "-e", "reset_confirm=all-in-one")


def test_python_3_9_on_the_host(request: pytest.FixtureRequest, artefacts: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """The oldest Python of a host runs all that Ansible starts there. The services' own programs keep the host's Python."""
    source = next(iter(sorted((pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv")) / "versions").glob("3.9.*"))))
    archive = tmp_path / "python.tar"
    run("tar", "--create", f"--file={archive}", "--exclude=test", "--exclude=__pycache__", f"--directory={source}", "bin", "lib", "include")
    with bare_host(request, artefacts) as lab:
        with archive.open("rb") as stream:
            lab.lab("exec", HOST, "sh", "-c", "mkdir -p /opt/python3.9; tar -x -C /opt/python3.9", stdin=stream)
        # it may be linked with a library of its own
        lab.on(HOST, "echo /opt/python3.9/lib >/etc/ld.so.conf.d/python3.9.conf; ldconfig")
        assert lab.on(HOST, f"{PYTHON} -IS -c 'import sys, ssl, lzma, zlib; print(sys.version_info[:2])'").strip() == "(3, 9)"
        cluster = of(lab, "python-3.9", Controller())
        comes_and_stays(cluster, "-e", f"ansible_python_interpreter={PYTHON}")
