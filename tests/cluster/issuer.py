# SPDX-License-Identifier: GPL-3.0-or-later
"""A small OpenID Connect issuer in the lab's network: two pages over HTTPS, and tokens that its key, or another one, has signed."""

from __future__ import annotations

import base64
import collections.abc
import contextlib
import dataclasses
import json
import pathlib
import subprocess
import sys
import time
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

from .driver import ROOT, Cluster, eventually, lab_command

ADDRESS, PORT = "192.168.200.1", 8443
URL = f"https://{ADDRESS}:{PORT}"
AUDIENCE = "kubernetes"
_KEY = "first"
# Runs in the lab's network, with the certificate and the folder of pages as arguments.
_SERVER = f"""
import functools, http.server, ssl, sys
pages = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[2])
server = http.server.ThreadingHTTPServer(({ADDRESS!r}, {PORT}), pages)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@dataclasses.dataclass(frozen=True)
class Issuer:
    """One that apiservers can ask. ``authority`` is the certificate by which they know it."""

    authority: str
    key: rsa.RSAPrivateKey

    def token(self, name: str, *, key: rsa.RSAPrivateKey | None = None, **claims: t.Any) -> str:
        """A token of this user for five minutes; with another key, a forged one."""
        now = int(time.time())
        content = {"iss": URL, "aud": AUDIENCE, "sub": name, "iat": now, "exp": now + 300, **claims}
        signed = f"{_part({'alg': 'RS256', 'kid': _KEY, 'typ': 'JWT'})}.{_part(content)}"
        signature = (key or self.key).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_text(signature)}"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@contextlib.contextmanager
def running(cluster: Cluster, directory: pathlib.Path) -> collections.abc.Iterator[Issuer]:
    """An issuer that answers; ended afterwards."""
    pki = Pki(directory / "pki")
    pki.read("kubernetes-ca.crt")  # which makes it
    authority = (directory / "pki" / "kubernetes-ca.crt").read_text(encoding="utf-8")
    issuer = Issuer(authority=authority, key=new_key())
    _write_pages(directory / "pages", issuer.key)
    _write_certificate(directory / "server.pem", pki)
    command = lab_command("run", sys.executable, "-c", _SERVER, str(directory / "server.pem"), str(directory / "pages"))
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            page = f"{URL}/.well-known/openid-configuration"
            eventually(lambda: cluster.curl(page, "--fail", "--insecure").stdout, deadline=10, wanted="an answer of the issuer")
            yield issuer
        finally:
            server.terminate()


def _write_pages(directory: pathlib.Path, key: rsa.RSAPrivateKey) -> None:
    public = key.public_key().public_numbers()
    numbers = {"n": _number(public.n), "e": _number(public.e)}
    configuration = {
        "issuer": URL,
        "jwks_uri": f"{URL}/keys",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    (directory / ".well-known").mkdir(parents=True)
    (directory / ".well-known" / "openid-configuration").write_text(json.dumps(configuration), encoding="utf-8")
    keys = [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": _KEY, **numbers}]
    (directory / "keys").write_text(json.dumps({"keys": keys}), encoding="utf-8")


def _write_certificate(path: pathlib.Path, pki: Pki) -> None:
    key = certs.new_key()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    item = {"name": "issuer", "authority": "kubernetes", "common_name": "issuer", "ips": [ADDRESS], "usages": ["server"]}
    certificate = pki.sign(
        "kubernetes", request.public_bytes(serialization.Encoding.PEM).decode(), {**item, "days": 2, "renew_before_days": 1}
    )
    path.touch(mode=0o600)
    path.write_text(certificate + certs.private_pem(key), encoding="utf-8")


def _part(content: t.Mapping[str, t.Any]) -> str:
    return _text(json.dumps(content).encode())


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
