# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook in real runs. Nobody can reach its host, and nobody has to."""

from __future__ import annotations

import base64
import os
import pathlib
import stat
import subprocess
import sys
import typing as t

import pytest
import yaml
from certificates_bench import openssl

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

# Starting ansible-playbook takes seconds.
pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[3]
INVENTORY = """
all:
  vars: {cluster_mirror: "https://192.0.2.1", cluster_name: lab}
  hosts:
    m1: {ansible_host: 127.0.0.1, ansible_port: 1, node_address: 192.0.2.10}
    w1: {ansible_host: 127.0.0.1, ansible_port: 1, node_address: 192.0.2.11}
  children: {etcd: {hosts: {m1: }}, master: {hosts: {m1: }}, minion: {hosts: {w1: }}}
"""


class Controller:
    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.pki = folder / "inventory" / "pki"
        (folder / "inventory").mkdir()
        (folder / "inventory" / "hosts.yml").write_text(INVENTORY)
        Pki(self.pki).certificate("kubernetes")

    def run(self, *arguments: str, fails: bool = False) -> str:
        """In the folder; returns what is shown, on one line."""
        command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "inventory/hosts.yml"]
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        surroundings |= {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"), "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(
            [*command, str(ROOT / "playbooks/kubeconfig.yml"), "-vvv", *arguments],
            cwd=self.folder,
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
        )
        shown = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, shown
        assert "PRIVATE KEY" not in shown and "LS0tLS1CRUdJTiBQUklWQVRF" not in shown, "also where all is shown, no key is"
        return " ".join(shown.split())

    @property
    def recorded(self) -> list[str]:
        return sorted(path.name for path in self.pki.glob("issued-*"))


@pytest.fixture
def controller(tmp_path: pathlib.Path) -> Controller:
    return Controller(tmp_path)


def test_its_life(controller: Controller) -> None:
    path = controller.folder / "alice.kubeconfig"
    options = ("-e", "kubeconfig_user=alice", "-e", "kubeconfig_groups=developers", "-e", "kubeconfig_days=10")
    assert "nothing was signed" in controller.run(*options, "--check", "--diff")
    assert not path.exists() and controller.recorded == []
    assert "A certificate cannot be revoked" in controller.run(*options, "--diff")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    user = yaml.safe_load(path.read_text())["users"][0]["user"]
    certificate, key = (base64.b64decode(user[f"client-{part}-data"]).decode() for part in ("certificate", "key"))
    (controller.folder / "alice.crt").write_text(certificate)
    openssl("verify", "-purpose", "sslclient", "-CAfile", str(controller.pki / "kubernetes-ca.crt"), str(controller.folder / "alice.crt"))
    shown = openssl("x509", "-noout", "-subject", "-pubkey", text=certificate)
    assert shown == "subject=O = developers, CN = alice\n" + openssl("pkey", "-pubout", text=key)
    assert len(controller.recorded) == 1 and (controller.pki / controller.recorded[0]).read_text() == certificate

    # another one for the same person takes its place
    assert "in place of the one before" in controller.run(*options)
    assert len(controller.recorded) == 2
    before = path.read_bytes()
    told = controller.run("-e", "kubeconfig_user=bob", "-e", f"kubeconfig_file={path}", fails=True)
    assert "it is no kubeconfig that this playbook has made for bob. It is not overwritten" in told
    assert path.read_bytes() == before and len(controller.recorded) == 2


def test_what_others_have_written_is_not_overwritten(controller: Controller) -> None:
    path = controller.folder / "alice.kubeconfig"
    path.write_text("mine")
    assert "It is not overwritten: move it away" in controller.run("-e", "kubeconfig_user=alice", fails=True)
    assert (path.read_text(), controller.recorded) == ("mine", [])


def test_a_key_that_stays_with_its_owner(controller: Controller) -> None:
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=alice", "-keyout",
            str(controller.folder / "a.key"), "-out", str(controller.folder / "a.csr"))  # fmt: skip
    controller.run("-e", "kubeconfig_user=alice", "-e", "kubeconfig_csr=a.csr")
    user = yaml.safe_load((controller.folder / "alice.kubeconfig").read_text())["users"][0]["user"]
    assert user["client-key"] == "a.key" and "client-key-data" not in user
    certificate = base64.b64decode(user["client-certificate-data"]).decode()
    own = openssl("pkey", "-pubout", "-in", str(controller.folder / "a.key"))
    assert openssl("x509", "-noout", "-pubkey", text=certificate) == own


def test_an_emergency(controller: Controller) -> None:
    assert "may do everything" in controller.run("-e", "kubeconfig_user=alice", "-e", "kubeconfig_emergency=true")
    certificate = (controller.pki / controller.recorded[0]).read_text()
    assert openssl("x509", "-noout", "-subject", text=certificate) == "subject=O = system:masters, CN = alice\n"
    with pytest.raises(AssertionError):
        openssl("x509", "-noout", "-checkend", str(25 * 3600), text=certificate)


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_without_the_key_of_the_authority_nothing_is_written(controller: Controller, check: tuple[str, ...]) -> None:
    key = controller.pki / "kubernetes-ca.key"
    key.rename(controller.folder / "away")
    told = controller.run("-e", "kubeconfig_user=alice", *check, fails=True)
    assert f"Nothing was issued: {key} is missing" in told and "-e kubeconfig_signed_by=api" in told
    assert not (controller.folder / "alice.kubeconfig").exists() and controller.recorded == [] and not key.exists()


def test_a_limit_that_leaves_no_master_is_refused(controller: Controller) -> None:
    """The run would end well, and there would be no file."""
    told = controller.run("-e", "kubeconfig_user=alice", "--limit", "w1", fails=True)
    assert "no master takes part in this run. Run without --limit, or with --limit m1" in told
    assert controller.recorded == []


def test_without_a_cluster_no_authority_is_made(controller: Controller) -> None:
    for path in controller.pki.iterdir():
        path.unlink()
    assert "has no kubernetes-ca.crt" in controller.run("-e", "kubeconfig_user=alice", fails=True)
    assert list(controller.pki.iterdir()) == []


def test_a_master_that_is_away_cannot_sign(controller: Controller) -> None:
    told: t.Any = controller.run("-e", "kubeconfig_user=alice", "-e", "kubeconfig_signed_by=api", fails=True)
    assert "unreachable" in told.lower()
    assert not (controller.folder / "alice.kubeconfig").exists() and controller.recorded == []
