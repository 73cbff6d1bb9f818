# SPDX-License-Identifier: GPL-3.0-or-later
"""The key that encrypts Secrets is replaced in phases, each of which may be killed at any moment."""

from __future__ import annotations

import pathlib
import shutil

import pytest
import yaml
from replacing import Killed, Vault, killed_at

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.identity import digests
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import encryption_keys, encryption_on_hosts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import ENCRYPTION, ENCRYPTION_NEXT, ENCRYPTION_RETIRED, Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.encryption_keys import Key
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.encryption_replacement import EncryptionReplacement

NOW = 1_800_000_000.0
METHODS = {"accept": "accepted", "switch": "switched", "drop": "dropped", "finish": "none"}
SECRET = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OTHER = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDI="


def replacement(directory: pathlib.Path) -> EncryptionReplacement:
    return EncryptionReplacement(Pki(directory, now=NOW), now=NOW)


def served(directory: pathlib.Path) -> list[Key]:
    """What hosts get, also for the list of certificates."""
    text = Pki(directory, now=NOW).read(ENCRYPTION)[0]
    assert text == Pki(directory, check_mode=True, now=NOW).served(ENCRYPTION)
    found = encryption_keys.keys(encryption_keys.parsed(str(text), path="x"))
    assert list(dict.fromkeys(digests(str(text)))) == [key.digest for key in found], "hosts find the keys without a parser"
    return found


def configuration(*entries: tuple[list[str], list[dict[str, object]]]) -> str:
    resources = [{"resources": names, "providers": providers} for names, providers in entries]
    return yaml.safe_dump({"apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration", "resources": resources})


def provider(name: str, *keys: tuple[str, str]) -> dict[str, object]:
    return {name: {"keys": [{"name": key, "secret": secret} for key, secret in keys]}}


def test_phases(tmp_path: pathlib.Path) -> None:
    (old,) = served(tmp_path)
    before = (tmp_path / ENCRYPTION).read_text()
    replacement(tmp_path).accept()
    assert replacement(tmp_path).phase == "accepted"
    first, new = served(tmp_path)
    assert (first, replacement(tmp_path).writes) == (old, old)
    assert (new.provider, new.name) == ("secretbox", "key-20270115T080000Z")
    replacement(tmp_path).switch()
    assert replacement(tmp_path).phase == "switched"
    assert served(tmp_path) == [new, old]
    assert (replacement(tmp_path).old, replacement(tmp_path).resources) == ([old], ["secrets"])
    replacement(tmp_path).drop()
    assert replacement(tmp_path).phase == "dropped"
    assert served(tmp_path) == [new]
    assert (tmp_path / ENCRYPTION).read_text() == before.replace(old.secret, new.secret).replace("key1", new.name)
    assert old.digest in digests(str(Pki(tmp_path).known(ENCRYPTION))), "a host that was away is known by it"
    replacement(tmp_path).finish()
    assert replacement(tmp_path).phase == "none"
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {ENCRYPTION: 0o600, ENCRYPTION_RETIRED: 0o600}


