# SPDX-License-Identifier: GPL-3.0-or-later
"""The key of an authority is kept elsewhere: only what has to be signed fails, before anything is changed, for each authority."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.template import Templar
from certificates_bench import item_in
from test_pki import csr

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import description, rendering
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.component_state import ComponentState
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_templates import AnsibleTemplates
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import custody
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.custody import CustodyError, Wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import AUTHORITIES, Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.components import ComponentsPart

FOUND = {"type": "file", "owner": "root", "group": "root", "uid": "0", "gid": "0", "mode": "0644", "target": ""}


@pytest.fixture
def directory(tmp_path: pathlib.Path) -> pathlib.Path:
    for authority in AUTHORITIES:
        Pki(tmp_path / "pki").certificate(authority)
    return tmp_path / "pki"


def described(tmp_path: pathlib.Path) -> list[dict[str, t.Any]]:
    """A certificate of each authority."""
    return [
        {**item_in(tmp_path, authority=name, path=f"/etc/{name}.crt", key=f"/etc/{name}.key", owner="root", group="root"), "name": name}
        for name in AUTHORITIES
    ]


def part(tmp_path: pathlib.Path, pki: Pki) -> ComponentsPart:
    loader = DataLoader()
    parsed = description.parse_description({"name": "x", "certificates": described(tmp_path)})
    renderer = rendering.Renderer(
        find=lambda _kind, name: name, loader=loader, templates=AnsibleTemplates(Templar(loader=loader), {}, loader), read_pki=pki.read
    )
    return ComponentsPart([ComponentState(parsed, renderer=renderer, pki=pki, host="h")])


def answer(certificates: t.Sequence[str | None]) -> dict[str, t.Any]:
    """What a host says that has these certificates, with their keys."""
    found = [
        {
            "certificate": text,
            "certificate_found": FOUND if text else {**FOUND, "type": "absent"},
            "key": "matches",
            "key_found": {**FOUND, "mode": "0600"},
        }
        for text in certificates
    ]
    return {"state": {"certificate": found}, "keys": {}, "time": 0.0}


def signed(tmp_path: pathlib.Path, directory: pathlib.Path) -> list[str]:
    pki = Pki(directory)
    return [pki.sign(item["authority"], csr(tmp_path), item) for item in described(tmp_path)]


def test_without_anything_to_sign_no_key_is_missed(tmp_path: pathlib.Path, directory: pathlib.Path) -> None:
    """Neither one that is kept elsewhere, nor one that is encrypted."""
    texts = signed(tmp_path, directory)
    for number, key in enumerate(sorted(directory.glob("*-ca.key"))):
        if number:
            key.unlink()
        else:
            key.write_text("$ANSIBLE_VAULT;1.1;AES256\nnobody reads this")
    survey = part(tmp_path, Pki(directory))
    survey.request()
    assert survey.pending(answer(texts)) == {}
    assert survey.unsigned == []


@pytest.mark.parametrize("authority", AUTHORITIES)
def test_what_an_authority_without_its_key_has_to_sign(tmp_path: pathlib.Path, directory: pathlib.Path, authority: str) -> None:
    texts = signed(tmp_path, directory)
    key = directory / f"{authority}-ca.key"
    key.rename(tmp_path / "away")
    due = [None if name == authority else text for name, text in zip(AUTHORITIES, texts, strict=True)]
    survey = part(tmp_path, Pki(directory))
    survey.request()
    assert set(survey.pending(answer(due))) == {"x"}
    (found,) = survey.unsigned
    assert (found["path"], found["reason"]) == (f"/etc/{authority}.crt", "absent")
    told = custody.message({"w1": survey.unsigned, "w2": [], "w3": survey.unsigned})
    assert told.startswith(f"Nothing was changed on w1, w3: {key} is missing, so nothing can be signed.")
    assert f"It has to sign for w1: /etc/{authority}.crt (absent); w3: /etc/{authority}.crt (absent)." in told
    assert not key.exists(), "no new one was made"
    with pytest.raises(CustodyError, match="Put the key there for one run, with mode 0600"):
        custody.refuse("w1", survey.unsigned)
    # the others can still be signed
    others = [text if name == authority else None for name, text in zip(AUTHORITIES, texts, strict=True)]
    again = part(tmp_path, Pki(directory))
    again.request()
    assert set(again.pending(answer(others))) == {"x"}
    assert again.unsigned == []
    (tmp_path / "away").rename(key)
    mended = part(tmp_path, Pki(directory))
    mended.request()
    mended.pending(answer(due))
    assert mended.unsigned == []


def test_other_faults_of_a_key(directory: pathlib.Path) -> None:
    wanted = [Wanted("etcd", "/etc/a.crt", "absent"), Wanted("etcd", "/etc/b.crt", "absent"), Wanted("kubernetes", "/etc/c.crt", "absent")]
    vault = VaultLib([("default", VaultSecret(b"word"))])
    key = directory / "etcd-ca.key"
    plain = key.read_bytes()
    key.write_bytes(vault.encrypt(plain))
    assert custody.unsigned(Pki(directory, vault=vault), wanted) == []
    found = custody.unsigned(Pki(directory, vault=VaultLib()), wanted)
    assert [one["path"] for one in found] == ["/etc/a.crt", "/etc/b.crt"]
    assert "encrypted with ansible-vault" in found[0]["why"] and "--ask-vault-pass" in found[0]["why"]
    key.write_bytes((directory / "kubernetes-ca.key").read_bytes())
    assert "does not belong to etcd-ca.crt" in custody.unsigned(Pki(directory), wanted)[0]["why"]
    key.write_text("nonsense")
    assert "is no private key in PEM form" in custody.unsigned(Pki(directory), wanted)[0]["why"]
    key.write_bytes(plain)
    assert custody.unsigned(Pki(directory), wanted) == []
    assert custody.message({"w1": []}) == custody.message({}) == ""


def test_an_authority_that_is_still_to_be_made_is_no_fault(tmp_path: pathlib.Path) -> None:
    assert custody.unsigned(Pki(tmp_path / "pki", check_mode=True), [Wanted("etcd", "/etc/a.crt", "absent")]) == []
    assert not (tmp_path / "pki").exists()
