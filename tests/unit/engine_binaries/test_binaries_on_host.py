# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of released programs, against a real server and a real file system. Runs on Python 3.9 too."""

from __future__ import annotations

import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tarfile
import threading
import time
import typing as t

import pytest
from binaries_mirror import Mirror, archive, sha256

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import binaries
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import http_download
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

PROGRAM = b"\x7fELF" + bytes(range(256)) * 4000


def release(mirror: Mirror, host: pathlib.Path, content: bytes = PROGRAM, **changes: t.Any) -> dict[str, t.Any]:
    """A release of one plain program that the mirror serves."""
    item = {
        "name": "tool",
        "version": "1.0.0",
        "url": f"{mirror.url}/{changes.get('name', 'tool')}",
        "sha256": sha256(content),
        "install": [{"path": str(host / "bin" / changes.get("name", "tool"))}],
        **changes,
    }
    mirror.files[item["url"][len(mirror.url) :]] = content
    return item


def downloads(item: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """The actions that install and switch all of an item, as the planner would send them."""
    actions = []
    for install in item["install"]:
        file = binaries.versioned(item, install)
        wanted = {key: item.get(key) for key in ("name", "version", "url", "sha256", "checksum_url")}
        data = {"release": wanted, "member": install.get("member"), "file": file, "path": install["path"]}
        actions.append({"kind": "binary", "operation": "download", "target": file, "data": data})
        link = {"path": install["path"], "file": file}
        actions.append({"kind": "binary", "operation": "switch", "target": install["path"], "data": link})
    return actions


def contents(item: dict[str, t.Any]) -> list[str]:
    return [found["content"] for found in binaries.collect([item])[0]["files"]]


def parts(host: pathlib.Path) -> list[str]:
    """What is there of downloads that did not come to their end: of archives, and of programs beside their places."""
    directory = host / "state" / "downloads"
    return sorted([*(os.listdir(directory) if directory.exists() else []), *(path.name for path in host.rglob("*.barehost-new"))])


def part_of(host: pathlib.Path) -> pathlib.Path:
    """What a killed run left of the program tool 1.0.0."""
    path = host / "bin" / ".tool-1.0.0.barehost-new"
    path.parent.mkdir(parents=True)
    return path


def test_a_bare_host_gets_the_program_under_its_version_and_a_link(mirror: Mirror, host: pathlib.Path) -> None:
    item = release(mirror, host)
    assert contents(item) == ["absent"]
    assert binaries.apply(downloads(item)) == [{"sha256": sha256(PROGRAM)}, {}]
    link, file = host / "bin" / "tool", host / "bin" / "tool-1.0.0"
    assert os.readlink(link) == str(file)
    assert file.read_bytes() == PROGRAM
    assert file.stat().st_mode & 0o7777 == 0o755
    state = binaries.collect([item])[0]
    assert state["files"] == [
        {
            "path": str(link),
            "file": str(file),
            "link": f"-> {file}",
            "also": "",
            "content": "ok",
            "found": "",
            "download": sha256(PROGRAM),
            "mode": "0755",
        }
    ]
    assert state["releases"] == [{"version": "1.0.0", "files": [str(file)]}]
    assert parts(host) == []
    assert sorted(os.listdir(host / "bin")) == ["tool", "tool-1.0.0"]


def test_looking_needs_no_network_and_changes_nothing(mirror: Mirror, host: pathlib.Path) -> None:
    item = release(mirror, host)
    binaries.collect([item])
    assert not (host / "state").exists()
    binaries.apply(downloads(item))
    asked = len(mirror.requests)
    assert contents(item) == ["ok"]
    assert len(mirror.requests) == asked


@pytest.mark.parametrize("form", ["{digest}\n", "{other}  tool.sig\n{digest}  tool\n", "{digest} *./dist/tool", "{upper}  tool"])
def test_checksum_files(mirror: Mirror, host: pathlib.Path, form: str) -> None:
    item = release(mirror, host, sha256=None, checksum_url=f"{mirror.url}/SUMS")
    digest = sha256(PROGRAM)
    mirror.files["/SUMS"] = form.format(digest=digest, upper=digest.upper(), other="0" * 64).encode()
    binaries.apply(downloads(item))
    assert contents(item) == ["ok"]


@pytest.mark.parametrize("text", ["", "<html>", "0" * 128, "0" * 64 + "  another-tool\n"])
def test_a_checksum_file_without_the_digest_is_an_error(mirror: Mirror, host: pathlib.Path, text: str) -> None:
    item = release(mirror, host, sha256=None, checksum_url=f"{mirror.url}/SUMS?token=hidden")
    mirror.files["/SUMS?token=hidden"] = text.encode()
    with pytest.raises(HostError, match=r"/SUMS: it holds neither a bare SHA-256 nor a line for tool \(") as caught:
        binaries.apply(downloads(item))
    assert "hidden" not in str(caught.value)
    assert contents(item) == ["absent"]


def test_nothing_is_installed_without_any_checksum(mirror: Mirror, host: pathlib.Path) -> None:
    with pytest.raises(HostError, match="Give sha256 or checksum_url"):
        binaries.apply(downloads(release(mirror, host, sha256=None)))
    assert mirror.requests == []


def test_a_partial_file_is_continued(mirror: Mirror, host: pathlib.Path) -> None:
    item = release(mirror, host)
    part_of(host).write_bytes(PROGRAM[:1000])
    binaries.apply(downloads(item))
    assert mirror.ranges("/tool") == ["bytes=1000-"]
    assert contents(item) == ["ok"]


def test_a_partial_file_that_is_complete_is_used(mirror: Mirror, host: pathlib.Path) -> None:
    item = release(mirror, host)
    part_of(host).write_bytes(PROGRAM)
    binaries.apply(downloads(item))
    assert mirror.ranges("/tool") == [f"bytes={len(PROGRAM)}-"]
    assert contents(item) == ["ok"]


@pytest.mark.parametrize(
    ("fault", "left", "ranges"),
    [
        ("truncate", b"", [None, f"bytes={len(PROGRAM) // 2}-"]),
        ("ignore-range", PROGRAM[:1000], ["bytes=1000-"]),
        ("wrong-range", PROGRAM[:1000], ["bytes=1000-", None]),
        (503, PROGRAM[:1000], ["bytes=1000-", "bytes=1000-"]),
        (None, b"of another file", ["bytes=15-", None]),
        (None, PROGRAM + b"too long", [f"bytes={len(PROGRAM) + 8}-", None]),
    ],
)
def test_answers_that_do_not_fit(mirror: Mirror, host: pathlib.Path, fault: t.Any, left: bytes, ranges: list[str | None]) -> None:
    item = release(mirror, host)
    mirror.faults["/tool"] = [fault]
    if left:
        part_of(host).write_bytes(left)
    binaries.apply(downloads(item))
    assert mirror.ranges("/tool") == ranges
    assert (host / "bin" / "tool").read_bytes() == PROGRAM


def test_a_wrong_checksum_leaves_what_runs(mirror: Mirror, host: pathlib.Path) -> None:
    binaries.apply(downloads(release(mirror, host)))
    newer = release(mirror, host, version="1.1.0", url=f"{mirror.url}/tool-1.1.0", sha256="0" * 64)
    with pytest.raises(HostError) as caught:
        binaries.apply(downloads(newer))
    for part in ("0" * 64, sha256(PROGRAM), newer["url"], "what runs is untouched", "Check the version"):
        assert part in str(caught.value)
    assert parts(host) == []
    assert os.readlink(host / "bin" / "tool") == str(host / "bin" / "tool-1.0.0")
    assert sorted(os.listdir(host / "bin")) == ["tool", "tool-1.0.0"]


def test_a_404_is_told_at_once(mirror: Mirror, host: pathlib.Path) -> None:
    item = release(mirror, host)
    mirror.files.clear()
    with pytest.raises(HostError, match=r"/tool: the server answered 404 Not Found.*Check that this version exists"):
        binaries.apply(downloads(item))
    assert len(mirror.requests) == 1


def test_a_lasting_fault_ends_after_four_attempts(mirror: Mirror, host: pathlib.Path) -> None:
    item = release(mirror, host)
    mirror.faults["/tool"] = [503] * 9
    with pytest.raises(HostError, match=r"/tool: the server answered 503 .*; tried 4 times"):
        binaries.apply(downloads(item))
    assert len(mirror.requests) == 4


def test_a_server_that_is_not_there(mirror: Mirror, host: pathlib.Path) -> None:
    item = release(mirror, host)
    mirror.server.shutdown()
    mirror.server.server_close()
    with pytest.raises(HostError, match=r"no connection \(.*refused.*tried 4 times.*proxy, firewall"):
        binaries.apply(downloads(item))


def test_a_server_that_never_answers(host: pathlib.Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_download, "TIMEOUT", 0.2)
    mirror.barrier = threading.Barrier(9)
    with pytest.raises(HostError, match=r"/tool: no answer \(.*timed out.*tried 4 times"):
        binaries.apply(downloads(release(mirror, host)))
    mirror.barrier.abort()


def test_credentials_in_a_url_are_refused_and_not_told(mirror: Mirror, host: pathlib.Path) -> None:
    item = release(mirror, host, url="https://someone:secret@mirror.example/tool")
    with pytest.raises(HostError, match=r"^https://mirror.example/tool: not a URL"):
        binaries.apply(downloads(item))


@pytest.fixture
def small_disk(host: pathlib.Path) -> t.Iterator[pathlib.Path]:
    """The programs' directory on a file system of 2 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    directory = host / "bin"
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(directory)], check=True)
    yield directory
    subprocess.run(["umount", str(directory)], check=True)


def test_too_little_space_is_told_before_anything_is_fetched(mirror: Mirror, host: pathlib.Path, small_disk: pathlib.Path) -> None:
    item = release(mirror, host, os.urandom(3 << 20))
    with pytest.raises(HostError, match=r"bin: 2 MiB are free, .*/tool needs 3 MiB and 16 MiB shall stay free.*Free some space"):
        binaries.apply(downloads(item))
    assert parts(host) == []


def test_a_disk_that_becomes_full(mirror: Mirror, host: pathlib.Path, small_disk: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_download, "SPACE_LEFT_FREE", 0)
    item = release(mirror, host, os.urandom(3 << 20))
    mirror.faults["/tool"] = ["no-length"]
    with pytest.raises(HostError, match=r"the disk became full while .*/tool was downloaded"):
        binaries.apply(downloads(item))
    assert parts(host) == []
    assert contents(item) == ["absent"]


def test_only_the_named_members_of_an_archive(mirror: Mirror, host: pathlib.Path) -> None:
    content = archive(tool__one=b"1", tool__two=b"2", tool__README=b"text")
    install = [{"member": "tool/two", "path": str(host / "bin" / "two")}, {"member": "./tool/one", "path": str(host / "bin" / "one")}]
    item = release(mirror, host, content, store=str(host / "opt" / "tool-1.0.0" / "bin"), install=install)
    binaries.apply(downloads(item))
    assert contents(item) == ["ok", "ok"]
    assert sorted(os.listdir(host / "opt" / "tool-1.0.0" / "bin")) == ["one", "two"]
    assert (host / "bin" / "two").read_bytes() == b"2"
    assert len(mirror.requests) == 1


def test_a_missing_member_is_named_with_what_is_there(mirror: Mirror, host: pathlib.Path) -> None:
    item = release(mirror, host, archive(a=b"", b=b""), install=[{"member": "c", "path": str(host / "c")}])
    with pytest.raises(HostError, match=r"/tool: c not in it; it holds a, b\."):
        binaries.apply(downloads(item))


def test_links_and_escapes_in_an_archive(mirror: Mirror, host: pathlib.Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../escaped"))
        link = tarfile.TarInfo("tool")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    item = release(mirror, host, buffer.getvalue(), install=[{"member": "tool", "path": str(host / "bin" / "tool")}])
    with pytest.raises(HostError, match="tool in it is not a regular file"):
        binaries.apply(downloads(item))
    assert not [path for path in host.rglob("*") if path.name in ("escaped", "tool", "tool-1.0.0")]


def test_what_is_no_archive(mirror: Mirror, host: pathlib.Path) -> None:
    item = release(mirror, host, b"<html>", install=[{"member": "tool", "path": str(host / "bin" / "tool")}])
    with pytest.raises(HostError, match="not a tar archive that can be read"):
        binaries.apply(downloads(item))


def test_altered_programs_are_found(mirror: Mirror, host: pathlib.Path) -> None:
    item = release(mirror, host)
    binaries.apply(downloads(item))
    file = host / "bin" / "tool-1.0.0"
    os.utime(file)
    assert contents(item) == ["ok"]
    file.write_bytes(PROGRAM[:-1] + b"x")
    found = binaries.collect([item])[0]["files"][0]
    assert (found["content"], found["found"]) == (
        "differs",
        f"its sha256 is {sha256(PROGRAM[:-1] + b'x')}, it was installed with {sha256(PROGRAM)}",
    )
    binaries.apply(downloads(item))
    assert file.read_bytes() == PROGRAM


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "tool"}'])
def test_a_broken_record_counts_as_none(mirror: Mirror, host: pathlib.Path, text: str) -> None:
    item = release(mirror, host)
    binaries.apply(downloads(item))
    (host / "state" / "binaries" / "tool-1.0.0.json").write_text(text)
    assert contents(item) == ["differs"]
    binaries.apply(downloads(item))
    assert contents(item) == ["ok"]


def test_releases_are_fetched_at_the_same_time(mirror: Mirror, host: pathlib.Path) -> None:
    items = [release(mirror, host, name=f"tool{number}") for number in range(4)]
    # No request is answered before all four are there.
    mirror.barrier = threading.Barrier(4)
    binaries.apply([action for item in items for action in downloads(item)])
    assert [contents(item) for item in items] == [["ok"]] * 4


def test_one_failure_switches_nothing_and_keeps_what_came(mirror: Mirror, host: pathlib.Path) -> None:
    good, bad = release(mirror, host), release(mirror, host, name="bad")
    del mirror.files["/bad"]
    with pytest.raises(HostError, match="/bad: the server answered 404"):
        binaries.apply(downloads(good) + downloads(bad))
    assert not (host / "bin" / "tool").exists()
    assert contents(good) == ["ok"]


def test_a_file_in_the_place_of_the_link_is_replaced_a_directory_is_not(mirror: Mirror, host: pathlib.Path) -> None:
    item = release(mirror, host)
    (host / "bin").mkdir()
    (host / "bin" / "tool").write_text("by hand")
    assert binaries.collect([item])[0]["files"][0]["link"] == "a file that is not a link"
    binaries.apply(downloads(item))
    assert (host / "bin" / "tool").read_bytes() == PROGRAM
    (host / "bin" / "tool").unlink()
    (host / "bin" / "tool").mkdir()
    with pytest.raises(HostError, match=r"bin/tool: cannot be made a link"):
        binaries.apply(downloads(item))


def test_pruning_spares_what_a_path_leads_to(mirror: Mirror, host: pathlib.Path) -> None:
    for version in ("1.0.0", "1.1.0"):
        store = str(host / "opt" / f"tool-{version}" / "bin")
        binaries.apply(
            downloads(release(mirror, host, PROGRAM + version.encode(), version=version, url=f"{mirror.url}/{version}", store=store))
        )
    prune = [{"operation": "prune", "data": {"name": "tool", "version": version}} for version in ("1.0.0", "1.1.0")]
    binaries.apply(prune)
    assert os.listdir(host / "opt") == ["tool-1.1.0"]
    assert (host / "bin" / "tool").read_bytes() == PROGRAM + b"1.1.0"


def test_a_killed_download_is_continued(mirror: Mirror, host: pathlib.Path) -> None:
    content = os.urandom(8 << 20)
    item = release(mirror, host, content)
    gate = threading.Event()
    serve = mirror.answer

    def stall(handler: t.Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: 6 << 20])
        handler.wfile.flush()
        gate.wait(20)

    mirror.answer = stall  # type: ignore[method-assign]
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]);"
        "from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import binaries;"
        "from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import locations;"
        "locations.STATE_DIRECTORY = sys.argv[2]; binaries.apply(json.loads(sys.argv[3]))"
    )
    collections = str(pathlib.Path(binaries.__file__).parents[6])
    child = subprocess.Popen([sys.executable, "-c", code, collections, str(host / "state"), json.dumps(downloads(item))])
    part = host / "bin" / ".tool-1.0.0.barehost-new"
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size >= 5 << 20):
        assert time.monotonic() < deadline and child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    gate.set()
    kept = part.stat().st_size
    assert part.stat().st_mode & 0o777 == 0o600
    mirror.answer = serve  # type: ignore[method-assign]
    binaries.apply(downloads(item))
    assert mirror.ranges("/tool")[-1] == f"bytes={kept}-"
    assert (host / "bin" / "tool").read_bytes() == content
