# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook in real runs. Its hosts are this machine, which has no cluster, and one that nobody can reach."""

from __future__ import annotations

import json
import pathlib
import stat
import subprocess
import time
import typing as t

import played
import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

# Starting ansible-playbook takes seconds.
pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    played.write_inventory(tmp_path)
    pki = Pki(tmp_path / "pki", now=time.time() - 3640 * 86400)
    pki.certificate("kubernetes")
    return tmp_path


def play(folder: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return played.play("certificates.yml", *arguments, folder=folder)


def by_path(data: dict[str, t.Any]) -> dict[tuple[str, str], dict[str, t.Any]]:
    return {(entry["host"], entry["path"]): entry for entry in data["entries"]}


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_a_list_of_what_is_described(folder: pathlib.Path, check: tuple[str, ...]) -> None:
    done = play(folder, "-e", "certificates_json=list.json", "-e", "certificates_html=list.html", *check)
    assert done.returncode == 2, done.stdout + done.stderr
    data = json.loads((folder / "list.json").read_text())
    found = by_path(data)
    assert {entry["host"] for entry in data["entries"]} == {"controller", "m1"}
    assert [one["host"] for one in data["silent"]] == ["w1"] and "refused" in data["silent"][0]["reason"]
    assert data["faults"][1].startswith(f"controller: {folder}/pki/kubernetes-ca.crt ends on ") and data["faults"][1].endswith("in 9 days")
    assert all(fault in done.stdout + done.stderr for fault in data["faults"])
    wanted = {
        "/etc/kubernetes/pki/apiserver.crt": ("kube-apiserver", ["kube-apiserver.service"]),
        "/etc/etcd/pki/member.crt": ("etcd member", ["etcd.service"]),
        "/etc/etcd/pki/root.crt": ("etcd root", ["etcdctl"]),
        "/etc/kubernetes/scheduler.kubeconfig": ("system:kube-scheduler", ["kube-scheduler.service"]),
        "/etc/kubernetes/pki/service-account.key": (
            "key of service-account tokens",
            ["kube-apiserver.service", "kube-controller-manager.service"],
        ),
        "/etc/kubernetes/encryption-config.yaml": ("encryption of Secrets in etcd", ["kube-apiserver.service"]),
    }
    assert {path: (found["m1", path]["name"], found["m1", path]["used_by"]) for path in wanted} == wanted
    assert {entry["state"] for entry in data["entries"] if entry["host"] == "m1"} == {"missing"}
    assert "<title>Certificates of kubernetes</title>" in (folder / "list.html").read_text()
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in ("list.json", "list.html")} == {0o600}
    assert "changed=0" in done.stdout and sorted(path.name for path in (folder / "pki").iterdir()) == sorted(
        ["kubernetes-ca.crt", "kubernetes-ca.key"]
    )


def test_a_limit_and_a_number_of_days(folder: pathlib.Path) -> None:
    (folder / "list.json").touch(mode=0o644)
    done = play(folder, "-e", "certificates_days=5", "-e", "certificates_json=list.json", "--limit", "m1")
    assert done.returncode == 0, done.stdout + done.stderr
    data = json.loads((folder / "list.json").read_text())
    assert (data["well"], data["left_out"], data["days"]) == (True, ["w1"], 5)
    assert by_path(data)["controller", f"{folder}/pki/kubernetes-ca.crt"]["state"] == "warning"
    assert stat.S_IMODE((folder / "list.json").stat().st_mode) == 0o644
    assert "this authority ends on" in done.stderr + done.stdout


def test_no_host_answers(folder: pathlib.Path) -> None:
    done = play(folder, "-e", "certificates_json=list.json", "--limit", "w1")
    assert done.returncode == 2, done.stdout + done.stderr
    data = json.loads((folder / "list.json").read_text())
    assert {entry["host"] for entry in data["entries"]} == {"controller"}
    assert [one["host"] for one in data["silent"]] == ["w1"]


def test_wrong_options_are_told_before_a_host_is_asked(folder: pathlib.Path) -> None:
    done = play(folder, "-e", "certificates_days=soon", "-e", "certificates_htm=a.html")
    told = done.stdout + done.stderr
    assert done.returncode == 2
    assert "certificates_days is 'soon', wanted a whole number" in told and "did you mean certificates_html?" in told
    assert "Look at the host" not in told
