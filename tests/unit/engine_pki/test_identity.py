# SPDX-License-Identifier: GPL-3.0-or-later
"""F1: a host of another cluster is refused, with both fingerprints and the way back."""

from __future__ import annotations

import json
import pathlib
import types
import typing as t

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import identity as host_identity
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import cluster_identity
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import identity
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki, PkiError

SETTINGS = {"name": "kubernetes", "pod_cidr": "10.255.0.0/16", "service_cidr": "10.254.0.0/16", "flannel_backend": "kube"}


def authority(directory: pathlib.Path) -> str:
    text = Pki(directory).certificate("kubernetes")
    assert text is not None
    return text


def check(found: str | None, own: str | None, *, recorded: dict[str, str] | None = None) -> None:
    identity.check(
        host="one",
        found={"authorities": {"kubernetes": found}, "settings": recorded},
        authorities={"kubernetes": own},
        directory="/inventory/pki",
        settings=SETTINGS,
    )


def test_a_bare_host_and_a_host_of_this_cluster_pass(tmp_path: pathlib.Path) -> None:
    own = authority(tmp_path / "own")
    check(None, None)
    check(None, own)
    check(own, own, recorded=SETTINGS)


def test_a_host_that_trusts_the_old_and_the_new_authority_passes(tmp_path: pathlib.Path) -> None:
    old, new = authority(tmp_path / "old"), authority(tmp_path / "new")
    check(old + new, new)
    check(old + new, old)


@pytest.mark.parametrize("missing", [True, False])
def test_f1_another_authority_is_refused_with_both_fingerprints(tmp_path: pathlib.Path, missing: bool) -> None:
    found, own = authority(tmp_path / "found"), authority(tmp_path / "own")
    with pytest.raises(identity.IdentityError) as caught:
        check(found, None if missing else own)
    message = caught.value.message
    assert message.startswith("Nothing was changed on one: it trusts a kubernetes authority")
    assert identity.fingerprints(found)[0] in message
    assert ("has none" if missing else identity.fingerprints(own)[0]) in message
    assert "/inventory/pki" in message


def test_what_is_no_certificate_counts_as_another_authority(tmp_path: pathlib.Path) -> None:
    with pytest.raises(identity.IdentityError, match="unreadable"):
        check("broken\n", authority(tmp_path))


@pytest.mark.parametrize("key", sorted(SETTINGS))
def test_a_setting_that_a_running_cluster_cannot_change_is_refused(tmp_path: pathlib.Path, key: str) -> None:
    own = authority(tmp_path)
    with pytest.raises(identity.IdentityError, match=rf"Write {identity.SETTINGS[key]}: other"):
        check(own, own, recorded={**SETTINGS, key: "other"})


def test_a_host_without_a_record_passes(tmp_path: pathlib.Path) -> None:
    own = authority(tmp_path)
    check(own, own, recorded=None)
    check(own, own, recorded={"name": "kubernetes"})


def test_a_host_that_was_only_prepared_may_get_other_settings(tmp_path: pathlib.Path) -> None:
    """The role `host` writes the record first. A first run that ends before there is a cluster must not ask for a reset."""
    check(None, authority(tmp_path), recorded={**SETTINGS, "pod_cidr": "10.200.0.0/16"})


def test_the_host_reports_what_is_there(tmp_path: pathlib.Path) -> None:
    (tmp_path / "ca.crt").write_text("text")
    (tmp_path / "cluster.json").write_text(json.dumps(SETTINGS))
    wanted = {"authorities": {"a": str(tmp_path / "ca.crt"), "b": str(tmp_path / "no/ca.crt")}, "record": str(tmp_path / "cluster.json")}
    assert host_identity.collect(wanted) == {"authorities": {"a": "text", "b": None}, "settings": SETTINGS}


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_record_that_is_not_ours_is_an_error(tmp_path: pathlib.Path, text: str) -> None:
    (tmp_path / "cluster.json").write_text(text)
    with pytest.raises(HostError, match="is not what this collection has written"):
        host_identity.collect({"authorities": {}, "record": str(tmp_path / "cluster.json")})


def test_what_cannot_be_read_is_an_error(tmp_path: pathlib.Path) -> None:
    with pytest.raises(HostError, match="it is not known to which cluster"):
        host_identity.collect({"authorities": {"a": str(tmp_path)}, "record": str(tmp_path / "none")})


def vault() -> VaultLib:
    class Secret(VaultSecret):
        def __init__(self) -> None:
            super().__init__()
            self._bytes = b"word"

    return VaultLib([("default", Secret())])


def test_an_authority_may_be_encrypted_as_a_whole_with_its_key(tmp_path: pathlib.Path) -> None:
    """As `ansible-vault encrypt pki/*` leaves the directory: Pki reads it, so the host is of this cluster."""
    own = authority(tmp_path)
    file = tmp_path / "kubernetes-ca.crt"
    file.write_bytes(vault().encrypt(file.read_bytes()))
    found = {"authorities": {"kubernetes": own, "etcd": None}, "settings": None}
    cluster_identity.ExpectedIdentity(str(tmp_path), None, vault=vault()).verify(found, host="one")
    with pytest.raises(PkiError, match="--ask-vault-pass"):
        cluster_identity.ExpectedIdentity(str(tmp_path), None).verify(found, host="one")


@pytest.mark.parametrize("value", ["production", ["a", "b"], {"name": "production"}, "", None])
def test_a_variable_of_that_name_in_the_playbook_of_somebody_else_is_no_spec(value: t.Any) -> None:
    """A component may be described without the spec; `cluster` is then any variable of theirs."""
    templar = types.SimpleNamespace(template=lambda found: found)
    assert cluster_identity.expected(templar, {"cluster": value}, loader=types.SimpleNamespace(_vault=None)) is None


def test_an_authority_whose_certificate_was_issued_again_is_the_same(tmp_path: pathlib.Path) -> None:
    old = authority(tmp_path)
    (tmp_path / "kubernetes-ca.crt").unlink()
    again = authority(tmp_path)
    assert again != old
    check(old, again)


def test_keys_are_compared_by_digests_and_one_in_common_is_enough(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "encryption-config.yaml"
    path.write_text("keys:\n  - name: key2\n    secret: bmV3\n  - name: key1\n    secret: 'b2xk'\n")
    assert set(host_identity.keys(str(path))) == set(host_identity.digests("- secret: b2xk\n- secret: bmV3\n"))
    assert host_identity.keys(str(tmp_path / "none")) == []
    body = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"
    public = f"-----BEGIN PUBLIC KEY-----\n{body[:20]}\n{body[20:]}\n-----END PUBLIC KEY-----\n"
    assert host_identity.digests(public) == host_identity.digests(public.replace("\n", "\r\n"))
    assert len(host_identity.digests(public)) == 1
