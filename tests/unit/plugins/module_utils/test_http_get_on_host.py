# SPDX-License-Identifier: GPL-3.0-or-later
"""One page over HTTP, against real servers. Runs on Python 3.9 too."""

from __future__ import annotations

import contextlib
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import http_get

NONE = http_get.Tls()


class Server:
    """Serves connections with one answer, and keeps what it was asked."""

    def __init__(self, answer: bytes, *, context: ssl.SSLContext | None = None, pause: float = 0, host: str = "127.0.0.1") -> None:
        self._listening = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self._listening.getsockname()[1]
        self.asked: list[bytes] = []
        self._answer, self._context, self._pause = answer, context, pause
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _peer = self._listening.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
                with connection:
                    self.asked.append(connection.recv(4096))
                    for index in range(0, len(self._answer), 7 if self._pause else 1 << 16):
                        connection.sendall(self._answer[index : index + (7 if self._pause else 1 << 16)])
                        time.sleep(self._pause)


@pytest.fixture
def serve() -> t.Iterator[t.Callable[..., Server]]:
    servers: list[Server] = []

    def start(answer: bytes, **options: t.Any) -> Server:
        servers.append(Server(answer, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok"),
        (
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\n[-]etcd failed\r\n\r\nmore",
            503,
            "[-]etcd failed\r\n\r\nmore",
        ),
        (b"HTTP/1.0 404 Not Found\r\ncontent-length:0\r\n\r\n", 404, ""),
        (b"HTTP/1.0 200 \r\n\r\n\xff", 200, "\ufffd"),
        (b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 3_000_000, 200, "x" * http_get._LARGEST),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000, 200, None),
    ],
)
def test_an_answer(answer: bytes, status: int, text: str | None, serve: t.Callable[..., Server]) -> None:
    found = http_get.get(f"http://127.0.0.1:{serve(answer).port}/healthz", timeout=5, tls=NONE)
    assert found[0] == status
    assert text is None or found[1][:1000] == text[:1000]
    assert text is None or abs(len(found[1]) - len(text)) < 1000


@pytest.mark.parametrize(
    ("tail", "line"), [("", "/"), ("/", "/"), ("/a/b?c=d&e=%20", "/a/b?c=d&e=%20"), ("?verbose", "/?verbose"), ("/x#part", None)]
)
def test_what_is_asked(tail: str, line: str | None, serve: t.Callable[..., Server]) -> None:
    server = serve(b"HTTP/1.0 200 OK\r\n\r\n")
    address = f"http://localhost:{server.port}{tail}"
    if line is None:
        with pytest.raises(ValueError, match="is not an address of a page"):
            http_get.get(address, timeout=5, tls=NONE)
        return
    assert http_get.get(address, timeout=5, tls=NONE) == (200, "")
    assert server.asked == [f"GET {line} HTTP/1.0\r\nHost: localhost:{server.port}\r\n\r\n".encode()]


def test_an_address_of_ipv6(serve: t.Callable[..., Server]) -> None:
    try:
        server = serve(b"HTTP/1.0 200 OK\r\n\r\nsix", host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert http_get.get(f"http://[::1]:{server.port}/", timeout=5, tls=NONE) == (200, "six")
    assert b"Host: [::1]:" in server.asked[0]


@pytest.mark.parametrize("address", ["ftp://a/", "http://", "http://a b/", "http://u:p@a/", "http://a/b c", "http://a/\r\nX: y", "a:80"])
def test_no_address(address: str) -> None:
    with pytest.raises(ValueError, match="is not an address of a page"):
        http_get.get(address, timeout=1, tls=NONE)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "the connection was closed without an answer"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "no answer of HTTP: b'SSH-2.0"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "the answer ends after 2 of 9 bytes"),
    ],
)
def test_no_answer(answer: bytes, why: str, serve: t.Callable[..., Server]) -> None:
    with pytest.raises(ValueError, match=why):
        http_get.get(f"http://127.0.0.1:{serve(answer).port}/", timeout=5, tls=NONE)


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        http_get.get(f"http://127.0.0.1:{port}/", timeout=5, tls=NONE)


def test_an_answer_that_drips_is_not_waited_for(serve: t.Callable[..., Server]) -> None:
    server = serve(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 700, pause=0.1)
    began = time.monotonic()
    with pytest.raises(OSError, match="timed out"):
        http_get.get(f"http://127.0.0.1:{server.port}/", timeout=0.5, tls=NONE)
    assert time.monotonic() - began < 5


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, pathlib.Path]:
    """A certificate of its own for 127.0.0.1 and localhost, and its key."""
    folder = tmp_path_factory.mktemp("pair")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-days", "2", "-keyout", "key", "-out", "cert"]
    subprocess.run(made + names, cwd=folder, check=True, capture_output=True)
    return folder / "cert", folder / "key"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_tls_with_certificates_on_either_side(name: str, pair: tuple[pathlib.Path, pathlib.Path], serve: t.Callable[..., Server]) -> None:
    cert, key = map(str, pair)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.load_verify_locations(cert)
    context.verify_mode = ssl.CERT_REQUIRED
    server = serve(b"HTTP/1.0 200 OK\r\n\r\nsafe", context=context)
    address = f"https://{name}:{server.port}/livez"
    assert http_get.get(address, timeout=5, tls=http_get.Tls(cert, cert, key)) == (200, "safe")
    with pytest.raises(OSError, match=r"(?i)certificate verify failed"):
        http_get.get(address, timeout=5, tls=NONE)
    with pytest.raises((OSError, ValueError)):
        http_get.get(address, timeout=5, tls=http_get.Tls(cert))


def test_a_certificate_for_another_name_is_refused(pair: tuple[pathlib.Path, pathlib.Path], serve: t.Callable[..., Server]) -> None:
    cert, key = map(str, pair)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server = serve(b"HTTP/1.0 200 OK\r\n\r\n", context=context, host="127.0.0.2")
    with pytest.raises(OSError, match=r"(?i)certificate verify failed.*127\.0\.0\.2"):
        http_get.get(f"https://127.0.0.2:{server.port}/", timeout=5, tls=http_get.Tls(cert))


def test_nothing_large_is_imported() -> None:
    code = f"""
import sys
sys.path.insert(0, {str(pathlib.Path(http_get.__file__).parent)!r})
import http_get
try:
    http_get.get("https://127.0.0.1:9/", timeout=1, tls=http_get.Tls())
except OSError:
    pass
print([name for name in ("http.client", "email", "encodings.idna", "urllib.parse") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-IS", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
