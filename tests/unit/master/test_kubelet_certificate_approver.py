# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that approves serving certificates of kubelets: what it takes for theirs, and what it leaves for somebody to look at."""

from __future__ import annotations

import base64
import collections.abc as c
import dataclasses
import http.server
import ipaddress
import json
import pathlib
import random
import ssl
import threading
import time
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import ec, hashes, oid, serialization, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, issuing
from ansible_collections.barehost.kubernetes.roles.master.files import kubelet_certificate_approver as approver
from ansible_collections.barehost.kubernetes.roles.master.files.kubelet_certificate_approver import Refused, Settings, Watch, check

NODE, ADDRESS = "k8s.minion1.dev", "192.0.2.11"
USER = f"system:node:{NODE}"
NODES = {NODE: ADDRESS, "k8s.master.dev": "192.0.2.10"}
ROOT = x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, "root")])
Object = dict[str, t.Any]


def subject(*organizations: str, common_name: str = USER) -> x509.Name:
    names = [x509.NameAttribute(oid.NameOID.ORGANIZATION_NAME, name) for name in organizations or ("system:nodes",)]
    return x509.Name([*names, x509.NameAttribute(oid.NameOID.COMMON_NAME, common_name)])


def names(*texts: str) -> list[x509.GeneralName]:
    return [x509.IPAddress(ipaddress.ip_address(text)) if text[0].isdigit() else x509.DNSName(text) for text in texts]


def der(name: x509.Name | None = None, alternative: c.Sequence[x509.GeneralName] | None = None, *more: x509.ExtensionType) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(name or subject())
    given = names(NODE, ADDRESS) if alternative is None else alternative
    for extension in [*([x509.SubjectAlternativeName(given)] if given else []), *more]:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def pem(request: bytes) -> str:
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{base64.encodebytes(request).decode()}-----END CERTIFICATE REQUEST-----\n"


def asked(request: bytes | str | None = None, **changes: t.Any) -> Object:
    """An object of the API, of the node itself."""
    text = pem(der() if request is None else request) if not isinstance(request, str) else request
    spec = {
        "signerName": approver.SIGNER,
        "username": USER,
        "groups": ["system:nodes", "system:authenticated"],
        "usages": ["digital signature", "server auth"],
        "request": base64.b64encode(text.encode()).decode(),
        **changes,
    }
    return {"metadata": {"name": "csr-1", "resourceVersion": "7"}, "spec": spec, "status": {}}


@pytest.mark.parametrize(
    "request_",
    [
        asked(),
        asked(der(alternative=names(ADDRESS))),
        asked(der(alternative=names(NODE))),
        asked(usages=["server auth", "key encipherment", "digital signature"]),
    ],
)
def test_what_is_a_nodes_own_is_approved(request_: Object) -> None:
    wanted = check(request_, NODES)
    assert wanted.common_name == USER
    assert {*wanted.dns, *wanted.ips} <= {NODE, ADDRESS}


REFUSED: list[tuple[Object, str]] = [
    (asked(der(alternative=names(NODE, ADDRESS, "192.0.2.10"))), f"it asks for 192.0.2.10, and by the inventory {NODE} has the address"),
    (asked(der(alternative=names("k8s.master.dev", ADDRESS))), "it asks for k8s.master.dev"),
    (asked(der(alternative=names("K8S.MINION1.DEV"))), "it asks for K8S.MINION1.DEV"),
    (asked(der(alternative=names("*.dev"))), "it asks for *.dev"),
    (asked(der(alternative=names("::1"))), "it asks for ::1"),
    (asked(der(alternative=[])), "it is no signing request as kubelets make them"),
    (asked(der(alternative=[x509.UniformResourceIdentifier("spiffe://node")])), "neither a DNS name nor an address"),
    (asked(der(alternative=[*names(NODE), x509.RFC822Name("a@b.dev")])), "neither a DNS name nor an address"),
    (asked(der(subject(common_name="system:node:k8s.master.dev"))), "CN=system:node:k8s.master.dev, and system:node:k8s.minion1.dev asks"),
    (asked(der(subject("system:masters"))), "its subject is O=system:masters"),
    (asked(der(subject("system:masters", "system:nodes"))), "its subject is O=system:masters,system:nodes"),
    (asked(der(x509.Name([*subject(), x509.NameAttribute(oid.NameOID.COMMON_NAME, "kubernetes-admin")]))), "or several"),
    (
        asked(der(x509.Name([*subject(), x509.NameAttribute(oid.NameOID.COUNTRY_NAME, "XX")]))),
        "more than a common name and an organization",
    ),
    (asked(der(None, None, x509.BasicConstraints(ca=True, path_length=None))), "it holds more than kubelets ask for"),
    (asked(der(None, [], x509.BasicConstraints(ca=True, path_length=None))), "another extension than alternative names"),
    (asked(usages=["digital signature", "server auth", "client auth"]), "its usages are digital signature, server auth, client auth"),
    (asked(usages=["any"]), "its usages are any"),
    (asked(usages=["server auth", "server auth", "digital signature"]), "its usages are"),
    (asked(usages=None), "its usages are none"),
    (asked(username="kubernetes-admin"), "who asks is no node"),
    (asked(groups=["system:masters"]), "who asks is no node"),
    (asked(groups=None), "who asks is no node"),
    (asked(username="system:node:other"), "the inventory has no node other"),
    (asked(username="system:node:"), "the inventory has no node"),
    (asked(signerName="kubernetes.io/kube-apiserver-client"), "it is not for kubernetes.io/kubelet-serving"),
    (asked(request=""), "it is not one signing request"),
    (asked(request="!"), "it is not one signing request"),
    (asked(pem(der()) + pem(der())), "it is not one signing request"),
    (asked(der() + b"\0"), "it holds more"),
    (asked(der()[:-1]), "it is cut off"),
    (asked(b""), "it is no signing request"),
]


