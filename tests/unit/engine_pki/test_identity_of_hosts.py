# SPDX-License-Identifier: GPL-3.0-or-later
"""F1: the action plugin asks a host to which cluster it belongs before it changes anything, on the controller too."""

from __future__ import annotations

import pathlib
import sys
import time
import types
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.barehost.kubernetes.plugins.action import component
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.identity import digests
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import first_looks, run_directory
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.encryption_replacement import EncryptionReplacement
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.identity import IdentityError

ABSENT = {"type": "absent", "same": False, "text": None}
THERE = {**ABSENT, "type": "file"}
FILES = [
    {"path": "/etc/kubernetes/encryption-config.yaml", "pki": "encryption-config.yaml"},
    {"path": "/etc/etcd/pki/ca.crt", "pki": "etcd-ca.crt"},
]


class Answers:
    """A host whose files are as given; it changes nothing and remembers what was to be written."""

    name = "one"

    def __init__(self, *files: dict[str, t.Any], keys: dict[str, list[str]] | None = None, behind: float = 0.0) -> None:
        self.files = files
        self.behind = behind
        self.keys = keys or {}
        self.written: list[str] = []

    def step(self, step: str, payload: dict[str, t.Any]) -> dict[str, t.Any]:
        if step == "collect":
            return {"state": {"file": list(self.files)}, "keys": self.keys, "time": time.time() - self.behind}
        self.written += [action["target"] for action in payload["actions"]]
        return {"outcomes": {}, "units": {}}


def converge(
    monkeypatch: pytest.MonkeyPatch, pki: pathlib.Path, host: Answers, *, check_mode: bool, variables: dict[str, t.Any] | None = None
) -> None:
    monkeypatch.setattr(component, "Host", lambda _action, _variables: host)
    monkeypatch.setattr(run_directory.constants, "DEFAULT_LOCAL_TMP", str(pki.parent), raising=False)
    task = types.SimpleNamespace(args={"name": "x", "pki": str(pki), "files": FILES}, check_mode=check_mode, diff=False, delegate_to=None)
    loader = DataLoader()
    component.ActionModule(task, None, None, loader, Templar(loader=loader), None)._converge(
        {"inventory_hostname": "one", **(variables or {})}
    )


@pytest.mark.parametrize("check_mode", [False, True])
def test_f1_a_host_that_has_what_the_pki_directory_lacks_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, check_mode: bool
) -> None:
    host = Answers(THERE, ABSENT)
    with pytest.raises(
        IdentityError, match=r"one: it has /etc/kubernetes/encryption-config\.yaml, and the PKI directory .* has no encryption"
    ):
        converge(monkeypatch, tmp_path / "pki", host, check_mode=check_mode)
    assert host.written == []
    assert not (tmp_path / "pki").exists(), "nothing is created on the controller for a cluster that has lost its PKI"


def test_a_bare_host_gets_what_is_created_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    host = Answers(ABSENT, ABSENT)
    converge(monkeypatch, tmp_path / "pki", host, check_mode=False)
    assert host.written == [file["path"] for file in FILES]
    assert (tmp_path / "pki/etcd-ca.crt").exists()


def test_check_mode_creates_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    converge(monkeypatch, tmp_path / "pki", Answers(ABSENT, ABSENT), check_mode=True)
    assert not (tmp_path / "pki").exists()


def test_f1_a_pki_directory_that_has_lost_only_the_encryption_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    Pki(tmp_path / "pki").certificate("etcd")
    with pytest.raises(IdentityError, match="would make unusable what the cluster has encrypted"):
        converge(monkeypatch, tmp_path / "pki", Answers(THERE, THERE), check_mode=False)
    assert not (tmp_path / "pki/encryption-config.yaml").exists()


def test_a_balancer_of_a_cluster_without_its_authority_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """What HAProxy trusts has a name of its own in the PKI, and the authority's file is what is lost."""
    files = [{"path": "/etc/haproxy/kubernetes-ca.crt", "pki": "kubernetes-ca.chain.crt"}]
    monkeypatch.setattr(sys.modules[__name__], "FILES", files)
    with pytest.raises(IdentityError, match=r"it has /etc/haproxy/kubernetes-ca.crt, and the PKI directory .* has no kubernetes-ca\.crt"):
        converge(monkeypatch, tmp_path / "pki", Answers(THERE), check_mode=False)
    assert not (tmp_path / "pki").exists()
    bare = Answers(ABSENT)
    converge(monkeypatch, tmp_path / "pki", bare, check_mode=False)
    assert bare.written == ["/etc/haproxy/kubernetes-ca.crt"]


