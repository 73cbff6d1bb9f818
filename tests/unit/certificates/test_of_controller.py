# SPDX-License-Identifier: GPL-3.0-or-later
"""The PKI directory and the administrator's kubeconfig in the list. Nothing there is changed."""

from __future__ import annotations

import base64
import pathlib

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from made import DAY, NOW, Made

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.entries import Entry, judged
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.of_controller import found_on_controller
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import administrator, authorities, certs, issued, issuing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.encryption_replacement import EncryptionReplacement


@pytest.fixture
def directory(tmp_path: pathlib.Path) -> pathlib.Path:
    pki = Pki(tmp_path / "pki", now=NOW)
    for name in ("kubernetes-ca.crt", "etcd-ca.crt", "front-proxy-ca.crt", "service-account.pub", "encryption-config.yaml"):
        pki.read(name)
    return pki.directory


def listed(directory: pathlib.Path, *, now: float = NOW, vault: VaultLib | None = None) -> dict[str, Entry]:
    before = {path: (path.stat().st_mtime_ns, path.stat().st_mode) for path in directory.rglob("*")}
    known = authorities.of_directory(directory, vault=vault)
    pki = Pki(directory, check_mode=True, vault=vault)
    found = found_on_controller(pki, authorities=known, kubeconfig=directory.parent / "kubeconfig", now=now)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_mode) for path in directory.rglob("*")} == before
    return {pathlib.PurePath(entry.path).name: judged(entry, days=30, now=now) for entry in found}


def kubeconfig(directory: pathlib.Path, *, at: float = NOW, authority: str = "kubernetes") -> pathlib.Path:
    """The administrator's file, as the action plugin writes it."""
    root, signer = ((directory / f"{authority}-ca.{suffix}").read_text() for suffix in ("crt", "key"))
    key = certs.new_key()
    signed = issuing.make_leaf(
        administrator.CLIENT,
        key.public_key(),
        authority=certs.x509.load_pem_x509_certificate(root.encode()),
        authority_key=certs.serialization.load_pem_private_key(signer.encode(), password=None),
        now=at,
    )
    texts = {"ca": root, "cert": certs.pem(signed), "key": certs.private_pem(key)}
    data = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
    path = directory.parent / "kubeconfig"
    user = {"client-certificate-data": data["cert"], "client-key-data": data["key"]}
    cluster = {"server": "https://192.0.2.1:6443", "certificate-authority-data": data["ca"]}
    path.write_text(yaml.safe_dump({"clusters": [{"cluster": cluster}], "users": [{"user": user}]}))
    path.chmod(0o600)
    return path


def test_a_sound_directory(directory: pathlib.Path) -> None:
    kubeconfig(directory)
    found = listed(directory)
    assert {name: entry.state for name, entry in found.items()} == dict.fromkeys(
        [
            "kubernetes-ca.crt",
            "etcd-ca.crt",
            "front-proxy-ca.crt",
            "service-account.pub",
            "service-account.key",
            "encryption-config.yaml",
            "kubeconfig",
        ],
        "ok",
    )
    assert found["kubernetes-ca.crt"].details == "with its key"
    assert found["encryption-config.yaml"].details == "secretbox: key1; identity"
    assert (found["kubeconfig"].days_left, found["kubeconfig"].issuer) == (364, "kubernetes-ca")
    secret = yaml.safe_load((directory / "encryption-config.yaml").read_text())["resources"][0]["providers"][0]["secretbox"]["keys"][0][
        "secret"
    ]
    assert secret not in str(found)


def test_nothing_is_there(tmp_path: pathlib.Path) -> None:
    assert {entry.state for entry in listed(tmp_path / "pki").values()} == {"missing"}


def test_keys_that_are_kept_elsewhere_lie_open_or_belong_to_others(directory: pathlib.Path) -> None:
    (directory / "etcd-ca.key").unlink()
    (directory / "front-proxy-ca.key").chmod(0o640)
    (directory / "kubernetes-ca.key").write_text((directory / "front-proxy-ca.key").read_text())
    (directory / "service-account.pub").write_text(certs.public_pem(certs.new_key().public_key()))
    (directory / "encryption-config.yaml").chmod(0o644)
    found = listed(directory)
    assert (found["etcd-ca.crt"].details, found["etcd-ca.crt"].state) == ("without its key etcd-ca.key: nothing can be issued", "ok")
    assert found["front-proxy-ca.crt"].differences == (
        "its key front-proxy-ca.key: mode 0640 lets others of this machine at it, wanted 0600",
    )
    assert found["kubernetes-ca.crt"].differences == ("its key kubernetes-ca.key does not belong to it",)
    assert found["service-account.key"].differences == ("service-account.pub does not belong to it",)
    assert found["encryption-config.yaml"].differences == ("mode 0644 lets others of this machine at it, wanted 0600",)


