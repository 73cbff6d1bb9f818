# SPDX-License-Identifier: GPL-3.0-or-later
"""An authority is replaced in phases, each of which may be killed at any moment."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import pytest
from replacing import Killed, Vault, killed_at

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, generations, trust_on_hosts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import (
    KUBERNETES_AND_NODE,
    NODE,
    NODE_CERTIFICATE,
    NODE_KEY,
    Pki,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.replacement import PHASES, SUBJECTS, Replacement

NOW = 1_800_000_000.0
LEAF = {"name": "leaf", "authority": "etcd", "common_name": "leaf", "usages": ["client"]}


def filled(directory: pathlib.Path) -> Pki:
    pki = Pki(directory, now=NOW)
    for name in ("kubernetes-ca.crt", "etcd-ca.crt", "front-proxy-ca.crt", "service-account.key", "service-account.pub"):
        pki.read(name)
    return pki


def filled_with(directory: pathlib.Path, subject: str) -> None:
    """As a cluster has it in which there is this subject."""
    pki = filled(directory)
    if subject == NODE:
        pki.read(NODE_KEY)


def replacement(directory: pathlib.Path, subject: str = "etcd", *, now: float = NOW) -> Replacement:
    return Replacement(Pki(directory, now=now), subject, now=now)


def served(directory: pathlib.Path, subject: str) -> list[str]:
    name = "service-account" if subject == "service-account" else certs.authority_name(subject)
    # Masters sign with the authority of kubelets, and all hosts trust it beside that of the API.
    file = KUBERNETES_AND_NODE if subject == NODE else generations.public_name(name)
    text = Pki(directory, now=NOW).read(file)[0]
    assert Pki(directory, check_mode=True, now=NOW).served(file) == text, "the list of certificates knows it, too"
    others = served(directory, "kubernetes") if subject == NODE else []
    return [block for block in generations.blocks(text) if block not in others]


def signs(directory: pathlib.Path, subject: str) -> str:
    """The public part of what signs now; shows that its key is found."""
    pki = Pki(directory, now=NOW)
    if subject == "service-account":
        key = certs.serialization.load_pem_private_key(str(pki.read("service-account.key")[0]).encode(), password=None)
        return certs.public_pem(key.public_key())
    if subject == NODE:
        (own,) = generations.blocks(pki.read(NODE_CERTIFICATE)[0])
        assert certs.belong_together(own, pki.read(NODE_KEY)[0] or ""), "masters get a pair"
        return own
    made = pki.sign(subject, request(directory), {**LEAF, "authority": subject})
    signers = [block for block in served(directory, subject) if certs.issued_by_any(made, [block])]
    assert len(signers) == 1
    return signers[0]


def request(directory: pathlib.Path) -> str:
    key = directory / "leaf.key"
    if not key.exists():
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key)], check=True)
    done = subprocess.run(["openssl", "req", "-new", "-key", str(key), "-subj", "/CN=x"], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.mark.parametrize("subject", SUBJECTS)
def test_phases(tmp_path: pathlib.Path, subject: str) -> None:
    filled_with(tmp_path, subject)
    (old,) = served(tmp_path, subject)
    replacement(tmp_path, subject).accept()
    assert replacement(tmp_path, subject).phase == "accepted"
    trusted = served(tmp_path, subject)
    assert trusted[0] == signs(tmp_path, subject) == old
    assert len(trusted) == 2
    replacement(tmp_path, subject).switch()
    assert replacement(tmp_path, subject).phase == "switched"
    assert served(tmp_path, subject) == trusted, "hosts need not be told again"
    assert signs(tmp_path, subject) == trusted[1]
    replacement(tmp_path, subject).drop()
    assert replacement(tmp_path, subject).phase == "dropped"
    assert served(tmp_path, subject) == [trusted[1]]
    assert signs(tmp_path, subject) == trusted[1]
    name = replacement(tmp_path, subject).name
    assert old in generations.blocks(Pki(tmp_path).known(generations.public_name(name))), "a host that was away is known by it"
    replacement(tmp_path, subject).finish()
    assert replacement(tmp_path, subject).phase == "none"
    left = {path.name for path in tmp_path.glob(f"{name}*")}
    assert left == {generations.public_name(name), generations.public_name(name, "retired"), f"{name}.key"}


@pytest.mark.parametrize("subject", ["etcd", "node", "service-account"])
def test_a_phase_may_be_killed_at_every_change_of_a_file(tmp_path: pathlib.Path, subject: str, monkeypatch: pytest.MonkeyPatch) -> None:
    filled_with(tmp_path / "begin", subject)
    killed = 0
    for phase, method in zip(PHASES[1:], ("accept", "switch", "drop"), strict=True):
        for moment in range(20):
            tree = tmp_path / f"{method}{moment}"
            shutil.copytree(tmp_path / "begin", tree)
            before = replacement(tree, subject).phase
            signing = signs(tree, subject)
            with monkeypatch.context() as patch:
                patch.setattr(atomic_file, "write", killed_at(moment, atomic_file.write, counter := [0]))
                patch.setattr(atomic_file, "create", killed_at(moment, atomic_file.create, counter))
                patch.setattr(pathlib.Path, "unlink", killed_at(moment, pathlib.Path.unlink, counter))
                try:
                    getattr(replacement(tree, subject), method)()
                except Killed:
                    killed += 1
                else:
                    break
            assert replacement(tree, subject).phase in (before, phase)
            assert signs(tree, subject) in served(tree, subject)
            assert signing in served(tree, subject) or method == "drop", "what has signed is trusted until it is dropped"
            getattr(replacement(tree, subject), method)()
            assert replacement(tree, subject).phase == phase
            replacement(tree, subject).finish()
            assert signs(tree, subject) in served(tree, subject)
        getattr(replacement(tmp_path / "begin", subject), method)()
    assert killed > 8


def test_an_authority_of_the_operator(tmp_path: pathlib.Path) -> None:
    filled(tmp_path)
    other = tmp_path / "other"
    filled(other)
    shutil.copy(other / "etcd-ca.crt", tmp_path / "etcd-ca.next.crt")
    shutil.copy(other / "kubernetes-ca.key", tmp_path / "etcd-ca.next.key")
    with pytest.raises(PkiError, match=r"etcd-ca.next.crt and its .key file do not belong together"):
        replacement(tmp_path).accept()
    shutil.copy(other / "etcd-ca.key", tmp_path / "etcd-ca.next.key")
    replacement(tmp_path).accept()
    replacement(tmp_path).switch()
    assert signs(tmp_path, "etcd") == (other / "etcd-ca.crt").read_text()


def test_a_leaf_is_no_authority(tmp_path: pathlib.Path) -> None:
    pki = filled(tmp_path)
    (tmp_path / "etcd-ca.next.crt").write_text(pki.sign("etcd", request(tmp_path), LEAF))
    shutil.copy(tmp_path / "leaf.key", tmp_path / "etcd-ca.next.key")
    with pytest.raises(PkiError, match=r"no certificate of an authority"):
        replacement(tmp_path).accept()


def test_an_expired_authority_is_switched_at_once(tmp_path: pathlib.Path) -> None:
    filled(tmp_path)
    later = NOW + 11 * 365 * 86400
    replacement(tmp_path, now=later).accept()
    assert replacement(tmp_path, now=later).phase == "switched"
    Pki(tmp_path, now=later).sign("etcd", request(tmp_path), LEAF)


def test_the_new_key_is_encrypted_if_the_old_one_is(tmp_path: pathlib.Path) -> None:
    filled(tmp_path)
    key = tmp_path / "etcd-ca.key"
    key.write_bytes(Vault().encrypt(key.read_bytes()))
    with pytest.raises(PkiError, match=r"there is no vault secret"):
        replacement(tmp_path).accept()
    pki = Pki(tmp_path, now=NOW, vault=Vault())
    for method in ("accept", "switch", "drop", "finish"):
        getattr(Replacement(pki, "etcd", now=NOW), method)()
    assert key.read_bytes().startswith(b"$ANSIBLE_VAULT")
    pki.sign("etcd", request(tmp_path), LEAF)


def test_a_phase_waits_for_all_hosts(tmp_path: pathlib.Path) -> None:
    pki = filled(tmp_path)
    old_leaf = pki.sign("etcd", request(tmp_path), LEAF)
    (old,) = served(tmp_path, "etcd")

    def refusal(*hosts: dict[str, str | None] | None, without: tuple[str, ...] = ()) -> str:
        work = replacement(tmp_path)
        found = {f"h{number}": host for number, host in enumerate(hosts)}
        try:
            trust_on_hosts.refuse(work.phase, work, found, bundles=["/ca"], without=without)
        except PlanError as error:
            return error.message
        return ""

    assert "h1 did not answer" in refusal({"/ca": old}, None)
    assert refusal({"/ca": old}, None, without=("h1",)) == ""
    assert "replace_without names h7" in refusal({"/ca": old}, without=("h7",))
    assert "h0 does not trust the present etcd-ca in /ca" in refusal({"/ca": "something else"})
    assert refusal({"/ca": None}) == ""
    replacement(tmp_path).accept()
    both = "".join(served(tmp_path, "etcd"))
    assert "h0 does not trust the new etcd-ca in /ca" in refusal({"/ca": old})
    assert refusal({"/ca": both, "/leaf": old_leaf}) == ""
    replacement(tmp_path).switch()
    assert "h0 has /leaf, which the old etcd-ca has issued" in refusal({"/ca": both, "/leaf": old_leaf})
    new_leaf = Pki(tmp_path, now=NOW).sign("etcd", request(tmp_path), LEAF)
    assert refusal({"/ca": both, "/leaf": new_leaf}) == ""
    assert "h0 has the old etcd-ca in /signer" in refusal({"/ca": both, "/signer": old})
    replacement(tmp_path).drop()
    assert "h0 still trusts the old etcd-ca in /ca" in refusal({"/ca": both, "/leaf": new_leaf})
    assert refusal({"/ca": "".join(served(tmp_path, "etcd")), "/leaf": new_leaf}) == ""
