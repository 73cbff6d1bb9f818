# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is reached as people reach theirs: a user with sudo and a password, another port, a jump host, a name, hardened folders.

The controller has nothing of the checkout: the collection from its archive, the newest ansible-core, an ansible.cfg of its own without
pipelining, facts in a cache. The traits do not hide each other: each is shown on the host by itself.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import pathlib

import pytest
import yaml

from . import checks, controllers
from .access import User, Watch, add_user, forbid_programs_in, into_the_lab, known_host, listen_on, make_key, set_variables
from .driver import Cluster, PlaybookRun, run
from .own_inventory import copy_of
from .setups import bare_hosts

HOST, ADDRESS = "k8s.allinone.dev", "192.168.200.100"
JUMP, JUMP_ADDRESS = "jump.reach.dev", "192.168.200.20"
# the name by which the jump host knows the host, and nobody else
NAME, PORT = "one.behind.jump.dev", 2222
OPERATOR = User(
    "deployer",
    sudo_password="word:4711-of-sudo",
    umask="0077",
    sudoers=('Defaults secure_path = "/sbin:/bin:/usr/sbin:/usr/bin"',),  # as on EL
)
COLLEAGUE = User("colleague", umask="0027")
SETTINGS = """\
[defaults]
stdout_callback = ansible.builtin.minimal
gathering = smart
fact_caching = ansible.builtin.jsonfile
fact_caching_connection = facts
forks = 3
[inventory]
any_unparsed_is_failed = True
ignore_patterns = ^ssh_config$, ^kubeconfig$, ^pki$, ^backups$, ^logs$, ^README, ^\\.
"""


@dataclasses.dataclass(frozen=True)
class Reached:
    """The cluster of the operator, and how ssh comes to its host."""

    cluster: Cluster
    ssh_config: pathlib.Path

    def ssh(self, command: str, *, text: str = "") -> str:
        """The output of a command of the operator on the host."""
        return run("ssh", "-F", str(self.ssh_config), "-p", str(PORT), f"{OPERATOR.name}@{NAME}", command, input=text).stdout

    def sudo(self, command: str) -> str:
        return self.ssh(f"sudo -S -p '' {command}", text=f"{OPERATOR.sudo_password}\n")