def test_retired_keys_of_secrets(directory: pathlib.Path) -> None:
    pki = Pki(directory, now=NOW)
    for method in ("accept", "switch", "drop", "finish"):
        getattr(EncryptionReplacement(pki, now=NOW), method)()
    entry = listed(directory)["encryption-config.retired.yaml"]
    assert (entry.state, entry.details) == ("ok", "retired, for older snapshots: secretbox: key1")
    assert str(pki.stored("encryption-config.retired.yaml")).split("secret:")[1].strip() not in str(entry)
    (directory / "encryption-config.retired.yaml").write_text("keys: [{")
    assert listed(directory)["encryption-config.retired.yaml"].details == "retired, for older snapshots: it cannot be read"


def test_authorities_end(directory: pathlib.Path) -> None:
    assert {listed(directory, now=NOW + age * DAY)["etcd-ca.crt"].state for age in (3284, 3285, 3619, 3620, 3650)} == {
        "ok",
        "warning",
        "due",
        "expired",
    }


def test_keys_that_ansible_vault_has_encrypted(directory: pathlib.Path) -> None:
    vault = VaultLib([("default", VaultSecret(b"secret"))])
    for name in ("etcd-ca.key", "service-account.key"):
        (directory / name).write_bytes(vault.encrypt((directory / name).read_text()))
        (directory / name).chmod(0o644)
    found = listed(directory, vault=vault)
    assert (found["etcd-ca.crt"].state, found["service-account.key"].state) == ("ok", "ok")
    closed = listed(directory)
    assert closed["etcd-ca.crt"].details == "with its key etcd-ca.key, which is encrypted: nothing can be issued without the vault secret"
    assert (closed["etcd-ca.crt"].state, closed["etcd-ca.crt"].differences) == ("ok", ())
    other = listed(directory, vault=VaultLib([("default", VaultSecret(b"another"))]))
    assert "cannot be decrypted" in other["etcd-ca.crt"].differences[0]
    assert closed["service-account.key"].state == "unreadable"


@pytest.mark.parametrize("content", ["rubbish", "resources: 7", "resources: [{providers: [{secretbox: x}]}]", "- - {"])
def test_an_encryption_configuration_that_cannot_be_read(directory: pathlib.Path, content: str) -> None:
    (directory / "encryption-config.yaml").write_text(content)
    assert listed(directory)["encryption-config.yaml"].details == "it cannot be read"


def test_the_kubeconfig(directory: pathlib.Path) -> None:
    path = kubeconfig(directory, at=NOW - 340 * DAY)
    path.chmod(0o644)
    found = listed(directory)["kubeconfig"]
    assert (found.state, found.days_left) == ("due", 24)
    assert found.differences == ("mode 0644 lets others of this machine at it, wanted 0600",)
    kubeconfig(directory, authority="etcd")
    assert listed(directory)["kubeconfig"].differences == (
        "it was not issued by the present kubernetes-ca",
        "it does not trust the present kubernetes-ca",
    )
    path.write_text("clusters: []")
    assert listed(directory)["kubeconfig"].state == "unreadable"
    path.unlink()
    path.mkdir()
    assert listed(directory)["kubeconfig"].state == "unreadable"


def test_another_clusters_directory_is_seen_by_its_fingerprints(tmp_path: pathlib.Path) -> None:
    one, other = (Made(tmp_path / name).authorities["etcd"] for name in ("a", "b"))
    assert one.certificate is not None and other.certificate is not None
    assert not certs.issued_by(one.certificate, other.certificate)


def test_what_people_were_given_is_listed_and_is_no_fault(directory: pathlib.Path) -> None:
    """It is to end soon, and nothing of the cluster ends with it."""
    pki = Pki(directory, check_mode=True)
    root, signer = ((directory / f"kubernetes-ca.{suffix}").read_text() for suffix in ("crt", "key"))
    for user, groups in (("alice", ["developers"]), ("bob", ["system:masters"])):
        item = {**administrator.CLIENT, "common_name": user, "organizations": groups, "days": 3, "renew_before_days": 0}
        made = issuing.make_leaf(
            item,
            certs.new_key().public_key(),
            authority=certs.x509.load_pem_x509_certificate(root.encode()),
            authority_key=certs.serialization.load_pem_private_key(signer.encode(), password=None),
            now=NOW,
        )
        issued.record(pki, made)
    found = {entry.subject: entry for entry in listed(directory).values() if entry.kind == "person"}
    assert {subject: (entry.state, entry.days_left, entry.details) for subject, entry in found.items()} == {
        "O=developers, CN=alice": ("ok", 2, "issued to a person"),
        "O=system:masters, CN=bob": ("ok", 2, "issued to a person, who may do everything until then"),
    }
    assert not [entry for entry in listed(directory, now=NOW + 4 * DAY).values() if entry.kind == "person"]
