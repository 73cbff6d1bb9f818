# SPDX-License-Identifier: GPL-3.0-or-later
"""Private authorities of mirrors, made by openssl as administrators make them."""

from __future__ import annotations

import pathlib
import ssl
import subprocess

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
# No keyUsage: openssl's own settings put none into the certificate of an authority.
_CA = ["basicConstraints=critical,CA:true"]
_SERVER = ["basicConstraints=CA:false", "subjectAltName=IP:127.0.0.1"]


class Authority:
    """``pem`` is its certificate. One below another has ``above``."""

    def __init__(self, folder: pathlib.Path, name: str, *, above: Authority | None = None) -> None:
        self._folder, self._name = folder, name
        _made(folder, name, _CA, by=above)
        self.pem = (folder / f"{name}.crt").read_text()

    def server(self) -> ssl.SSLContext:
        """Of a server that shows its own certificate, and the one of this authority."""
        name = f"{self._name}-server"
        _made(self._folder, name, _SERVER, by=self)
        chain = self._folder / f"{name}.chain"
        chain.write_text((self._folder / f"{name}.crt").read_text() + self.pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, self._folder / f"{name}.key")
        return context

    @property
    def signing(self) -> list[str]:
        return ["-CA", f"{self._name}.crt", "-CAkey", f"{self._name}.key"]


def _made(folder: pathlib.Path, name: str, extensions: list[str], *, by: Authority | None) -> None:
    added = [word for extension in extensions for word in ("-addext", extension)]
    files = ["-keyout", f"{name}.key", "-out", f"{name}.crt"]
    request = ["openssl", "req", "-x509", *_KEY, "-subj", f"/CN={name}", *added, *(by.signing if by else []), *files]
    subprocess.run(request, cwd=folder, check=True, capture_output=True)
