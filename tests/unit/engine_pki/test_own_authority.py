# SPDX-License-Identifier: GPL-3.0-or-later
"""An operator's own authority: a root, or an intermediate with the chain above it, whose keys nobody here has."""

from __future__ import annotations

import datetime
import pathlib
import shutil
import subprocess
import typing as t

import pytest
from test_replacement import LEAF, NOW, filled, replacement, request

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import ec, hashes, oid, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import backups
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import (
    certs,
    chains,
    generations,
    issuing,
    own_authority,
    wanted_certs,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

YEAR = datetime.timedelta(days=365)
BOTH = (oid.ExtendedKeyUsageOID.SERVER_AUTH, oid.ExtendedKeyUsageOID.CLIENT_AUTH)


class Authority(t.NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return certs.pem(self.certificate)


def issued(name: str, by: Authority | None = None, **differs: t.Any) -> Authority:
    """An authority below another one, or a root; ``differs`` says what is wrong with it."""
    key = differs.get("key") or certs.new_key()
    subject = x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, name)] if name else [])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(by.certificate.subject if by else subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(certs.moment(NOW) - YEAR).not_valid_after(certs.moment(NOW) + differs.get("years", 5) * YEAR)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=differs.get("ca", True), path_length=differs.get("path_length")), critical=True
    )
    usage = issuing._key_usage(authority=differs.get("signs", True))
    builder = builder.add_extension(usage, critical=True)
    if differs.get("identifier", True):
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    if "usages" in differs:
        builder = builder.add_extension(x509.ExtendedKeyUsage(differs["usages"]), critical=False)
    if "constraints" in differs:
        names = x509.NameConstraints([x509.DNSName(differs["constraints"])], None)
        builder = builder.add_extension(names, critical=True)
    return Authority(builder.sign(by.key if by else key, hashes.SHA256()), key)


ROOT = issued("company root")
POLICY = issued("company policy", ROOT, path_length=1)
OURS = issued("etcd of mine", POLICY, path_length=0)
CHAIN = OURS.pem + POLICY.pem + ROOT.pem


def given(directory: pathlib.Path, text: str = CHAIN, key: ec.EllipticCurvePrivateKey = OURS.key) -> None:
    (directory / "etcd-ca.next.crt").write_text(text)
    (directory / "etcd-ca.next.key").write_text(certs.private_pem(key))


def test_hosts_trust_the_intermediate_alone(tmp_path: pathlib.Path) -> None:
    filled(tmp_path)
    old = str(Pki(tmp_path, now=NOW).read("etcd-ca.crt")[0])
    given(tmp_path)
    assert replacement(tmp_path).phase == "none", "nobody has looked at it"
    replacement(tmp_path).check_given()
    replacement(tmp_path).accept()
    assert replacement(tmp_path).trust.next == OURS.pem
    assert Pki(tmp_path, now=NOW).read("etcd-ca.crt")[0] == old + OURS.pem
    replacement(tmp_path).switch()
    assert replacement(tmp_path).trust.old == (old,)
    assert Pki(tmp_path, now=NOW).read("etcd-ca.crt")[0] == old + OURS.pem
    replacement(tmp_path).drop()
    replacement(tmp_path).finish()
    pki = Pki(tmp_path, now=NOW)
    assert pki.read("etcd-ca.crt")[0] == OURS.pem
    assert (tmp_path / "etcd-ca.crt").read_text() == CHAIN
    assert ROOT.pem not in str(pki.known("etcd-ca.crt"))


def test_what_it_issues_comes_with_the_chain_but_not_the_root(tmp_path: pathlib.Path) -> None:
    filled(tmp_path)
    given(tmp_path)
    replacement(tmp_path).accept()
    replacement(tmp_path).switch()
    pki = Pki(tmp_path, now=NOW)
    made = pki.sign("etcd", request(tmp_path), LEAF)
    assert generations.blocks(made)[1:] == [OURS.pem, POLICY.pem]
    leaf = certs.load(made)
    assert leaf is not None
    item = pki.enrich({**LEAF, "path": "/leaf.crt"})
    assert wanted_certs.fault(item, leaf, item["authority_certificate"], NOW) is None
    other = issuing.make_leaf(LEAF, certs.new_key().public_key(), authority=ROOT.certificate, authority_key=ROOT.key, now=NOW)
    assert wanted_certs.fault(item, other, item["authority_certificate"], NOW) == "it was not issued by the present etcd-ca", (
        "of the root, not ours"
    )
    files = {name: tmp_path / name for name in ("leaf", "ours", "all")}
    for name, text in {"leaf": generations.blocks(made)[0], "ours": OURS.pem, "all": CHAIN}.items():
        files[name].write_text(text)

    def verified(*options: str) -> bool:
        command = ["openssl", "verify", "-attime", str(int(NOW)), *options, str(files["leaf"])]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    assert verified("-partial_chain", "-CAfile", str(files["ours"]))
    assert not verified("-CAfile", str(files["ours"])), "OpenSSL wants a root, unless it is told otherwise"
    assert verified("-CAfile", str(files["all"])), "a client with the whole chain"


