# SPDX-License-Identifier: GPL-3.0-or-later
"""The administrator's kubeconfig, written by ansible-playbook."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import stat
import subprocess
import sys
import time
import typing as t

import pytest
import yaml
from certificates_bench import openssl

from ansible_collections.barehost.kubernetes.plugins.action import admin_kubeconfig
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import administrator
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

pytestmark = pytest.mark.slow

COLLECTIONS = pathlib.Path(admin_kubeconfig.__file__).parents[4].parent
SPEC = {"name": "lab", "api": {"url": "https://192.168.200.100:6443"}}


class Controller:
    """A directory with an inventory of two hosts that nobody can reach, which nobody has to."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.path = directory / "kubeconfig"
        self.pki = directory / "pki"

    def run(self, *flags: str, fails: bool = False, spec: dict[str, t.Any] | None = None, **options: str) -> dict[str, t.Any]:
        """Runs the task once; returns its result."""
        cluster = {**SPEC, "pki_directory": str(self.pki)} if spec is None else spec
        hosts = {name: {"ansible_host": "192.0.2.1"} for name in ("one", "two")}
        inventory = {"all": {"hosts": hosts, "vars": {"cluster": cluster}}}
        (self.directory / "hosts.yml").write_text(yaml.safe_dump(inventory))
        task = {"barehost.kubernetes.admin_kubeconfig": {"path": str(self.path), **options}}
        (self.directory / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
        surroundings = {
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_STDOUT_CALLBACK": "default",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
            "ANSIBLE_NOCOLOR": "1",
        }
        command = [pathlib.Path(sys.executable).with_name("ansible-playbook"), "-v", "-i", "hosts.yml", "play.yml", *flags]
        done = subprocess.run(command, cwd=self.directory, env={**os.environ, **surroundings}, capture_output=True, text=True, check=False)
        assert "PRIVATE KEY" not in done.stdout + done.stderr
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        self.output = done.stdout + done.stderr
        return t.cast(dict[str, t.Any], _result(done.stdout))

    def config(self) -> dict[str, t.Any]:
        return t.cast(dict[str, t.Any], yaml.safe_load(self.path.read_text()))

    def data(self, part: str, name: str) -> str:
        section = self.config()[f"{part}s"][0][part]
        return base64.b64decode(section[name]).decode()


def _result(output: str) -> t.Any:
    """The JSON of the one task result in the callback's output."""
    starts = [output.index(mark) + len(mark) for mark in ("=> ", "FAILED! => ") if mark in output]
    return json.JSONDecoder().raw_decode(output, max(starts))[0]


@pytest.fixture
def controller(tmp_path: pathlib.Path) -> Controller:
    return Controller(tmp_path)


def test_its_life(controller: Controller, tmp_path: pathlib.Path) -> None:
    predicted = controller.run("--check", "--diff")
    assert not controller.path.exists() and not controller.pki.exists()
    done = controller.run()
    wanted = {"action": "write", "kind": "kubeconfig", "path": str(controller.path), "reason": "absent"}
    assert predicted["changed"] is done["changed"] is True
    assert predicted["actions"] == done["actions"] == [wanted]
    assert stat.S_IMODE(controller.path.stat().st_mode) == 0o600
    config = controller.config()
    assert config["current-context"] == "kubernetes-admin@lab"
    assert config["clusters"][0]["cluster"]["server"] == SPEC["api"]["url"]
    client, key = tmp_path / "client.crt", controller.data("user", "client-key-data")
    client.write_text(controller.data("user", "client-certificate-data"))
    openssl("verify", "-purpose", "sslclient", "-CAfile", str(controller.pki / "kubernetes-ca.crt"), str(client))
    subject = openssl("x509", "-in", str(client), "-noout", "-subject", "-pubkey")
    assert subject == "subject=O = system:masters, CN = kubernetes-admin\n" + openssl("pkey", "-pubout", text=key)
    assert controller.data("cluster", "certificate-authority-data") == (controller.pki / "kubernetes-ca.crt").read_text()

    before = controller.path.read_bytes()
    again = controller.run()
    assert (again["changed"], again["actions"]) == (False, [])
    assert controller.path.read_bytes() == before

    moved = controller.run("--diff", server="https://api.example:6443")
    assert moved["actions"][0]["reason"] == "its cluster, server or names differ"
    assert "-server: https://192.168.200.100:6443" in controller.output and "+server: https://api.example:6443" in controller.output
    assert controller.data("user", "client-key-data") == key
    assert controller.run()["changed"] is True


def test_what_is_mended(controller: Controller) -> None:
    controller.run()
    key = controller.data("user", "client-key-data")
    controller.path.chmod(0o644)
    assert controller.run()["actions"][0]["reason"] == "found mode 0644, wanted 0600"
    assert stat.S_IMODE(controller.path.stat().st_mode) == 0o600
    assert controller.data("user", "client-key-data") == key

    for name in ("kubernetes-ca.crt", "kubernetes-ca.key"):
        (controller.pki / name).unlink()
    Pki(controller.pki).certificate("kubernetes")
    assert controller.run()["actions"][0]["reason"] == "the certificate in it: it was not issued by the present kubernetes-ca"
    assert controller.data("user", "client-key-data") != key

    controller.path.write_text("nonsense: [")
    assert controller.run()["actions"][0]["reason"] == "it is not a kubeconfig that holds a certificate"


def test_f1_a_kubeconfig_is_not_replaced_by_one_of_a_new_authority(controller: Controller) -> None:
    controller.run()
    before = controller.path.read_bytes()
    for name in ("kubernetes-ca.crt", "kubernetes-ca.key"):
        (controller.pki / name).unlink()
    assert "has no kubernetes-ca.crt" in controller.run(fails=True)["msg"]
    assert controller.path.read_bytes() == before
    assert not (controller.pki / "kubernetes-ca.key").exists()


def test_it_is_renewed_in_time(controller: Controller) -> None:
    certificate, key = admin_kubeconfig._new_client(Pki(controller.pki, now=time.time() - 340 * 86400), administrator.CLIENT)
    authority = (controller.pki / "kubernetes-ca.crt").read_text()
    config = administrator.Wanted({"lab": "https://192.168.200.100:6443"}, authority, authority).config(certificate, key)
    controller.path.write_text(yaml.safe_dump(config))
    controller.path.chmod(0o600)
    result = controller.run()
    assert "within 30 days" in result["actions"][0]["reason"]
    assert controller.run()["changed"] is False


def test_every_master_where_each_node_balances_for_itself(controller: Controller) -> None:
    nodes = {host: {"name": f"{host}.example", "address": f"192.0.2.{number}"} for number, host in enumerate(("m1", "m2"), 1)}
    api = {"mode": "local", "url": "https://127.0.0.1:6444", "server_port": 6443}
    spec: dict[str, t.Any] = {"name": "lab", "api": api, "masters": ["m1", "m2"], "nodes": nodes, "pki_directory": str(controller.pki)}
    controller.run(spec=spec)
    config = yaml.safe_load(controller.path.read_text())
    servers = {entry["name"]: entry["cluster"]["server"] for entry in config["clusters"]}
    assert servers == {"lab:m1.example": "https://192.0.2.1:6443", "lab:m2.example": "https://192.0.2.2:6443"}
    chosen = controller.path.read_text().replace("current-context: kubernetes-admin@lab:m1", "current-context: kubernetes-admin@lab:m2")
    controller.path.write_text(chosen)
    assert controller.run(spec=spec)["changed"] is False
    spec["masters"] = ["m1"]
    assert controller.run(spec=spec)["changed"] is True
    assert yaml.safe_load(controller.path.read_text())["current-context"] == "kubernetes-admin@lab:m1.example"


def test_faults_are_told(controller: Controller) -> None:
    missing = controller.run(fails=True, spec={"name": "lab"})
    assert "server, pki_directory not given" in missing["msg"] and "cluster_spec" in missing["msg"]
    controller.run()
    (controller.pki / "kubernetes-ca.crt").write_text("nonsense")
    assert "kubernetes-ca.crt is no certificate in PEM form" in controller.run(fails=True)["msg"]


def test_a_controller_without_the_key_of_the_authority(controller: Controller) -> None:
    """A file that is well stays, one that is absent is a warning, and what has to be signed is an error."""
    controller.run()
    before = controller.path.read_bytes()
    key = controller.pki / "kubernetes-ca.key"
    key.rename(controller.directory / "away")
    assert controller.run()["changed"] is False
    spec = {**SPEC, "pki_directory": str(controller.pki), "certificates": {"administrator": {"days": 9, "renew_before_days": 3}}}
    for check in ((), ("--check",)):
        told = controller.run(*check, spec=spec, fails=True)["msg"]
        assert f"{controller.path} was not changed" in told and "its lifetime differs" in told and f"{key} is missing" in told
        assert controller.path.read_bytes() == before
    controller.path.unlink()
    assert controller.run()["changed"] is False
    assert f"{controller.path} is absent and was not written. {key} is missing" in " ".join(controller.output.split())
    (controller.directory / "away").rename(key)
    assert controller.run(spec=spec)["changed"] is True
    assert controller.run(spec=spec)["changed"] is False
    ends = openssl("x509", "-noout", "-checkend", str(8 * 86400), text=controller.data("user", "client-certificate-data"))
    assert "will not expire" in ends
    with pytest.raises(AssertionError):
        openssl("x509", "-noout", "-checkend", str(9 * 86400), text=controller.data("user", "client-certificate-data"))