@pytest.mark.parametrize(("request_", "told"), REFUSED, ids=[told for _request, told in REFUSED])
def test_what_is_left_for_somebody_to_look_at(request_: Object, told: str) -> None:
    with pytest.raises(Refused) as refused:
        check(request_, NODES)
    assert told in str(refused.value)


def test_what_is_damaged_is_refused_and_ends_nothing() -> None:
    """Nothing but Refused is raised, and what is understood is what cryptography understands."""
    whole, chance = der(), random.Random(20261129)
    for _example in range(3000):
        damaged = bytearray(whole)
        for _time in range(chance.randint(1, 3)):
            place = chance.randrange(len(damaged))
            damaged[place : place + chance.randint(0, 2)] = bytes(chance.randrange(256) for _byte in range(chance.randint(0, 2)))
        try:
            wanted = check(asked(bytes(damaged)), NODES)
        except Refused:
            continue
        assert (wanted.common_name, wanted.organizations) == (USER, ["system:nodes"])
        try:
            there = x509.load_der_x509_csr(bytes(damaged)).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except ValueError:
            continue  # the signer refuses it
        assert there.get_values_for_type(x509.DNSName) == wanted.dns
        assert [str(address) for address in there.get_values_for_type(x509.IPAddress)] == wanted.ips


def test_a_length_has_one_form() -> None:
    with pytest.raises(Refused, match="not in DER form"):
        approver.Der(bytes([0x30, 0x81, 0x03, 1, 2, 3])).take(0x30)
    with pytest.raises(Refused, match="not in DER form"):
        approver.Der(bytes([0x30, 0x80, 0, 0])).take(0x30)


class Server:
    """An apiserver that has these requests; ``put`` are those that were approved, by path."""

    def __init__(self, folder: pathlib.Path) -> None:
        outer = self
        self.requests: list[Object] = []
        self.put: dict[str, Object] = {}
        self.asked: list[str] = []
        self.status = 200

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                self._answer({"items": outer.requests})

            def do_PUT(self) -> None:
                outer.put[self.path] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer({})

            def _answer(self, content: Object) -> None:
                body = json.dumps(content).encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                pass

        key, now = certs.new_key(), time.time()
        root = issuing.make_authority("kubernetes", key, now)
        own = certs.new_key()
        item = {
            "name": "own",
            "common_name": "own",
            "ips": ["127.0.0.1"],
            "usages": ["server", "client"],
            "days": 1,
            "renew_before_days": 0,
        }
        leaf = issuing.make_leaf(item, own.public_key(), authority=root, authority_key=key, now=now)
        (folder / "own.crt").write_text(certs.pem(leaf))
        (folder / "own.key").write_text(certs.private_pem(own))
        (folder / "ca.crt").write_text(certs.pem(root))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "own.crt", folder / "own.key")
        context.load_verify_locations(folder / "ca.crt")
        context.verify_mode = ssl.CERT_REQUIRED
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        files = {name: str(folder / f"own.{suffix}") for name, suffix in (("cert", "crt"), ("key", "key"))}
        self.settings = Settings(server=f"127.0.0.1:{self._server.server_port}", ca=str(folder / "ca.crt"), nodes=NODES, **files)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(tmp_path: pathlib.Path) -> c.Iterator[Server]:
    begun = Server(tmp_path)
    yield begun
    begun.stop()


def test_one_look(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Only what is open and as wanted is approved, as the version that was looked at; the rest is told of once."""
    forged = asked(der(alternative=names("192.0.2.10")))
    forged["metadata"]["name"] = "csr-2"
    done = {**asked(), "metadata": {"name": "csr-3"}, "status": {"conditions": [{"type": "Denied"}]}}
    signed = {**asked(), "metadata": {"name": "csr-4"}, "status": {"certificate": "x"}}
    server.requests = [asked(), forged, done, signed]
    watch = Watch()
    watch.look(server.settings)
    assert server.asked == [f"{approver.REQUESTS}?fieldSelector=spec.signerName%3Dkubernetes.io%2Fkubelet-serving"]
    assert list(server.put) == [f"{approver.REQUESTS}/csr-1/approval"]
    (sent,) = server.put.values()
    assert sent["metadata"] == {"name": "csr-1", "resourceVersion": "7"}
    assert [(one["type"], one["status"]) for one in sent["status"]["conditions"]] == [("Approved", "True")]
    server.requests = [forged]
    watch.look(server.settings)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"csr-1 of {USER} is approved for {NODE}, {ADDRESS}"
    assert [line.partition(":")[0] for line in lines[1:]] == ["csr-2 of system"]
    assert len(server.put) == 1


def test_an_apiserver_that_refuses_or_is_away_is_told_of_once(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch()
    server.status = 403
    watch.look(server.settings)
    watch.look(server.settings)
    assert capsys.readouterr().out.count("status 403") == 1
    server.status = 200
    watch.look(server.settings)
    gone = dataclasses.replace(server.settings, server="127.0.0.1:1", timeout=2)
    watch.look(gone)
    assert "cannot be asked" in capsys.readouterr().out


def test_names_of_others_steer_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    approver.say("a\x1b[31m\nb" + "c" * 5000)
    assert capsys.readouterr().out == "a?[31m?b" + "c" * 992 + "\n"