def test_what_trusts_only_roots_gets_the_whole_chain(tmp_path: pathlib.Path) -> None:
    """HAProxy, which accepts no intermediate alone. For a root it is what all others get."""
    filled(tmp_path)
    old = str(Pki(tmp_path, now=NOW).read("kubernetes-ca.crt")[0])
    assert Pki(tmp_path, now=NOW).read("kubernetes-ca.chain.crt") == (old, False)
    (tmp_path / "kubernetes-ca.next.crt").write_text(CHAIN)
    (tmp_path / "kubernetes-ca.next.key").write_text(certs.private_pem(OURS.key))
    replacement(tmp_path, "kubernetes").accept()
    assert Pki(tmp_path, now=NOW).read("kubernetes-ca.chain.crt")[0] == old + CHAIN
    for method in ("switch", "drop"):
        getattr(replacement(tmp_path, "kubernetes"), method)()
    assert Pki(tmp_path, now=NOW).read("kubernetes-ca.chain.crt")[0] == CHAIN
    empty = Pki(tmp_path / "none", check_mode=True)
    assert empty.read("kubernetes-ca.chain.crt") == (None, False)
    assert empty.awaited == {"kubernetes-ca.crt", "kubernetes-ca.chain.crt"}, "a balancer that has it is refused"


def test_a_snapshot_of_an_intermediate_is_known_after_its_replacement(tmp_path: pathlib.Path) -> None:
    (tmp_path / "pki").mkdir()
    directory = tmp_path / "pki"
    filled(directory)
    given(directory)
    made: set[str] = set()
    for _number in range(2):
        for method in ("accept", "switch", "drop", "finish"):
            getattr(replacement(directory), method)()
            made.add(backups.fingerprint(directory))
    assert len(made) == 3
    assert made <= backups.fingerprints(directory)


def test_masters_that_still_show_the_old_intermediate_are_known_to_what_trusts_only_roots(tmp_path: pathlib.Path) -> None:
    filled(tmp_path)
    (tmp_path / "kubernetes-ca.next.crt").write_text(CHAIN)
    (tmp_path / "kubernetes-ca.next.key").write_text(certs.private_pem(OURS.key))
    for method in ("accept", "switch", "drop", "finish", "accept", "switch"):
        getattr(replacement(tmp_path, "kubernetes"), method)()
    pki = Pki(tmp_path, now=NOW)
    assert generations.blocks(pki.read("kubernetes-ca.crt")[0])[0] == OURS.pem
    assert len(generations.blocks(pki.read("kubernetes-ca.crt")[0])) == 2
    assert {OURS.pem, POLICY.pem, ROOT.pem} < set(generations.blocks(pki.read("kubernetes-ca.chain.crt")[0]))
    replacement(tmp_path, "kubernetes").drop()
    assert ROOT.pem not in str(pki.known("kubernetes-ca.crt"))


def test_one_intermediate_follows_another(tmp_path: pathlib.Path) -> None:
    filled(tmp_path)
    for authority in (OURS, issued("the next one", POLICY, path_length=0)):
        given(tmp_path, authority.pem + POLICY.pem + ROOT.pem, authority.key)
        for method in ("accept", "switch", "drop", "finish"):
            getattr(replacement(tmp_path), method)()
            assert ROOT.pem not in str(Pki(tmp_path, now=NOW).read("etcd-ca.crt")[0])
            assert {ROOT.pem, POLICY.pem}.isdisjoint(generations.blocks(Pki(tmp_path).known("etcd-ca.crt")))
    assert Pki(tmp_path, now=NOW).read("etcd-ca.crt")[0] == authority.pem


