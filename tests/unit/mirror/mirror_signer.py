# SPDX-License-Identifier: GPL-3.0-or-later
"""An authority that signs as sigstore does, and a transparency log of its own: what upstream has, and no test can reach.

Certificates: https://github.com/sigstore/fulcio/blob/main/docs/certificate-specification.md and oid-info.md beside it. Images:
https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md.
"""

from __future__ import annotations

import base64
import datetime
import json
import pathlib
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from mirror_log import Log
from mirror_registry import Registry, digest

_ISSUER = "1.3.6.1.4.1.57264.1.1"
_ISSUER_AS_UTF8 = "1.3.6.1.4.1.57264.1.8"
_EC = ec.ECDSA(hashes.SHA256())
_MINUTE = datetime.timedelta(minutes=1)
_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"


class Authority:
    """``log``: the signatures are in it, and their certificates are out of date as upstream's are. Without it, they are still valid."""

    def __init__(self, folder: pathlib.Path, *, cosign: pathlib.Path, log: Log | None) -> None:
        folder.mkdir()
        self._key, self.log = ec.generate_private_key(ec.SECP256R1()), log
        self._then = datetime.datetime.now(datetime.UTC) - (60 * _MINUTE if log else _MINUTE)
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of signatures")])
        self._certificate = self._signed(
            self._builder(self._name, self._key, minutes=10_000)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(sign_certificates=True), critical=True)
        )
        self.trusted_root = self._write_root(folder, cosign)

    def _write_root(self, folder: pathlib.Path, cosign: pathlib.Path) -> pathlib.Path:
        """By cosign itself, as a company does it."""
        (folder / "authority.pem").write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        services = [f"--fulcio=url=https://authority.example.org,certificate-chain={folder}/authority.pem"]
        if self.log:
            (folder / "log.pem").write_bytes(self.log.public_key)
            services.append(f"--rekor=url={self.log.url},public-key={folder}/log.pem,start-time=2024-01-01T00:00:00Z")
        root = folder / "trusted_root.json"
        subprocess.run([cosign, "trusted-root", "create", *services, f"--out={root}"], check=True, capture_output=True)
        return root

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, minutes: int) -> x509.CertificateBuilder:
        begin = self._then - (_MINUTE if minutes < 60 else 60 * _MINUTE)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        return builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(begin + minutes * _MINUTE)

    def _signed(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        own = self._key.public_key()
        known = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own), critical=False)
        subject = builder._public_key  # the builder has no other way to ask for it
        assert subject is not None
        return known.add_extension(x509.SubjectKeyIdentifier.from_public_key(subject), critical=False).sign(self._key, hashes.SHA256())

    def sign(self, content: bytes, *, identity: str, issuer: str) -> tuple[str, str, dict[str, object]]:
        """Signature and certificate, each in base64, the second of its PEM; and what the log says of them, empty without a log."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = self._certify(key, identity=identity, issuer=issuer)
        signature = base64.b64encode(key.sign(content, _EC)).decode()
        entry = self.log.add(content, signature, pem, at=int(self._then.timestamp())) if self.log else {}
        return signature, base64.b64encode(pem).decode(), entry

    def _certify(self, key: ec.EllipticCurvePrivateKey, *, identity: str, issuer: str) -> bytes:
        """The certificate of a key, for ten minutes (PEM)."""
        utf8 = b"\x0c" + bytes([len(issuer)]) + issuer.encode()
        certificate = self._signed(
            self._builder(x509.Name([]), key, minutes=10)
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(identity)]), critical=True)
            .add_extension(_usage(sign_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(_ISSUER), issuer.encode()), critical=False)
            .add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(_ISSUER_AS_UTF8), utf8), critical=False)
        )
        return certificate.public_bytes(serialization.Encoding.PEM)

    def write_key(self, folder: pathlib.Path, *, identity: str, issuer: str) -> None:
        """Writes a key and its certificate, ``key.pem`` and ``certificate.pem``, for a program that signs by itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        unencrypted = serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted)
        (folder / "key.pem").write_bytes(pem)
        (folder / "certificate.pem").write_bytes(self._certify(key, identity=identity, issuer=issuer))

    def sign_program(self, files: dict[str, bytes], path: str, *, identity: str, issuer: str) -> None:
        """Puts signature and certificate beside a file."""
        signature, certificate, _entry = self.sign(files[path], identity=identity, issuer=issuer)
        files[f"{path}.sig"], files[f"{path}.cert"] = signature.encode(), certificate.encode()

    def sign_image(self, registry: Registry, repository: str, of: str, *, identity: str, issuer: str) -> None:
        """Gives the registry a signature of the image that has this digest."""
        identity_of_image = {"docker-reference": f"registry.example.org/{repository}"}
        critical = {"identity": identity_of_image, "image": {"docker-manifest-digest": of}, "type": "cosign container image signature"}
        payload = json.dumps({"critical": critical, "optional": None}).encode()
        signature, certificate, entry = self.sign(payload, identity=identity, issuer=issuer)
        annotations = {
            "dev.cosignproject.cosign/signature": signature,
            "dev.sigstore.cosign/certificate": base64.b64decode(certificate).decode(),
            "dev.sigstore.cosign/chain": self._certificate.public_bytes(serialization.Encoding.PEM).decode(),
        }
        if entry:
            annotations["dev.sigstore.cosign/bundle"] = json.dumps(entry)
        layer = {"mediaType": _SIGNING, "size": len(payload), "digest": digest(payload), "annotations": annotations}
        content = json.dumps({"architecture": "", "os": "", "rootfs": {"type": "layers", "diff_ids": [digest(payload)]}}).encode()
        config = {"mediaType": _CONFIG, "size": len(content), "digest": digest(content)}
        manifest = json.dumps({"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": [layer]}).encode()
        registry.blobs.update({digest(payload): payload, digest(content): content})
        registry.manifests[repository, f"{of.replace(':', '-')}.sig"] = (_MANIFEST, manifest)
        registry.manifests[repository, digest(manifest)] = (_MANIFEST, manifest)


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )
