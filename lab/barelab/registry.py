# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's registry: Debian's docker-registry behind TLS, with a certificate authority of the lab's own."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile

from barelab import built_folders, cache, system_packages
from barelab.artifacts_progress import report
from barelab.process import run

PORT = 5000
_CA_DAYS = 3650
_SERVER_DAYS = 365
_RENEW_SECONDS = 30 * 86400
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def storage() -> pathlib.Path:
    """Kept between labs: pushing is most of what a start would cost."""
    return cache.root() / "registry"


def certificates(address: str) -> pathlib.Path:
    """The folder with ca.crt, server.crt and server.key for this address; made, or made anew when they end soon."""
    system_packages.require({"openssl"})
    folder = cache.root() / "registry-certificates" / address
    with built_folders.lock(
        folder.with_name(f"{address}.lock"), waiting=lambda: report("waiting for another process that makes the registry's certificate")
    ):
        if not _lasts(folder / "server.crt") or not _lasts(folder / "ca.crt"):
            _make(folder, address=address)
    return folder


def _lasts(certificate: pathlib.Path) -> bool:
    if not certificate.is_file():
        return False
    return run(["openssl", "x509", "-in", str(certificate), "-noout", "-checkend", str(_RENEW_SECONDS)], check=False).returncode == 0


def _make(folder: pathlib.Path, *, address: str) -> None:
    """The authority signs this one certificate and forgets its key, so nothing else can ever be signed by what the hosts trust."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        work = pathlib.Path(temporary)  # 0700, so the keys in it are nobody else's from their first byte
        request = ["openssl", "req", "-x509", "-batch", *_KEY]
        authority = ["-subj", "/CN=barehost lab registry CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        run([*request, "-days", str(_CA_DAYS), *authority, "-keyout", str(work / "ca.key"), "-out", str(work / "ca.crt")])
        server = ["-CA", str(work / "ca.crt"), "-CAkey", str(work / "ca.key"), "-subj", f"/CN={address}"]
        for extension in (f"subjectAltName=IP:{address}", "basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth"):
            server += ["-addext", extension]
        run([*request, "-days", str(_SERVER_DAYS), *server, "-keyout", str(work / "server.key"), "-out", str(work / "server.crt")])
        for name in ("server.key", "server.crt", "ca.crt"):
            os.replace(work / name, folder / name)


def configuration(*, address: str) -> str:
    """docker-registry's configuration: YAML, of which JSON is a part."""
    pki = certificates(address)
    return json.dumps(
        {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(storage())}},
            "http": {
                "addr": f"{address}:{PORT}",
                "tls": {"certificate": str(pki / "server.crt"), "key": str(pki / "server.key")},
            },
        },
        indent=1,
    )


def command(configuration_file: pathlib.Path) -> list[str]:
    system_packages.require({"docker-registry"})
    return ["docker-registry", "serve", str(configuration_file)]