def test_balancers_get_a_password_of_their_own_after_one_of_the_inventory(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """`balancer_password` wrote the file; without it, the file comes from the PKI directory, which has none yet."""
    name = "keepalived-authentication.conf"
    monkeypatch.setattr(sys.modules[__name__], "FILES", [{"path": "/etc/keepalived/authentication.conf", "pki": name, "mode": "0600"}])
    owner = {"owner": "root", "group": "root", "uid": "0", "gid": "0", "mode": "0600", "target": ""}
    host = Answers({**THERE, **owner})
    converge(monkeypatch, tmp_path / "pki", host, check_mode=False)
    assert host.written == ["/etc/keepalived/authentication.conf"]
    assert (tmp_path / "pki" / name).exists()


@pytest.mark.parametrize("check_mode", [False, True])
def test_f1_a_key_of_secrets_is_not_replaced_by_another(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, check_mode: bool) -> None:
    """As where a new master got a new key in the run before, because the PKI directory had lost the cluster's."""
    pki = Pki(tmp_path / "pki")
    pki.certificate("etcd")
    own = digests(str(pki.read("encryption-config.yaml")[0]))
    path = FILES[0]["path"]
    host = Answers(THERE, THERE, keys={path: ["0" * 64]})
    with pytest.raises(IdentityError, match=r"encryption-config\.yaml has no key in common with"):
        converge(monkeypatch, tmp_path / "pki", host, check_mode=check_mode)
    assert host.written == []
    # A PKI directory from before a replacement has the old key, and would take the one away that writes.
    replaced = Answers(THERE, THERE, keys={path: ["0" * 64, *own]})
    with pytest.raises(IdentityError, match=r"encryption-config\.yaml has a key that is not in"):
        converge(monkeypatch, tmp_path / "pki", replaced, check_mode=check_mode)
    assert replaced.written == []
    as_wanted = {**THERE, "same": True, "owner": "root", "group": "root", "mode": "0600", "uid": 0, "gid": 0}
    present = Answers(as_wanted, as_wanted, keys={path: own})
    assert len(own) == 1
    converge(monkeypatch, tmp_path / "pki", present, check_mode=True)


def test_a_host_that_was_away_while_the_key_of_secrets_was_replaced_is_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    pki = Pki(tmp_path / "pki")
    pki.certificate("etcd")
    pki.read("service-account.pub")
    host = Answers(THERE, THERE, keys={FILES[0]["path"]: digests(str(pki.read("encryption-config.yaml")[0]))})
    for method in ("accept", "switch", "drop", "finish"):
        getattr(EncryptionReplacement(pki, now=1_800_000_000.0), method)()
    converge(monkeypatch, tmp_path / "pki", host, check_mode=False)
    assert host.written == [file["path"] for file in FILES]


@pytest.mark.parametrize(("variables", "asked"), [({}, True), ({first_looks.ALLOWED: True}, False), ({first_looks.ALLOWED: False}, True)])
def test_only_a_play_that_says_so_uses_what_a_survey_saw(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, variables: dict[str, t.Any], asked: bool
) -> None:
    questions: list[dict[str, t.Any]] = []
    host = Answers(ABSENT, ABSENT)
    answer = host.step

    def step(name: str, payload: dict[str, t.Any]) -> dict[str, t.Any]:
        questions.extend([payload] if name == "collect" else [])
        return answer(name, payload)

    monkeypatch.setattr(host, "step", step)
    converge(monkeypatch, tmp_path / "pki", host, check_mode=True)
    request = questions.pop()
    first_looks.FirstLooks(tmp_path, host="one").save([(request, answer("collect", request))])
    converge(monkeypatch, tmp_path / "pki", host, check_mode=True, variables=variables)
    assert bool(questions) is asked


def test_the_authority_of_kubelets_is_not_made_anew_for_a_node_that_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """What a node gets is two authorities in one file. The one that is lost is named."""
    pki = Pki(tmp_path / "pki")
    pki.certificate("kubernetes")
    files = [{"path": "/etc/kubernetes/pki/kubernetes-and-node-ca.crt", "pki": "kubernetes-and-node-ca.crt"}]
    monkeypatch.setattr(sys.modules[__name__], "FILES", files)
    with pytest.raises(IdentityError, match=r"it has /etc/kubernetes/pki/kubernetes-and-node-ca\.crt, and .* has no node-ca\.crt"):
        converge(monkeypatch, tmp_path / "pki", Answers(THERE), check_mode=False)
    assert not (tmp_path / "pki" / "node-ca.crt").exists()
    converge(monkeypatch, tmp_path / "pki", Answers(ABSENT), check_mode=False)
    assert (tmp_path / "pki" / "node-ca.crt").exists()
