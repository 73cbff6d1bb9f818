# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compresses what a program prints, line by line, without lines that may hold a secret. What is too much loses its oldest lines.

No text is in memory as a whole but the lines that are kept, whose size is bounded.
"""

from __future__ import annotations

import collections
import os
import selectors
import subprocess
import time
import typing as t
import zlib

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import commands, key_material
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import trouble

_PART = 1 << 16
_LONGEST_LINE = 4000
_LEVEL = 6


class Packed(t.NamedTuple):
    """A text: compressed by zlib, its size before that, how many of its lines were withheld, and how many there was no room for."""

    data: bytes
    size: int
    withheld: int
    dropped: int
    fault: str


def of_program(argv: list[str], *, room: int, timeout: float) -> Packed:
    """``room``: bytes of text. A program that does not end is ended, and what it has printed by then counts."""
    try:
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function,consider-using-with  # run_command keeps all in memory
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=commands.surroundings()
        )
    except FileNotFoundError:
        return Packed(b"", 0, 0, 0, f"{argv[0]}: program not found")
    except OSError as error:
        return Packed(b"", 0, 0, 0, f"{argv[0]}: cannot be started: {trouble(error)}")
    late: list[str] = []
    try:
        packed = of_lines(_lines(process, time.monotonic() + timeout, late), room=room)
    finally:
        process.kill()
        status = process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if late:
        return packed._replace(fault=f"it did not end within {timeout:.0f} s")
    return packed._replace(fault=f"it ended with {status}" if status > 0 else "")


def _lines(process: subprocess.Popen[bytes], end: float, late: list[str]) -> t.Iterator[str]:
    """What it prints, until its end or that moment. A line of any length takes bounded memory."""
    if process.stdout is None:
        raise ValueError("a process without a pipe for its output")
    kept = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            left = end - time.monotonic()
            if left <= 0 or not selector.select(left):
                late.append("late")
                break
            part = os.read(process.stdout.fileno(), _PART)
            if not part:
                process.wait()
                break
            *whole, kept = (kept + part).split(b"\n")
            # the rest of a line that is too long is lost
            kept = kept[:_LONGEST_LINE]
            for line in whole:
                yield _text(line)
    if kept:
        yield _text(kept)


def _text(line: bytes) -> str:
    return line[:_LONGEST_LINE].decode(errors="replace")


def of_lines(lines: t.Iterable[str], *, room: int) -> Packed:
    """The last lines that ``room`` has place for."""
    kept: collections.deque[bytes] = collections.deque()
    size = withheld = dropped = 0
    for line in key_material.without(lines):
        withheld += line == key_material.WITHHELD
        kept.append(f"{line}\n".encode(errors="replace"))
        size += len(kept[-1])
        while size > room and kept:
            size -= len(kept.popleft())
            dropped += 1
    compressor = zlib.compressobj(_LEVEL)
    data = b"".join([*(compressor.compress(line) for line in kept), compressor.flush()])
    return Packed(data, size, withheld, dropped, "")
