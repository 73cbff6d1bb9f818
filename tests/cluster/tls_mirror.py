# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's mirror over TLS. It runs inside the lab's network, with the lab's code in its path.

usage: tls_mirror.py FOLDER ADDRESS PORT CERTIFICATE KEY
"""

from __future__ import annotations

import pathlib
import ssl
import sys

from barelab.mirror import Server


def main(folder: str, address: str, port: str, certificate: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server(address=(address, int(port)), folder=pathlib.Path(folder))
    # each connection shakes hands in its own thread
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