def test_a_new_cluster_begins_with_an_intermediate(tmp_path: pathlib.Path) -> None:
    (tmp_path / "etcd-ca.crt").write_text(CHAIN)
    (tmp_path / "etcd-ca.key").write_text(certs.private_pem(OURS.key))
    pki = Pki(tmp_path, now=NOW)
    assert pki.read("etcd-ca.crt")[0] == OURS.pem
    assert len(generations.blocks(pki.sign("etcd", request(tmp_path), LEAF))) == 3


def given_below(**differs: t.Any) -> str:
    return issued("x", POLICY, **differs).pem + POLICY.pem + ROOT.pem


WRONG: dict[str, tuple[t.Callable[[], str], str]] = {
    "key usage": (lambda: given_below(signs=False), "key usage does not allow to sign"),
    "curve": (lambda: given_below(key=ec.generate_private_key(ec.SECP384R1())), "its key is not ECDSA P-256"),
    "identifier": (lambda: given_below(identifier=False), "no subject key identifier"),
    "subject": (lambda: issued("", POLICY).pem, "its subject is empty"),
    "servers only": (lambda: issued("x", POLICY, usages=BOTH[:1]).pem, "not both serverAuth and clientAuth"),
    "constraints": (lambda: issued("x", POLICY, constraints="example.org").pem, "it has name constraints"),
    "ended": (lambda: issued("x", POLICY, years=-0.5).pem, "the authority expired"),
    "leaf": (lambda: issued("x", POLICY, ca=False).pem, "is no certificate of an authority"),
    "order": (lambda: OURS.pem + ROOT.pem + POLICY.pem, r"certificate 2 of the chain \(CN=company root\) has not issued the one before"),
    "path length": (lambda: _below(issued("short", ROOT, path_length=0)), "allows 0 authorities"),
    "chain ended": (lambda: _below(issued("o", ROOT, years=-0.5)), "CN=o of the chain ended on"),
    "chain is no authority": (lambda: _below(issued("l", ROOT, ca=False)), "CN=l of the chain may not sign"),
    "no root": (lambda: OURS.pem + POLICY.pem, "the chain does not reach a root"),
    "alone": (lambda: OURS.pem, "the chain does not reach a root"),
    "unreadable": (lambda: OURS.pem + POLICY.pem[:100] + "\n" + POLICY.pem[120:], "cannot be read"),
}


def _below(upper: Authority) -> str:
    return issued("x", upper).pem + upper.pem + ROOT.pem


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_said_before_anything_changes(tmp_path: pathlib.Path, wrong: str) -> None:
    filled(tmp_path)
    make, message = WRONG[wrong]
    given(tmp_path, make())
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    for method in ("check_given", "accept"):
        with pytest.raises(PkiError, match=message):
            getattr(replacement(tmp_path), method)()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_a_key_of_another_authority_is_refused_at_the_beginning(tmp_path: pathlib.Path) -> None:
    filled(tmp_path)
    given(tmp_path, key=POLICY.key)
    with pytest.raises(PkiError, match="do not belong together"):
        replacement(tmp_path).check_given()


def test_any_usage_will_do() -> None:
    for usages in (BOTH, (*BOTH, oid.ExtendedKeyUsageOID.CODE_SIGNING), (oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)):
        own_authority.check(given_below(usages=usages), NOW, path="/x.crt")


def test_two_roots_in_a_file_are_both_trusted() -> None:
    other = issued("other")
    assert chains.anchors([ROOT.pem, other.pem]) == [ROOT.pem, other.pem]
    assert chains.anchors([OURS.pem, POLICY.pem, ROOT.pem]) == [OURS.pem]
    assert chains.anchors([other.pem, OURS.pem, POLICY.pem, ROOT.pem]) == [other.pem, OURS.pem]
    assert chains.sent([ROOT.pem]) == []
    assert chains.sent([]) == []


def test_a_copy_of_the_directory_is_the_same_pki(tmp_path: pathlib.Path) -> None:
    """Another cluster_pki_directory: hosts are known by authorities and keys, not by a path."""
    filled(tmp_path / "pki")
    shutil.copytree(tmp_path / "pki", tmp_path / "copy")
    for name in ("kubernetes-ca.crt", "etcd-ca.crt", "service-account.pub"):
        assert Pki(tmp_path / "copy", check_mode=True).served(name) == Pki(tmp_path / "pki", check_mode=True).served(name)
