# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads whose digest nothing pins, on a real host: who is asked, what is recorded, and that a changed file is refused before use.

The host has the file on a server of its own. Its digest is asked for at a server of the controller, which no host reaches, or at the
host's, which the controller does not reach.
"""

from __future__ import annotations

import collections.abc
import hashlib
import http.server
import json
import pathlib
import threading
import typing as t

import pytest

from .engine import Engine, Outcome

PORT = 8099
ADDRESS = f"http://127.0.0.1:{PORT}/tool"
FOLDER, PROGRAM = "/srv/downloads", "/opt/downloaded/tool"
CONTENT = "#!/bin/sh\necho one\n"
DIGEST = hashlib.sha256(CONTENT.encode()).hexdigest()
# One bit of one byte.
FLIPPED = CONTENT.replace("one", "ooe")
FLIPPED_DIGEST = hashlib.sha256(FLIPPED.encode()).hexdigest()
CALL = "SSH: EXEC"


class Asked:
    """A server of the controller that tells the digest of the right file, and what was asked for there."""

    def __init__(self) -> None:
        requests = self.requests = list[str]()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                requests.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(f"{DIGEST}  tool\n".encode())

            def log_message(self, *arguments: t.Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/tool.sha256"


@pytest.fixture
def asked() -> collections.abc.Iterator[Asked]:
    asked = Asked()
    threading.Thread(target=asked.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield asked
    asked.server.shutdown()
    asked.server.server_close()


@pytest.fixture(autouse=True)
def served(engine: Engine) -> collections.abc.Iterator[None]:
    """The host's server, and nothing of the program before and after."""
    serve(engine, CONTENT)
    engine.on_host(f"systemd-run --quiet --unit=downloads python3 -m http.server {PORT} --bind 127.0.0.1 --directory {FOLDER}")
    engine.on_host(f"until curl --silent --fail {ADDRESS} > /dev/null; do sleep 0.1; done")
    yield
    bare(engine)
    engine.on_host(f"systemctl stop downloads; rm -rf {FOLDER}")


def serve(engine: Engine, content: str, checksum: str = "") -> None:
    engine.on_host(f"mkdir -p {FOLDER}; printf '%s' '{content}' > {FOLDER}/tool; echo '{checksum}  tool' > {FOLDER}/tool.sha256")


def bare(engine: Engine) -> None:
    """The host as one that comes later."""
    engine.on_host(f"rm -rf {PROGRAM.rpartition('/')[0]} /var/lib/barehost/binaries/tool-*")


def bring(
    engine: Engine,
    record: pathlib.Path,
    *flags: str,
    checksum: str = f"{ADDRESS}.sha256",
    asked_by: str = "controller",
    fails: bool = False,
) -> Outcome:
    release = {"name": "tool", "version": "1.0.0", "url": ADDRESS, "checksum_url": checksum, "install": [{"path": PROGRAM}]}
    cluster = {"cluster": {"checksums": {"file": str(record), "asked_by": asked_by}}}
    return engine.component({"name": "tool", "binaries": [release]}, "-e", json.dumps(cluster), *flags, fails=fails)


def calls(outcome: Outcome) -> int:
    return sum(CALL in line for line in outcome.output.splitlines())


def test_the_controller_asks_once_and_a_changed_file_is_refused(engine: Engine, asked: Asked, tmp_path: pathlib.Path) -> None:
    record = tmp_path / "checksums.txt"
    assert bring(engine, record, "--check", checksum=asked.url).done
    assert asked.requests == [], "check mode asks nobody"
    first = bring(engine, record, "-vvv", checksum=asked.url)
    assert asked.requests == ["/tool.sha256"]
    assert calls(first) == 2, "to look and to apply, as with a digest that is given"
    assert engine.on_host(PROGRAM) == "one"
    assert f"{DIGEST}  {ADDRESS}" in record.read_text(encoding="utf-8").splitlines()
    again = bring(engine, record, "-vvv", checksum=asked.url)
    assert again.done == []
    assert calls(again) == 1
    bare(engine)
    serve(engine, FLIPPED)
    refused = bring(engine, record, checksum=asked.url, fails=True)
    for part in (f"Wanted sha256 {DIGEST}", f"have {FLIPPED_DIGEST}", f"{record} on the controller has that digest", "take its line out"):
        assert part in refused.message
    assert engine.on_host(f"ls -A {PROGRAM.rpartition('/')[0]}", check=False) == ""
    assert asked.requests == ["/tool.sha256"]


def test_hosts_ask_where_the_controller_is_not_answered(engine: Engine, tmp_path: pathlib.Path) -> None:
    record = tmp_path / "checksums.txt"
    serve(engine, CONTENT, DIGEST)
    first = bring(engine, record, "-vvv")
    assert "So each host asks for itself" in " ".join(first.output.split())
    assert calls(first) == 2, "no call for the digest alone"
    assert f"{DIGEST}  {ADDRESS}" in record.read_text(encoding="utf-8").splitlines()
    bare(engine)
    serve(engine, FLIPPED, FLIPPED_DIGEST)
    refused = bring(engine, record, asked_by="hosts", fails=True)
    assert f"Wanted sha256 {DIGEST}" in refused.message
    assert engine.on_host(f"ls {PROGRAM}", check=False) == ""