@pytest.mark.parametrize("begin", ["born", "restored"])
def test_a_phase_may_be_killed_at_every_change_of_a_file(tmp_path: pathlib.Path, begin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    served(tmp_path / "begin")
    if begin == "restored":
        for method in METHODS:
            getattr(replacement(tmp_path / "begin"), method)()
    killed = 0
    methods = METHODS if begin == "born" else {"put_back": "switched", "drop": "dropped", "finish": "none"}
    for method, phase in methods.items():
        for moment in range(20):
            tree = tmp_path / f"{method}{moment}"
            shutil.copytree(tmp_path / "begin", tree)
            before, keys = replacement(tree).phase, served(tree)
            with monkeypatch.context() as patch:
                patch.setattr(atomic_file, "write", killed_at(moment, atomic_file.write, counter := [0]))
                patch.setattr(atomic_file, "create", killed_at(moment, atomic_file.create, counter))
                patch.setattr(pathlib.Path, "unlink", killed_at(moment, pathlib.Path.unlink, counter))
                try:
                    done(tree, method)
                except Killed:
                    killed += 1
                else:
                    break
            assert replacement(tree).phase in (before, phase)
            assert set(keys) <= set(served(tree)) or method == "drop", "what has encrypted is read until it is dropped"
            assert set(keys) <= set(replacement(tree).known), "and is never lost"
            done(tree, method)
            assert replacement(tree).phase == phase
            for later in list(METHODS)[list(METHODS.values()).index(phase) + 1 :]:
                done(tree, later)
            assert replacement(tree).phase == "none"
            assert len(served(tree)) == 1
        done(tmp_path / "begin", method)
    assert killed == (9 if begin == "born" else 5)


def done(directory: pathlib.Path, method: str) -> None:
    work = replacement(directory)
    if method == "put_back":
        work.put_back(work.lacking({key.prefix for key in work.known}))
    else:
        getattr(work, method)()


def test_two_runs_take_the_same_key(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served(tmp_path)
    create = atomic_file.create

    def second(path: pathlib.Path, text: str, *, mode: int) -> bool:
        monkeypatch.setattr(atomic_file, "create", create)
        replacement(tmp_path).accept()
        return create(path, text, mode=mode)

    monkeypatch.setattr(atomic_file, "create", second)
    replacement(tmp_path).accept()
    assert len(served(tmp_path)) == 2


def test_a_second_replacement_keeps_all_retired_keys(tmp_path: pathlib.Path) -> None:
    names = [served(tmp_path)[0].name]
    for _replacement in range(2):
        for method in METHODS:
            getattr(replacement(tmp_path), method)()
        names += [key.name for key in served(tmp_path)]
    assert names == ["key1", "key-20270115T080000Z", "key-20270115T080000Z-2"], "no name is used twice: values are told apart by it"
    assert [key.name for key in replacement(tmp_path).known] == [names[2], *names[:2]]
    assert [key.name for key in replacement(tmp_path).lacking({"k8s:enc:secretbox:v1:key1:"})] == ["key1"]


def test_what_others_have_put_there_stays(tmp_path: pathlib.Path) -> None:
    older, kms = ("older", OTHER), {"kms": {"apiVersion": "v2", "name": "vault", "endpoint": "unix:///run/kms.sock"}}
    first = [provider("aescbc", ("mine", SECRET), older), kms, {"identity": {}}]
    (tmp_path / ENCRYPTION).write_text(
        configuration(
            (["secrets", "widgets.example.com"], first),
            (["events"], [{"identity": {}}, provider("aescbc", ("mine", SECRET))]),
            (["pods"], [{"identity": {}}]),
        )
    )
    before = yaml.safe_load((tmp_path / ENCRYPTION).read_text())
    replacement(tmp_path).accept()
    replacement(tmp_path).switch()
    new, mine, _older = served(tmp_path)
    assert (new.provider, mine.name) == ("aescbc", "mine")
    assert replacement(tmp_path).resources == ["secrets", "widgets.example.com", "events"]
    replacement(tmp_path).drop()
    text = (tmp_path / ENCRYPTION).read_text().replace(new.secret, SECRET).replace(new.name, "mine")
    assert yaml.safe_load(text) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("secrets: [", "is no EncryptionConfiguration that could be understood"),
        ("", "is no EncryptionConfiguration that could be understood"),
        (configuration((["secrets"], [{"identity": {}}, provider("secretbox", ("a", SECRET))])), "its first provider is identity"),
        (configuration((["secrets"], [{"kms": {"name": "vault"}}])), "its first provider is kms"),
        (
            configuration((["secrets"], [provider("secretbox", ("a", SECRET))]), (["configmaps"], [provider("secretbox", ("b", OTHER))])),
            "its entries write with several keys (secretbox: a, secretbox: b)",
        ),
        (
            configuration((["secrets"], [provider("secretbox", ("a", SECRET), ("a", OTHER))])),
            "the name a stands for two keys of secretbox",
        ),
    ],
)
def test_what_cannot_be_replaced_is_refused_before_a_change(tmp_path: pathlib.Path, text: str, told: str) -> None:
    (tmp_path / ENCRYPTION).write_text(text)
    for attempt in (lambda: replacement(tmp_path).phase, replacement(tmp_path).accept):
        with pytest.raises(PkiError) as raised:
            attempt()
        assert told in str(raised.value)
        assert SECRET not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == [ENCRYPTION]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"provider": "aescbc"}, "its provider is aescbc, wanted secretbox"),
        ({"name": "a:b"}, "its name has a colon"),
        ({"name": "key1"}, "has been used before"),
        ({"secret": "c2hvcnQ="}, "its secret is not 32 bytes"),
        ({"secret": "?"}, "its secret is not 32 bytes"),
        ({}, ""),
    ],
)
def test_a_key_of_the_operator(tmp_path: pathlib.Path, changes: dict[str, str], told: str) -> None:
    served(tmp_path)
    key = Key("secretbox", "mine", SECRET)._replace(**changes)
    (tmp_path / ENCRYPTION_NEXT).write_text(encryption_keys.keys_text([key], about="mine"))
    if told:
        with pytest.raises(PkiError, match=told):
            replacement(tmp_path).accept()
        assert len(served(tmp_path)) == 1
    else:
        replacement(tmp_path).accept()
        assert served(tmp_path)[1] == key


