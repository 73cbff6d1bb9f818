# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority of kubelets that rotate their certificates: born only where it is wanted, and the one whose key hosts get."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import files
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import hashes, serialization, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.description import parse_description
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import authorities, certs, generations
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import (
    KUBERNETES_AND_NODE,
    NODE_CERTIFICATE,
    NODE_KEY,
    Pki,
    PkiError,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.replacement import Replacement
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import planner
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import known_authorities, node_certificates

NOW = 1_800_000_000.0


@pytest.fixture
def pki(tmp_path: pathlib.Path) -> Pki:
    return Pki(tmp_path / "pki", now=NOW)


def test_it_is_born_when_it_is_first_wanted(pki: Pki) -> None:
    pki.read("kubernetes-ca.crt")
    assert "node" not in authorities.of_directory(pki.directory)
    key, secret = pki.read(NODE_KEY)
    certificate, shown = pki.read(NODE_CERTIFICATE)
    assert (secret, shown) == (True, False)
    assert certs.belong_together(certificate or "", key or "")
    assert authorities.of_directory(pki.directory)["node"].pem == certificate
    assert Pki(pki.directory, now=NOW).read(NODE_KEY) == (key, True)
    assert (pki.directory / NODE_KEY).stat().st_mode & 0o777 == 0o600


def test_check_mode_makes_none(tmp_path: pathlib.Path) -> None:
    pki = Pki(tmp_path / "pki", check_mode=True, now=NOW)
    assert [pki.read(name)[0] for name in (NODE_CERTIFICATE, NODE_KEY, KUBERNETES_AND_NODE)] == [None, None, None]
    assert NODE_CERTIFICATE in pki.awaited
    assert not (tmp_path / "pki").exists()


def test_both_are_trusted_also_while_the_other_is_replaced(pki: Pki) -> None:
    both = pki.read(KUBERNETES_AND_NODE)[0] or ""
    assert both == (pki.bundle("kubernetes") or "") + (pki.read(NODE_CERTIFICATE)[0] or "")
    assert pki.served(KUBERNETES_AND_NODE) == both
    work = Replacement(pki, "kubernetes", now=NOW)
    work.accept()
    accepted = pki.read(KUBERNETES_AND_NODE)[0] or ""
    assert len(generations.blocks(accepted)) == 3
    assert set(generations.blocks(both)) < set(generations.blocks(accepted))
    assert pki.served(KUBERNETES_AND_NODE) == accepted


def test_a_key_of_another_authority_is_given_to_no_host(pki: Pki) -> None:
    pki.read(NODE_KEY)
    (pki.directory / NODE_KEY).write_text(certs.private_pem(certs.new_key()))
    with pytest.raises(PkiError, match=r"node-ca\.key does not belong to node-ca\.crt"):
        pki.read(NODE_KEY)
    (pki.directory / NODE_KEY).unlink()
    with pytest.raises(PkiError, match=r"node-ca\.key is missing"):
        pki.read(NODE_KEY)


def test_masters_sign_with_the_new_one_from_the_switch_on(pki: Pki) -> None:
    """The controller manager takes a single certificate, and nobody is refused before all apiservers trust the new one."""
    old = pki.read(NODE_CERTIFICATE)[0] or ""
    work = Replacement(pki, "node", now=NOW)
    work.accept()
    assert pki.read(NODE_CERTIFICATE)[0] == pki.served(NODE_CERTIFICATE) == old
    assert pki.read(NODE_KEY)[0] == pki.served(NODE_KEY) == (pki.directory / NODE_KEY).read_text()
    assert len(generations.blocks(pki.read(KUBERNETES_AND_NODE)[0])) == 3
    work.switch()
    new = pki.read(NODE_CERTIFICATE)[0] or ""
    assert new != old and len(generations.blocks(new)) == 1
    assert certs.belong_together(new, pki.read(NODE_KEY)[0] or "")
    assert pki.known(NODE_CERTIFICATE) is not None and old in (pki.known(NODE_CERTIFICATE) or ""), "a master that was away is known"
    assert pki.issuers("node") == new, "what the old one has issued is not left to kubelets"


def test_a_lost_key_is_replaced_by_the_same_phases(pki: Pki) -> None:
    """The new key signs at once, because nothing else can."""
    pki.read(NODE_KEY)
    (pki.directory / NODE_KEY).unlink()
    with pytest.raises(PkiError, match=r"replace-authority\.yml -e replace_authority=node"):
        pki.read(NODE_KEY)
    work = Replacement(pki, "node", now=NOW)
    work.accept()
    certificate, key = pki.read(NODE_CERTIFICATE)[0] or "", pki.read(NODE_KEY)[0] or ""
    assert certs.belong_together(certificate, key)
    assert (pki.served(NODE_CERTIFICATE), pki.served(NODE_KEY)) == (certificate, key)
    assert len(generations.blocks(pki.read(KUBERNETES_AND_NODE)[0])) == 3
    assert len(generations.blocks(pki.issuers("node"))) == 2, "kubelets keep what they have until the switch"
    work.switch()
    assert (pki.read(NODE_CERTIFICATE)[0], pki.read(NODE_KEY)[0]) == (certificate, key)
    assert pki.issuers("node") == certificate


@pytest.mark.parametrize(
    ("client", "server", "planned"),
    [
        (None, None, False),
        (None, "new", False),
        ("new", "new", False),
        (None, "old", True),
        ("old", "new", True),
    ],
)
def test_a_kubelet_forgets_what_another_authority_has_issued(
    pki: Pki, tmp_path: pathlib.Path, client: str | None, server: str | None, planned: bool
) -> None:
    """Only certificates leave the host, though the kubelet writes its key into the same file."""
    work = Replacement(pki, "node", now=NOW)
    pki.read(NODE_KEY)
    issued = {"old": _issued(pki)}
    work.accept()
    work.switch()
    issued["new"] = _issued(pki)
    held = {name: tmp_path / "kubelet" / f"{name}.pem" for name in ("client", "server")}
    held["client"].parent.mkdir()
    for name, of in (("client", client), ("server", server)):
        if of is not None:
            held[name].write_text(issued[of] + certs.private_pem(certs.new_key()))
    described = {"path": str(held["client"].parent), "recursive": True, "authority": "node", "certificates": list(map(str, held.values()))}
    (item,) = parse_description({"name": "x", "absent": [described]}).items["absent"]
    (state,) = files.collect_absent([item])
    assert "PRIVATE" not in str(state)
    actions = planner.plan(
        component="x", items={"absent": [{**item, "authority_certificate": pki.issuers("node")}]}, state={"absent": [state]}, now=NOW
    )
    assert [action.target for action in actions] == ([item["path"]] if planned else [])
    assert all("was not issued by the present node-ca" in action.reason for action in actions)


def _issued(pki: Pki) -> str:
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(certs.new_key(), hashes.SHA256())
    item = {"name": "kubelet", "authority": "node", "common_name": "system:node:n", "organizations": ["system:nodes"], "usages": ["server"]}
    return pki.sign("node", request.public_bytes(serialization.Encoding.PEM).decode(), item)


def test_keys_of_other_authorities_stay_on_the_controller(pki: Pki) -> None:
    for name in ("kubernetes-ca.key", "etcd-ca.key", "front-proxy-ca.key"):
        with pytest.raises(PkiError, match="Keys of other authorities stay on the controller"):
            pki.read(name)


@pytest.mark.parametrize(("chosen", "there", "trusted"), [("issued", False, False), ("issued", True, True), ("rotated", False, True)])
def test_hosts_trust_it_as_long_as_it_is_there(tmp_path: pathlib.Path, chosen: str, there: bool, trusted: bool) -> None:
    """Else masters would refuse kubelets that have not gone back to their issued certificates yet."""
    if there:
        (tmp_path / NODE_CERTIFICATE).touch()
    spec = {"pki_directory": str(tmp_path), "certificates": node_certificates.as_dict(chosen)}
    assert known_authorities.complete(spec)["certificates"] == {"nodes": chosen, "node_authority": trusted, "chain": False}
