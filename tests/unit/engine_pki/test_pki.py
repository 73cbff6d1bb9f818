# SPDX-License-Identifier: GPL-3.0-or-later
"""The PKI directory, with the openssl program and ansible-vault as judges."""

from __future__ import annotations

import base64
import multiprocessing
import pathlib
import stat
import typing as t

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from certificates_bench import item_in, openssl

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, stored_files, wanted_certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import AUTHORITIES, Pki, PkiError

DAY = 86400
NOW = 1_800_000_000.0
NAMES = [f"{authority}-ca.crt" for authority in AUTHORITIES] + ["service-account.key", "service-account.pub", "encryption-config.yaml"]


def csr(directory: pathlib.Path, *key: str) -> str:
    arguments = [*(key or ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")), "-nodes", "-keyout", str(directory / "host.key")]
    return openssl("req", "-new", *arguments, "-subj", "/CN=anything", "-addext", "subjectAltName=DNS:evil")


def modes(directory: pathlib.Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}


@pytest.mark.parametrize(
    ("authority", "usages", "accepted", "refused"),
    [
        ("kubernetes", ["server"], ["sslserver"], ["sslclient"]),
        ("front-proxy", ["client"], ["sslclient"], ["sslserver"]),
        ("etcd", ["server", "client"], ["sslserver", "sslclient"], []),
    ],
)
def test_openssl_accepts_what_was_signed(
    tmp_path: pathlib.Path, authority: str, usages: list[str], accepted: list[str], refused: list[str]
) -> None:
    pki = Pki(tmp_path / "pki")
    leaf = tmp_path / "leaf.crt"
    leaf.write_text(pki.sign(authority, csr(tmp_path), item_in(tmp_path, authority=authority, usages=usages, organizations=["b", "a"])))
    ca = str(tmp_path / "pki" / f"{authority}-ca.crt")
    openssl("verify", "-x509_strict", "-check_ss_sig", "-CAfile", ca, ca)
    for purpose in accepted:
        openssl("verify", "-x509_strict", "-purpose", purpose, "-verify_ip", "192.168.200.100", "-CAfile", ca, str(leaf))
    for purpose in refused:
        with pytest.raises(AssertionError, match="unsuitable certificate purpose"):
            openssl("verify", "-purpose", purpose, "-CAfile", ca, str(leaf))
    with pytest.raises(AssertionError, match="hostname mismatch"):
        openssl("verify", "-verify_hostname", "evil", "-CAfile", ca, str(leaf))
    text = openssl("x509", "-in", str(leaf), "-noout", "-text")
    names = ("O = a, O = b, CN = k8s.master.dev", f"CN = {authority}-ca", "IP Address:127.0.0.1")
    for expected in (*names, "CA:FALSE", "prime256v1", "Digital Signature\n"):
        assert expected in text
    assert "Key Encipherment" not in text
    assert "pathlen:0" in openssl("x509", "-in", ca, "-noout", "-text")


def test_a_leaf_of_one_authority_is_not_one_of_another(tmp_path: pathlib.Path) -> None:
    pki = Pki(tmp_path / "pki")
    (tmp_path / "leaf.crt").write_text(pki.sign("etcd", csr(tmp_path), item_in(tmp_path)))
    pki.certificate("kubernetes")
    with pytest.raises(AssertionError, match="unable to get local issuer"):
        openssl("verify", "-CAfile", str(tmp_path / "pki" / "kubernetes-ca.crt"), str(tmp_path / "leaf.crt"))


def test_everything_is_born_at_its_first_use_and_then_stays(tmp_path: pathlib.Path) -> None:
    directory = tmp_path / "cluster" / "pki"
    first = {name: Pki(directory).read(name) for name in NAMES}
    assert {name: Pki(directory).read(name) for name in NAMES} == first
    assert [name for name in NAMES if first[name][1]] == ["service-account.key", "encryption-config.yaml"]
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    private = {name: mode for name, mode in modes(directory).items() if not name.endswith((".crt", ".pub"))}
    assert set(private.values()) == {0o600}
    assert set(modes(directory)) == {*NAMES, *(f"{authority}-ca.key" for authority in AUTHORITIES)}


def test_only_what_is_asked_for_is_born(tmp_path: pathlib.Path) -> None:
    Pki(tmp_path).certificate("etcd")
    assert set(modes(tmp_path)) == {"etcd-ca.crt", "etcd-ca.key"}


def test_check_mode_creates_nothing(tmp_path: pathlib.Path) -> None:
    pki = Pki(tmp_path / "pki", check_mode=True)
    assert [pki.read(name)[0] for name in NAMES] == [None] * len(NAMES)
    assert pki.enrich(item_in(tmp_path))["authority_certificate"] is None
    with pytest.raises(PkiError, match="check mode"):
        pki.sign("etcd", csr(tmp_path), item_in(tmp_path))
    assert not (tmp_path / "pki").exists()


def test_the_service_account_pair_belongs_together(tmp_path: pathlib.Path) -> None:
    pki = Pki(tmp_path)
    public = pki.read("service-account.pub")[0]
    assert openssl("pkey", "-in", str(tmp_path / "service-account.key"), "-pubout") == public
    (tmp_path / "service-account.key").unlink()
    for check_mode in (False, True):
        with pytest.raises(PkiError, match=r"service-account.key is missing, though service-account.pub is there. Put it back"):
            Pki(tmp_path, check_mode=check_mode).read("service-account.key")


def test_the_encryption_configuration(tmp_path: pathlib.Path) -> None:
    text, _secret = Pki(tmp_path / "a").read("encryption-config.yaml")
    other, _secret = Pki(tmp_path / "b").read("encryption-config.yaml")
    assert text is not None and text != other
    config = yaml.safe_load(text)
    assert (config["kind"], config["resources"][0]["resources"]) == ("EncryptionConfiguration", ["secrets"])
    secretbox, identity = config["resources"][0]["providers"]
    assert len(base64.b64decode(secretbox["secretbox"]["keys"][0]["secret"], validate=True)) == 32
    assert identity == {"identity": {}}


def _ask(directory: str, request: str, item: dict[str, t.Any], start: t.Any, answers: t.Any) -> None:
    start.wait()
    pki = Pki(pathlib.Path(directory))
    pki.sign(item["authority"], request, item)
    answers.put([pki.read(name)[0] for name in NAMES])


def test_forks_that_ask_at_once_get_the_same(tmp_path: pathlib.Path) -> None:
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(6), context.Queue()
    arguments = (str(tmp_path / "pki"), csr(tmp_path), item_in(tmp_path), start, answers)
    forks = [context.Process(target=_ask, args=arguments) for _number in range(6)]
    for fork in forks:
        fork.start()
    found = [answers.get(timeout=30) for _fork in forks]
    for fork in forks:
        fork.join()
    assert found == [found[0]] * 6
    assert not list((tmp_path / "pki").glob(".*"))


def test_an_authority_whose_certificate_was_not_yet_written_keeps_its_key(tmp_path: pathlib.Path) -> None:
    Pki(tmp_path).certificate("etcd")
    key = (tmp_path / "etcd-ca.key").read_text()
    (tmp_path / "etcd-ca.crt").unlink()
    (tmp_path / ".etcd-ca.crt.tmp").write_text("half")
    Pki(tmp_path).certificate("etcd")
    assert (tmp_path / "etcd-ca.key").read_text() == key
    assert openssl("x509", "-in", str(tmp_path / "etcd-ca.crt"), "-noout", "-pubkey") == openssl("pkey", "-pubout", text=key)
    assert not list(tmp_path.glob(".*.tmp"))


def vault(word: bytes) -> VaultLib:
    class Secret(VaultSecret):
        @property
        def bytes(self) -> bytes:
            return word

    return VaultLib([("default", Secret())])


def test_keys_may_be_encrypted_with_ansible_vault(tmp_path: pathlib.Path) -> None:
    pki = Pki(tmp_path)
    pki.certificate("etcd")
    config = pki.read("encryption-config.yaml")
    for name in ("etcd-ca.key", "encryption-config.yaml"):
        (tmp_path / name).write_bytes(vault(b"right").encrypt((tmp_path / name).read_bytes()))
        (tmp_path / name).chmod(0o644)
    locked = Pki(tmp_path, vault=vault(b"right"))
    assert "BEGIN CERTIFICATE" in locked.sign("etcd", csr(tmp_path), item_in(tmp_path))
    assert locked.read("encryption-config.yaml") == config
    assert locked.warnings == []
    for wrong in (None, vault(b"wrong"), VaultLib()):
        with pytest.raises(PkiError, match=r"etcd-ca.key is encrypted with ansible-vault.* --ask-vault-pass"):
            Pki(tmp_path, vault=wrong).sign("etcd", csr(tmp_path), item_in(tmp_path))


def test_open_keys_are_closed_and_told(tmp_path: pathlib.Path) -> None:
    Pki(tmp_path).certificate("etcd")
    (tmp_path / "etcd-ca.key").chmod(0o644)
    looking = Pki(tmp_path, check_mode=True)
    looking.sign("etcd", csr(tmp_path), item_in(tmp_path))
    assert "a run without --check makes it 0600" in looking.warnings[0]
    assert modes(tmp_path)["etcd-ca.key"] == 0o644
    pki = Pki(tmp_path)
    pki.sign("etcd", csr(tmp_path), item_in(tmp_path))
    assert len(pki.warnings) == 1 and "had mode 0644" in pki.warnings[0]
    assert modes(tmp_path)["etcd-ca.key"] == 0o600


def test_faults_of_an_authority(tmp_path: pathlib.Path) -> None:
    pki = Pki(tmp_path, now=NOW)
    pki.certificate("etcd")
    pki.certificate("kubernetes")
    item, request = item_in(tmp_path), csr(tmp_path)
    with pytest.raises(PkiError, match=r"etcd-ca.crt: the authority expired on 2037-.* Or issue its certificate again for the same key"):
        Pki(tmp_path, now=NOW + 3651 * DAY).sign("etcd", request, item)
    key = (tmp_path / "etcd-ca.key").read_text()
    for text, message in (
        ((tmp_path / "kubernetes-ca.key").read_text(), "etcd-ca.key does not belong to etcd-ca.crt beside it"),
        ("nonsense", "etcd-ca.key is no private key in PEM form"),
        (openssl("genpkey", "-algorithm", "RSA"), "etcd-ca.key is not an ECDSA key"),
    ):
        (tmp_path / "etcd-ca.key").write_text(text)
        with pytest.raises(PkiError, match=message) as caught:
            pki.sign("etcd", request, item)
        assert key.splitlines()[1] not in str(caught.value)
    (tmp_path / "etcd-ca.key").unlink()
    with pytest.raises(PkiError, match=r"etcd-ca.key is missing, so nothing can be signed. Put it back"):
        pki.sign("etcd", request, item)
    (tmp_path / "etcd-ca.crt").write_text("nonsense")
    with pytest.raises(PkiError, match=r"etcd-ca.crt is no certificate"):
        pki.certificate("etcd")


def test_faults_of_a_request(tmp_path: pathlib.Path) -> None:
    pki, item = Pki(tmp_path / "pki"), item_in(tmp_path)
    lines = csr(tmp_path).splitlines()
    broken = bytearray(base64.b64decode("".join(lines[1:-1])))
    broken[-1] ^= 1
    forged = "\n".join([lines[0], base64.b64encode(broken).decode(), lines[-1]])
    with pytest.raises(PkiError, match="the signature of the host's request is wrong"):
        pki.sign("etcd", forged, item)
    with pytest.raises(PkiError, match="is not for an ECDSA P-256 key"):
        pki.sign("etcd", csr(tmp_path, "-newkey", "rsa:2048"), item)
    with pytest.raises(PkiError, match="is no signing request"):
        pki.sign("etcd", "nonsense", item)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"authority": "mine"}, r"'mine' is no authority; there are kubernetes, etcd, front-proxy"),
        ({"common_name": "x" * 65}, r"has 65 characters; X.509 allows 1 to 64"),
        ({"common_name": ""}, r"has 0 characters"),
        ({"usages": ["mail"]}, r"usages are \['mail'\]"),
        ({"usages": []}, r"usages are \[\]"),
        ({"dns": ["bücher.example"]}, r"xn-- form"),
        ({"ips": ["k8s.master.dev"]}, r"'k8s.master.dev' under ips is not an IP address"),
        ({"days": 30}, r"renew_before_days is 30, but it is valid for 30 days only"),
    ],
)
def test_faults_of_an_item(tmp_path: pathlib.Path, changes: dict[str, t.Any], message: str) -> None:
    item = item_in(tmp_path, **changes)
    with pytest.raises(PkiError, match=message):
        Pki(tmp_path / "pki").sign(item["authority"], csr(tmp_path), item)