def test_the_files_are_encrypted_if_the_configuration_is(tmp_path: pathlib.Path) -> None:
    served(tmp_path)
    path = tmp_path / ENCRYPTION
    path.write_bytes(Vault().encrypt(path.read_bytes()))
    with pytest.raises(PkiError, match="ansible-vault"):
        replacement(tmp_path).accept()
    for method in METHODS:
        getattr(EncryptionReplacement(Pki(tmp_path, now=NOW, vault=Vault()), now=NOW), method)()
    assert {name: (tmp_path / name).read_bytes().startswith(b"$ANSIBLE_VAULT") for name in (ENCRYPTION, ENCRYPTION_RETIRED)} == {
        ENCRYPTION: True,
        ENCRYPTION_RETIRED: True,
    }


def test_an_old_configuration_beside_its_retired_key_is_not_emptied(tmp_path: pathlib.Path) -> None:
    """As where somebody puts only one file back from an archive."""
    before = served(tmp_path)
    text = (tmp_path / ENCRYPTION).read_text()
    for method in METHODS:
        getattr(replacement(tmp_path), method)()
    (tmp_path / ENCRYPTION).write_text(text)
    assert replacement(tmp_path).phase == "none"
    replacement(tmp_path).drop()
    assert served(tmp_path) == before


def test_a_phase_waits_for_all_masters_and_for_etcd(tmp_path: pathlib.Path) -> None:
    path = "/etc/kubernetes/encryption-config.yaml"

    def refusal(*hosts: list[Key] | None, without: tuple[str, ...] = (), searched: tuple[str, ...] = ()) -> str:
        work = replacement(tmp_path)
        found = {f"h{number}": None if keys is None else {path: [key.digest for key in keys]} for number, keys in enumerate(hosts)}
        try:
            encryption_on_hosts.refuse(work.phase, work, found, without=without, masters=["h0"], searched=searched)
        except PlanError as error:
            return error.message
        return ""

    before = served(tmp_path)
    (old,) = before
    assert refusal(before, []) == "", "a worker has no such file"
    assert "Nothing was changed: h1 did not answer" in refusal(before, None)
    assert refusal(before, None, without=("h1",)) == ""
    assert refusal(None, []).startswith("Nothing was changed: h0 did not answer, and encryption-config is replaced only while all masters")
    assert "Nothing was changed: replace_without names h0" in refusal(before, without=("h0",))
    assert f"h0 has a key of another cluster in {path}, wanted secretbox: key1" in refusal([Key("secretbox", "key1", OTHER)])
    replacement(tmp_path).accept()
    both = served(tmp_path)
    assert f"h0 has secretbox: key1 in {path}, wanted secretbox: key1, secretbox: key-" in refusal(before)
    assert refusal(both) == ""
    replacement(tmp_path).switch()
    assert "The phase 'switched' of encryption-config is not complete: h0 has secretbox: key1, secretbox: key-" in refusal(both)
    assert "Nobody has looked whether etcd has values" in refusal(served(tmp_path))
    assert refusal(served(tmp_path), searched=(old.digest,)) == ""
    with pytest.raises(PlanError, match="3 of 9 values in etcd are still encrypted by secretbox: key1: /registry/secrets/a/b, …"):
        encryption_on_hosts.refuse_left({"left": 3, "some": ["/registry/secrets/a/b"], "all": 9}, replacement(tmp_path))
    replacement(tmp_path).drop()
    assert "h0 has secretbox: key-" in refusal([*served(tmp_path), old])
    assert refusal(served(tmp_path)) == ""


def test_where_etcd_is_searched() -> None:
    assert encryption_on_hosts.below(["secrets"]) == "/registry/secrets/"
    assert encryption_on_hosts.below(["secrets", "configmaps"]) == "/registry/"
