# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host packs: bounded, without secrets, and whatever its programs do. Runs on Python 3.9 too."""

from __future__ import annotations

import base64
import json
import pathlib
import sys
import time
import typing as t
import zlib

from ansible_collections.barehost.kubernetes.plugins.module_utils._logs import gather, packing
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.key_material import WITHHELD

KEY = "MHcCAQEEIBase64OfAKeyThatIsSixtyCharactersLongOrMoreToBeTakenForOne+/="


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def unpacked(found: packing.Packed) -> str:
    return zlib.decompress(found.data).decode() if found.data else ""


def printed(text: str, *, room: int = 1 << 20, timeout: float = 20) -> packing.Packed:
    return packing.of_program(program(text), room=room, timeout=timeout)


def test_what_a_program_prints() -> None:
    found = printed("import sys; print('one'); print('two', file=sys.stderr, flush=True); sys.stdout.write('no end')")
    assert sorted(unpacked(found).splitlines()) == ["no end", "one", "two"]
    assert (found.size, found.withheld, found.dropped, found.fault) == (len(unpacked(found)), 0, 0, "")


def test_no_secret_leaves_the_host() -> None:
    found = printed(f"print('before'); print('x {KEY}'); print('-----BEGIN PRIVATE KEY-----'); print('after')")
    assert unpacked(found).splitlines() == ["before", WITHHELD, WITHHELD, "after"] and found.withheld == 2


def test_the_newest_lines_stay_and_memory_is_bounded() -> None:
    found = printed("[print(f'line {number:07}') for number in range(200_000)]", room=10_000, timeout=120)
    lines = unpacked(found).splitlines()
    assert lines[-1] == "line 0199999" and len(lines) + found.dropped == 200_000 and found.size <= 10_000


def test_a_line_of_any_length() -> None:
    found = printed("import sys\nfor number in range(300): sys.stdout.write('a' * 65536)\nprint(); print('after')")
    first, *_rest, last = unpacked(found).splitlines()
    assert len(first) <= 4000 and last == "after"


def test_bytes_that_are_no_text() -> None:
    assert "�" in unpacked(printed("import sys; sys.stdout.buffer.write(b'\\xff\\xfe\\x00\\n')"))


def test_a_program_that_does_not_end() -> None:
    began = time.monotonic()
    found = printed("import time; print('begun', flush=True); time.sleep(60)", timeout=1.0)
    assert time.monotonic() - began < 10
    assert unpacked(found) == "begun\n" and found.fault == "it did not end within 1 s"


def test_a_program_that_fails_or_is_not_there() -> None:
    found = printed("print('why'); raise SystemExit(3)")
    assert (unpacked(found), found.fault) == ("why\n", "it ended with 3")
    assert packing.of_program(["/no/such/program"], room=100, timeout=5).fault == "/no/such/program: program not found"


def given(*sources: dict[str, t.Any], size: int = 1 << 20, deadline: float = 30) -> list[dict[str, t.Any]]:
    answer = gather.run("collect", {"sources": list(sources), "size": size, "room": 1 << 20, "deadline": deadline})
    found: list[dict[str, t.Any]] = json.loads(json.dumps(answer))["files"]
    return found


def test_all_of_a_host_has_one_bound(tmp_path: pathlib.Path) -> None:
    (tmp_path / "settings").write_text("A=1\n")
    noise = program("import os; [print(os.urandom(50).hex()[:50]) for line in range(400)]")
    sources = [{"name": f"noise/{number}", "argv": noise} for number in range(4)]
    found = given(*sources, {"name": "settings", "path": str(tmp_path / "settings")}, {"name": "gone", "path": "/no/such/file"}, size=5000)
    assert [one["name"] for one in found] == ["noise/0", "noise/1", "noise/2", "noise/3", "settings"]
    assert sum(len(base64.b64decode(one["data"])) for one in found) <= 5000
    assert [one["fault"] for one in found][-2:] == ["there was no room for it", ""]
    assert zlib.decompress(base64.b64decode(found[-1]["data"])) == b"A=1\n"


def test_what_there_is_no_time_for_is_told() -> None:
    (one,) = given({"name": "late", "argv": program("")}, deadline=0)
    assert one["fault"] == "there was no time for it" and one["data"] == ""


def test_an_api_that_cannot_be_asked_is_told() -> None:
    connection = {"server": "https://127.0.0.1:1", "ca": "/no/ca", "cert": "/no/cert", "key": "/no/key"}
    (one,) = given({"name": "api/events.jsonl", "api": {"connection": connection, "what": "events"}})
    assert "no such file" in one["fault"]
