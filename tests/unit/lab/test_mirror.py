# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirror answers as the product's downloads need it to."""

from __future__ import annotations

import http.client
import pathlib
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barelab.mirror import Server, Span, UnsatisfiableError, parse_range

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def server(tmp_path: pathlib.Path) -> Iterator[tuple[str, int]]:
    served = tmp_path / "served"
    (served / "a host/release").mkdir(parents=True)
    (tmp_path / "cached").write_bytes(CONTENT)
    (served / "a host/release/program").symlink_to(tmp_path / "cached")
    (served / "empty").write_bytes(b"")
    with Server(address=("127.0.0.1", 0), folder=served) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield ("127.0.0.1", running.server_address[1])
        running.shutdown()
        thread.join()


def ask(server: tuple[str, int], path: str, *, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(*server, timeout=10)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_a_file_is_sent_through_a_link(server: tuple[str, int]) -> None:
    answer, body = ask(server, "/a%20host/release/program")
    assert (answer.status, body) == (200, CONTENT)
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_a_download_resumes(server: tuple[str, int]) -> None:
    answer, body = ask(server, "/a%20host/release/program", Range="bytes=1000-")
    assert (answer.status, body) == (206, CONTENT[1000:])
    assert answer.headers["Content-Range"] == f"bytes 1000-{len(CONTENT) - 1}/{len(CONTENT)}"


def test_a_download_of_what_has_changed_begins_anew(server: tuple[str, int]) -> None:
    answer, body = ask(server, "/a%20host/release/program", Range="bytes=1000-", If_Range='"another"')
    assert (answer.status, body) == (200, CONTENT)
    answer, body = ask(server, "/a%20host/release/program", Range="bytes=1000-", If_Range=answer.headers["ETag"])
    assert (answer.status, body) == (206, CONTENT[1000:])


def test_a_range_beyond_the_end_is_refused(server: tuple[str, int]) -> None:
    answer, body = ask(server, "/a%20host/release/program", Range=f"bytes={len(CONTENT)}-")
    assert (answer.status, answer.headers["Content-Range"], body) == (416, f"bytes */{len(CONTENT)}", b"")


def test_head_tells_the_size_and_sends_nothing(server: tuple[str, int]) -> None:
    answer, body = ask(server, "/a%20host/release/program", method="HEAD")
    assert (answer.status, answer.headers["Content-Length"], body) == (200, str(len(CONTENT)), b"")


def test_an_empty_file_is_a_file(server: tuple[str, int]) -> None:
    answer, body = ask(server, "/empty")
    assert (answer.status, body) == (200, b"")


@pytest.mark.parametrize("path", ["/nothing", "/a%20host", "/", "/../cached", "/a%20host/../../cached", "/%2e%2e/cached", "/empty%00"])
def test_nothing_else_is_served(server: tuple[str, int], path: str) -> None:
    answer, body = ask(server, path)
    assert answer.status == 404
    assert CONTENT[:100] not in body


def test_one_connection_serves_several_requests(server: tuple[str, int]) -> None:
    connection = http.client.HTTPConnection(*server, timeout=10)
    for path, status in [("/empty", 200), ("/nothing", 404), ("/a%20host/release/program", 200), ("/empty", 200)]:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", Span(first=0, last=9, size=100)),
        ("bytes=90-", Span(first=90, last=99, size=100)),
        ("bytes=90-1000", Span(first=90, last=99, size=100)),
        ("bytes=-10", Span(first=90, last=99, size=100)),
        ("bytes=-1000", Span(first=0, last=99, size=100)),
        (None, None),
        ("bytes=0-1,5-6", None),
        ("bytes=9-3", None),
        ("bytes=-", None),
        ("lines=0-9", None),
    ],
)
def test_ranges(header: str | None, expected: Span | None) -> None:
    assert parse_range(header, size=100) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)])
def test_ranges_that_cannot_be_met(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableError):
        parse_range(header, size=size)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(1, 200))
def test_a_range_never_leaves_the_file(first: int, last: int, size: int) -> None:
    try:
        span = parse_range(f"bytes={first}-{last}", size=size)
    except UnsatisfiableError:
        assert first >= size
        return
    if span is None:
        assert last < first
    else:
        assert 0 <= span.first <= span.last < size
        assert span.first == first