def test_keys_of_authorities_are_given_to_no_host(tmp_path: pathlib.Path) -> None:
    for name in ("kubernetes-ca.key", "../secret", "kubernetes-ca.crt/../etcd-ca.key"):
        with pytest.raises(PkiError, match=r"no file that the PKI directory gives to hosts; there are .* stay on the controller"):
            Pki(tmp_path).read(name)


def test_a_directory_that_cannot_be_made(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PkiError, match=r"the PKI directory cannot be used: Not a directory. Correct cluster_pki_directory"):
        Pki(tmp_path / "file" / "pki").certificate("etcd")


def test_a_leaf_ends_no_later_than_its_authority(tmp_path: pathlib.Path) -> None:
    Pki(tmp_path, now=NOW).certificate("etcd")
    late = NOW + 3600 * DAY
    item = item_in(tmp_path)
    authority = Pki(tmp_path, now=late).certificate("etcd")
    leaf = certs.load(Pki(tmp_path, now=late).sign("etcd", csr(tmp_path), item))
    loaded = certs.load(authority or "")
    assert leaf is not None and loaded is not None
    assert leaf.not_valid_after_utc == loaded.not_valid_after_utc
    # It cannot be had any longer, so it is left alone until it has ended.
    assert wanted_certs.fault(item, leaf, authority, late + 30 * DAY) is None
    assert wanted_certs.fault(item, leaf, authority, late + 51 * DAY) == "it expired on 2037-01-12"