@pytest.fixture(scope="module")
def reached(
    request: pytest.FixtureRequest, artefacts: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> collections.abc.Iterator[Reached]:
    """Bare hosts: the one of the cluster, and a jump host that is in none of its groups."""
    folder = tmp_path_factory.mktemp("reach")
    programs = controllers.of_core(controllers.newest_core())
    inventory = copy_of("all-in-one", folder)
    hosts = yaml.safe_load((inventory / "hosts.yml").read_text(encoding="utf-8"))
    hosts["all"]["hosts"][JUMP] = {"ansible_host": JUMP_ADDRESS}
    (inventory / "hosts.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    with bare_hosts(inventory, session=request.session, artefacts=artefacts) as lab:
        key = make_key(folder / "key")
        add_user(lab, JUMP, User("jumper"), key=key)
        lab.on(JUMP, f"echo '{ADDRESS} {NAME}' >>/etc/hosts")
        for user in (OPERATOR, COLLEAGUE):
            add_user(lab, HOST, user, key=key)
        forbid_programs_in(lab, HOST, "/tmp", "/var/tmp")
        listen_on(lab, HOST, PORT, "PermitRootLogin no")
        ssh_config = _write_access(lab, folder, key)
        controller = controllers.of_archive(folder / "controller", programs=programs, settings=SETTINGS)
        (folder / "password").touch(mode=0o600)
        (folder / "password").write_text(OPERATOR.sudo_password, encoding="utf-8")
        environment = {"ANSIBLE_BECOME_PASSWORD_FILE": str(folder / "password"), "JUNIT_OUTPUT_DIR": str(folder / "junit")}
        controller = dataclasses.replace(
            controller, environment={**controller.environment, **environment}, callbacks=("ansible.builtin.junit",)
        )
        (lab.artefacts / "reach").mkdir()
        yield Reached(Cluster(inventory, lab.artefacts / "reach", controller), ssh_config)


def _write_access(lab: Cluster, folder: pathlib.Path, key: pathlib.Path) -> pathlib.Path:
    """What the operator has written: a configuration of ssh, and variables that overrule those of the lab."""
    (folder / "known_hosts").write_text(
        known_host(lab, JUMP, JUMP, JUMP_ADDRESS) + known_host(lab, HOST, f"[{NAME}]:{PORT}"), encoding="utf-8"
    )
    ssh_config = folder / "ssh_config"
    ssh_config.write_text(
        f"Host {JUMP}\n  HostName {JUMP_ADDRESS}\n  User jumper\n  ProxyCommand {into_the_lab(lab)}\n"
        f"Host {NAME}\n  ProxyJump {JUMP}\n"
        f"Host *\n  IdentityFile {key}\n  IdentitiesOnly yes\n  IdentityAgent none\n  StrictHostKeyChecking yes\n"
        f"  UserKnownHostsFile {folder / 'known_hosts'}\n  LogLevel ERROR\n",
        encoding="utf-8",
    )
    own = {"ansible_user": OPERATOR.name, "ansible_port": PORT, "ansible_become": True}
    set_variables(lab.inventory / "group_vars" / "all" / "zz-access.yml", **own, ansible_ssh_common_args=f"-F {ssh_config}")
    set_variables(lab.inventory / "host_vars" / f"{HOST}.yml", ansible_host=NAME, node_address=ADDRESS)
    return ssh_config


@pytest.fixture(scope="module")
def foretold(reached: Reached) -> PlaybookRun:
    """What check mode says of the bare host."""
    return reached.cluster.playbook("playbooks/site.yml", "--check", "--diff")


@dataclasses.dataclass(frozen=True)
class Installed:
    """What site.yml did, at its most talkative, and what was seen of the password meanwhile."""

    done: PlaybookRun
    watch: Watch


@pytest.fixture(scope="module")
def installed(reached: Reached, foretold: PlaybookRun) -> Installed:
    with Watch(OPERATOR.sudo_password) as watch:
        return Installed(reached.cluster.playbook("playbooks/site.yml", "-vvvv"), watch)


def test_the_host_is_as_hard_to_reach_as_it_should_be(reached: Reached) -> None:
    assert reached.ssh("echo $SSH_CONNECTION").split()[0::3] == [JUMP_ADDRESS, str(PORT)]
    assert reached.ssh("umask").strip() == "0077"
    assert reached.sudo("sh -c umask").strip() == "0077"
    assert reached.sudo("sh -c 'echo $PATH'").strip() == "/sbin:/bin:/usr/sbin:/usr/bin"
    assert (
        run("ssh", "-F", str(reached.ssh_config), "-p", str(PORT), f"{OPERATOR.name}@{NAME}", "sudo -n true", check=False).returncode != 0
    )


def test_a_bare_host_is_installed(reached: Reached, foretold: PlaybookRun, installed: Installed) -> None:
    checks.foretold(foretold, installed.done)
    assert checks.all_ready(reached.cluster, [HOST])


def test_the_password_is_seen_nowhere(reached: Reached, installed: Installed) -> None:
    assert installed.watch.looks > 100
    assert installed.watch.seen == set()
    assert OPERATOR.sudo_password not in installed.done.output
    for place in ("journalctl --no-pager", f"grep -rIs -m 1 . /home/{OPERATOR.name} /tmp /var/tmp /etc/barehost /var/lib/barehost"):
        assert OPERATOR.sudo_password not in reached.cluster.on(HOST, place, check=False)


def test_what_was_made_is_open_to_those_who_need_it(reached: Reached, installed: Installed) -> None:
    """Whatever the umask of the login. Below /var/lib and /var/log, each program has its own folders as it wants them."""
    found = reached.cluster.on(HOST, "find /etc /usr /opt /var/lib/barehost/binaries -xdev -type d ! -perm -0011 -newer /etc/machine-id")
    assert found == ""


def test_kubectl_is_found_by_sudo(reached: Reached, installed: Installed) -> None:
    assert reached.sudo("kubectl get nodes -o name").strip() == f"node/{HOST}"
    assert reached.cluster.on(HOST, "readlink /usr/bin/kubectl").strip() == "/usr/local/bin/kubectl"


def test_a_second_run_changes_nothing(reached: Reached, installed: Installed) -> None:
    checks.nothing_changes(reached.cluster, [HOST])


def test_a_colleague_changes_nothing(reached: Reached, installed: Installed) -> None:
    """Another user of the same inventory, for whom sudo asks no password, with pipelining."""
    checks.nothing_changes(reached.cluster, [HOST], "-e", f"ansible_user={COLLEAGUE.name} ansible_pipelining=true")


def test_the_host_is_reset(reached: Reached, installed: Installed) -> None:
    reached.cluster.playbook("playbooks/reset.yml", "-e", "reset_confirm=all-in-one")
    assert reached.cluster.on(HOST, "ls /usr/bin/kubectl /usr/local/bin/kubectl", check=False) == ""
    assert reached.ssh("id -un").strip() == OPERATOR.name, "the port of ssh is open still"
