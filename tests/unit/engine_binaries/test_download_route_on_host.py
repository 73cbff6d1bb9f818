# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way downloads of a host take, with a real proxy and a real server. Runs on Python 3.9 too."""

from __future__ import annotations

import http.server
import pathlib
import threading
import typing as t
import urllib.request

import pytest
from authorities import Authority
from binaries_mirror import Mirror

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import commands, http_download
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.download_route import Route, is_direct
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError


class Server:
    """Answers every request with its name, and keeps what was asked: a proxy is asked for whole addresses."""

    def __init__(self, name: str) -> None:
        self.asked: list[str] = []
        self.headers: list[t.Any] = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.asked.append(self.path)
                owner.headers.append(self.headers)
                self.send_response(200)
                self.send_header("Content-Length", str(len(name)))
                self.end_headers()
                self.wfile.write(name.encode())

            def do_CONNECT(self) -> None:
                owner.asked.append(self.path)
                self.send_error(403)

            def log_message(self, *arguments: t.Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def proxy() -> t.Iterator[Server]:
    server = Server("proxy")
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def origin() -> t.Iterator[Server]:
    server = Server("origin")
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A login without proxies, no pauses, and the route as it is at the start of a program."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(http_download, "PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(http_download, "_route", Route({}))
    return monkeypatch


def fetched(url: str, **downloads: t.Any) -> str:
    http_download.take(Route(downloads))
    return http_download.fetch_text(url)


@pytest.mark.parametrize("given", ["the authority", "the intermediate alone"])
def test_a_private_authority_is_trusted_as_dnf_and_docker_do_it(tmp_path: pathlib.Path, serve: t.Callable[..., Mirror], given: str) -> None:
    above = Authority(tmp_path, "above")
    below = Authority(tmp_path, "below", above=above)
    mirror = serve(below.server())
    mirror.files["/a"] = b"safe"
    assert fetched(f"{mirror.url}/a", ca_bundle=above.pem if given == "the authority" else below.pem) == "safe"
    with pytest.raises(HostError, match=r"its TLS certificate is not trusted \(self.signed certificate in certificate chain|unable to get"):
        fetched(f"{mirror.url}/a", ca_bundle=Authority(tmp_path, "other").pem)


def test_without_any_setting_the_server_is_asked(origin: Server, proxy: Server) -> None:
    assert fetched(f"http://{origin.address}/a") == "origin"
    assert (origin.asked, proxy.asked) == (["/a"], [])


def test_the_proxy_of_the_spec_is_asked(origin: Server, proxy: Server) -> None:
    url = f"http://{origin.address}/a"
    assert fetched(url, http_proxy=f"http://{proxy.address}", no_proxy=["example.org"]) == "proxy"
    assert (origin.asked, proxy.asked) == ([], [url])


def test_what_is_direct_does_without_it(origin: Server, proxy: Server) -> None:
    assert fetched(f"http://{origin.address}/a", http_proxy=f"http://{proxy.address}", no_proxy=["127.0.0.0/8"]) == "origin"


def test_the_login_s_proxy_counts_where_the_spec_has_none(origin: Server, proxy: Server, login: pytest.MonkeyPatch) -> None:
    login.setenv("http_proxy", f"http://reader:pass%3Aword@{proxy.address}/")
    assert fetched(f"http://{origin.address}/a") == "proxy"
    assert proxy.headers[0]["Proxy-authorization"] == "Basic cmVhZGVyOnBhc3M6d29yZA=="
    login.setenv("no_proxy", "127.0.0.1")
    assert fetched(f"http://{origin.address}/a") == "origin"


def test_the_login_says_nothing_where_the_spec_has_a_proxy(origin: Server, proxy: Server, login: pytest.MonkeyPatch) -> None:
    login.setenv("http_proxy", "http://127.0.0.1:1")
    login.setenv("no_proxy", "*")
    assert fetched(f"http://{origin.address}/a", http_proxy=f"http://{proxy.address}") == "proxy"
    assert fetched(f"http://{origin.address}/a", https_proxy=f"http://{proxy.address}") == "origin", "a scheme without a proxy is direct"


def test_https_goes_through_a_tunnel_and_a_refusal_names_the_proxy(proxy: Server) -> None:
    with pytest.raises(HostError) as caught:
        fetched("https://mirror.example.org/a", https_proxy=f"http://{proxy.address}")
    assert proxy.asked == ["mirror.example.org:443"] * http_download.ATTEMPTS
    assert f"https://mirror.example.org/a through the proxy {proxy.address} (of cluster_http_proxy or cluster_https_proxy)" in str(
        caught.value
    )


def test_a_message_shows_no_login_of_a_proxy(login: pytest.MonkeyPatch) -> None:
    login.setenv("https_proxy", "http://reader:hidden@127.0.0.1:1")
    with pytest.raises(HostError) as caught:
        fetched("https://mirror.example.org/a")
    assert "through the proxy 127.0.0.1:1 (of the environment of the login)" in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "entry", "direct"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3:8080", "10.1.2.3", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", ".2.3", False),
        ("a.example.org", "example.org", True),
        ("EXAMPLE.org:443", "example.org", True),
        ("badexample.org", "example.org", False),
        ("a.example.org", ".Example.org", True),
        ("example.org", ".example.org", False),
        ("anything", "*", True),
        ("10.example.org", "10.0.0.0/8", False),
    ],
)
def test_what_is_direct(host: str, entry: str, direct: bool) -> None:
    assert is_direct(host, [entry]) == direct


def test_programs_of_the_host_get_no_proxy(login: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy"):
        login.setenv(name, "http://127.0.0.1:1")
    assert "_proxy=" not in commands.run(["env"]).output.lower()
    assert urllib.request.getproxies()["https"] == "http://127.0.0.1:1"