@pytest.mark.parametrize("fault", [PermissionError(1, "Operation not permitted"), OSError(30, "Read-only file system")])
def test_f34_a_directory_that_a_group_shares_is_one_clear_error(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, fault: OSError
) -> None:
    Pki(tmp_path / "pki").certificate("etcd")
    (tmp_path / "pki/etcd-ca.key").chmod(0o660)

    def refuse(_path: pathlib.Path, _mode: int) -> None:
        raise fault

    monkeypatch.setattr(pathlib.Path, "chmod", refuse)
    with pytest.raises(PkiError, match=rf"has mode 0660, .* cannot be made 0600: {fault.strerror}.*run as its owner"):
        Pki(tmp_path / "pki").sign("etcd", csr(tmp_path), item_in(tmp_path))


def test_f39_a_full_disk_is_one_clear_error(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stored_files.atomic_file, "create", full)
    with pytest.raises(PkiError, match=r"etcd-ca\.crt cannot be created: No space left on device"):
        Pki(tmp_path / "pki").certificate("etcd")


@pytest.mark.parametrize(("file", "named"), [("/pki/key.new", "/pki/key.new"), (None, "/pki")])
def test_what_cannot_be_written_is_named(file: str | None, named: str) -> None:
    pki = Pki(pathlib.Path("/pki"), check_mode=True)
    with pytest.raises(PkiError, match=rf"^{named} cannot be written: Read-only file system\. Correct it, and run again"), pki.writing():
        raise OSError(30, "Read-only file system", file)
