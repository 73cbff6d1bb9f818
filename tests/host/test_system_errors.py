# SPDX-License-Identifier: GPL-3.0-or-later
"""F39: file systems that cannot be written to, on a real host: one error with a remedy, and no traceback."""

from __future__ import annotations

import pytest

from .engine import Engine

PLACE = "/srv/ours"


@pytest.mark.parametrize(
    ("mount", "filled", "said"),
    [
        ("-o ro,size=1m", "true", "Read-only file system; the file system is mounted read-only: `findmnt --target"),
        ("-o size=64k", f"head -c 100000 /dev/zero >{PLACE}/full", "No space left on device; free some space there"),
    ],
)
@pytest.mark.parametrize("kind", ["directories", "files"])
def test_f39_a_file_system_that_takes_nothing(engine: Engine, mount: str, filled: str, said: str, kind: str) -> None:
    item = {"path": f"{PLACE}/new/thing", **({"content": "x\n" * 40000} if kind == "files" else {})}
    engine.on_host(f"mkdir -p {PLACE}; mount -t tmpfs {mount} tmpfs {PLACE}; {filled}", check=False)
    try:
        if kind == "directories" and "No space" in said:
            # tmpfs has inodes left, so a directory is made.
            assert engine.component({"name": "x", kind: [item]}).done
            return
        outcome = engine.component({"name": "x", kind: [item]}, fails=True)
        assert said in outcome.message
        assert "Traceback" not in outcome.output
    finally:
        engine.on_host(f"umount {PLACE}; rmdir {PLACE}")


def test_f39_a_program_on_a_file_system_without_exec(engine: Engine) -> None:
    engine.on_host(f"mkdir -p {PLACE}; mount -t tmpfs -o noexec tmpfs {PLACE}; cp /bin/true {PLACE}/check")
    try:
        item = {"path": "/etc/checked", "content": "x\n", "validate": f"{PLACE}/check %s"}
        message = engine.component({"name": "x", "files": [item]}, fails=True).message
        assert "cannot be started: Permission denied" in message
        assert "noexec" in message
    finally:
        engine.on_host(f"umount {PLACE}; rmdir {PLACE}")
