# SPDX-License-Identifier: GPL-3.0-or-later
"""What playbooks/kubeconfig.yml is asked for, and what it refuses before anything is done."""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import ec, hashes, oid, serialization, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._people import request as requests
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._people import signing_request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._people.request import RESERVED_USERS, request

ROOT = pathlib.Path(__file__).parents[3]


def csr_of(path: pathlib.Path, *, user: str = "", groups: t.Sequence[str] = (), key: t.Any = None, text: str = "") -> str:
    """A file with a request, as its owner makes it."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(oid.NameOID.ORGANIZATION_NAME, group) for group in groups]
    names += [x509.NameAttribute(oid.NameOID.COMMON_NAME, user)] if user else []
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names)).sign(own, hashes.SHA256())
    path.write_text(text or made.public_bytes(serialization.Encoding.PEM).decode())
    return str(path)


def test_little_is_enough(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = request({"user": "alice"})
    assert found == requests.Request("alice", (), 30, "", tmp_path / "alice.kubeconfig", "", "", "authority", False)
    assert found.item["usages"] == ["client"] and found.item["renew_before_days"] == 0


def test_all_of_it(tmp_path: pathlib.Path) -> None:
    csr = csr_of(tmp_path / "alice-laptop.csr")
    given = {"user": "alice@example.org", "groups": "testers, developers,", "days": "14", "namespace": "demo", "signed_by": "authority"}
    found = request({**given, "file": str(tmp_path / "a"), "csr": csr})
    assert (found.groups, found.days, found.namespace, found.file.name) == (("developers", "testers"), 14, "demo", "a")
    assert "CERTIFICATE REQUEST" in found.csr and found.key == "alice-laptop.key"
    assert request({"user": "a", "csr": csr, "file": str(tmp_path / "a"), "key_path": "/secret/a.key"}).key == "/secret/a.key"
    assert request({"user": "a", "groups": ["x", "y"], "file": str(tmp_path / "a")}).groups == ("x", "y")


def test_an_emergency_ends_soon_and_has_its_own_group(tmp_path: pathlib.Path) -> None:
    found = request({"user": "alice", "emergency": True, "file": str(tmp_path / "a")})
    assert (found.groups, found.days) == (("system:masters",), 1)
    assert request({"user": "alice", "emergency": "true", "days": 7, "file": str(tmp_path / "a")}).days == 7


REFUSED: list[tuple[dict[str, t.Any], str]] = [
    ({"user": None}, "kubeconfig_user is not given: -e kubeconfig_user=alice"),
    ({"user": ["alice"]}, "kubeconfig_user is ['alice'], wanted a text"),
    ({"user": "alice smith"}, "kubeconfig_user has 'alice smith', wanted 1 to 64 letters"),
    ({"user": "../alice"}, "kubeconfig_user has '../alice', wanted 1 to 64 letters"),
    ({"user": "a" * 65}, "wanted 1 to 64 letters"),
    ({"user": "system:node:w1"}, "Kubernetes keeps names with system: for its own programs"),
    ({"user": "flannel"}, "kubeconfig_user is flannel, which is the name of a program of the cluster"),
    ({"groups": "system:masters"}, "kubeconfig_groups has system:masters, of which no rule can take anything away"),
    ({"groups": ["developers", "system:nodes"]}, "kubeconfig_groups has system:nodes, and Kubernetes keeps names with system:"),
    ({"groups": {"a": 1}}, "kubeconfig_groups is {'a': 1}, wanted names divided by commas"),
    ({"groups": "a b"}, "kubeconfig_groups has 'a b', wanted 1 to 64 letters"),
    ({"days": 0}, "kubeconfig_days is 0, wanted a whole number of days from 1 to 365: -e kubeconfig_days=30"),
    ({"days": 366}, "kubeconfig_days is 366"),
    ({"days": True}, "kubeconfig_days is True"),
    ({"days": "2w"}, "kubeconfig_days is '2w'"),
    ({"emergency": "true", "days": 8}, "of an emergency kubeconfig from 1 to 7: -e kubeconfig_days=1"),
    ({"emergency": "true", "groups": "developers"}, "kubeconfig_groups and kubeconfig_emergency are given"),
    ({"emergency": "true", "signed_by": "api"}, "the API signs nothing for system:masters"),
    ({"emergency": "maybe"}, "kubeconfig_emergency is 'maybe', wanted true or false"),
    ({"namespace": "Demo"}, "kubeconfig_namespace is 'Demo', which may hold only lower case"),
    ({"signed_by": "me"}, "kubeconfig_signed_by is 'me', wanted authority or api"),
    ({"csr": "/nowhere/alice.csr"}, "kubeconfig_csr is '/nowhere/alice.csr', which cannot be read (No such file or directory)"),
    ({"csr": "alice\ud800.csr"}, "which cannot be read (no file has such a name)"),
    ({"key_path": "alice.key"}, "kubeconfig_key_path is given without kubeconfig_csr"),
    ({"file": "/"}, "kubeconfig_file is '/', which is a directory"),
    ({"file": "/nowhere/alice"}, "there is no directory /nowhere"),
    ({"file": "~nobody-here/alice"}, "/~nobody-here/alice', and there is no directory"),
]


@pytest.mark.parametrize(("given", "told"), REFUSED)
def test_what_is_refused(tmp_path: pathlib.Path, given: dict[str, t.Any], told: str) -> None:
    with pytest.raises(ComponentError, match=re.escape(told)) as error:
        request({"user": "alice", "file": str(tmp_path / "a"), **given})
    assert str(error.value).startswith("Nothing was issued: ")


def test_all_faults_are_told_at_once_and_a_misspelt_variable_too() -> None:
    with pytest.raises(ComponentError, match=r"did you mean kubeconfig_groups\?.*kubeconfig_user is not given.*kubeconfig_days is 0"):
        request({"days": 0}, variables=["kubeconfig_group", "kubeconfig_user"])


def test_a_file_that_ansible_would_take_for_an_inventory_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ComponentError, match="beside the inventory"):
        request({"user": "alice", "file": str(tmp_path / "alice.kubeconfig")}, inventory=str(tmp_path))


def test_a_link_is_not_followed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(ComponentError, match="which is a link"):
        request({"user": "alice", "file": str(tmp_path / "link")})


@pytest.mark.parametrize(
    ("csr", "signed_by", "told"),
    [
        ({"text": "nonsense"}, "authority", r"is no signing request in PEM form; its owner makes one with: openssl req -new .*/CN=alice"),
        ({"text": "-----BEGIN PRIVATE KEY-----\n"}, "authority", "which holds a private key; that stays with its owner"),
        ({"key": ec.generate_private_key(ec.SECP384R1())}, "authority", "is not for a key of ECDSA P-256"),
        ({"user": "bob"}, "authority", "asks for user 'bob' without groups, and the variables say user 'alice' in developers"),
        ({"user": "alice", "groups": ["admins"]}, "authority", "asks for user 'alice' in admins, and the variables say"),
        ({}, "api", "asks for user '' without groups"),
    ],
)
def test_requests_of_people_that_are_refused(tmp_path: pathlib.Path, csr: dict[str, t.Any], signed_by: str, told: str) -> None:
    path = csr_of(tmp_path / "alice.csr", **csr)
    with pytest.raises(ComponentError, match=told):
        request({"user": "alice", "groups": "developers", "csr": path, "signed_by": signed_by, "file": str(tmp_path / "a")})


def test_a_request_whose_signature_is_wrong_is_refused(tmp_path: pathlib.Path) -> None:
    """Else somebody could get a certificate for a key of somebody else."""
    path = pathlib.Path(csr_of(tmp_path / "a.csr", user="alice"))
    der = x509.load_pem_x509_csr(path.read_bytes()).public_bytes(serialization.Encoding.DER)
    broken = x509.load_der_x509_csr(der[:-1] + bytes([der[-1] ^ 1])).public_bytes(serialization.Encoding.PEM).decode()
    assert "its signature is wrong" in signing_request.faults(broken, user="alice", groups=(), named=False)[0]


@pytest.mark.parametrize("signed_by", ["authority", "api"])
def test_a_request_with_the_names_that_are_given_is_taken(tmp_path: pathlib.Path, signed_by: str) -> None:
    path = csr_of(tmp_path / "alice.csr", user="alice", groups=["b", "a"])
    given = {"user": "alice", "groups": "a,b", "csr": path, "signed_by": signed_by, "file": str(tmp_path / "a")}
    assert request(given).key == "alice.key"


def test_names_that_have_rights_of_their_own_are_given_to_nobody() -> None:
    """The access rules bind some users by their names, and certificates of the cluster's programs have names."""
    rules = yaml.safe_load_all(re.sub(r"{[#%].*?[#%]}", "", (ROOT / "roles/addons/templates/access.yaml.j2").read_text()))
    bound = {subject["name"] for rule in rules for subject in rule.get("subjects", []) if subject["kind"] == "User"}
    named: set[str] = set()
    for path in [*ROOT.glob("roles/*/tasks/main.yml"), *ROOT.glob("roles/*/vars/main.yml")]:
        named |= set(re.findall(r"^\s+common_name: ([\w:-]+)$", path.read_text(), re.MULTILINE))
    # etcd's authority is another one, and what begins with system: is refused in any case
    of_etcd = {"root", "kube-apiserver-etcd-client"}
    assert bound and {name for name in bound | named if not name.startswith("system:")} - of_etcd <= RESERVED_USERS
