# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One marked block within a text that belongs to somebody else. The controller uses it too."""

from __future__ import annotations


def _markers(name: str) -> tuple[str, str]:
    return f"# BEGIN barehost: {name}", f"# END barehost: {name}"


def holds_marker(text: str, name: str) -> bool:
    """Whether a text holds a line that looks like a marker, so that it cannot be the content of a block."""
    return any(line.rstrip() in _markers(name) for line in text.splitlines())


def _bounds(lines: list[str], name: str) -> tuple[int, int] | None:
    """The half-open range of the block's lines, markers included. A block without an end marker is its first line only."""
    begin, end = _markers(name)
    bare = [line.rstrip() for line in lines]
    if begin not in bare:
        return None
    first = bare.index(begin)
    if end not in bare[first:]:
        return first, first + 1
    return first, bare.index(end, first) + 1


def _finished(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def extract(text: str, name: str) -> str | None:
    """The text between the markers; None if there is no block."""
    lines = text.splitlines(keepends=True)
    bounds = _bounds(lines, name)
    if bounds is None:
        return None
    return "".join(lines[bounds[0] + 1 : max(bounds[1] - 1, bounds[0] + 1)])


def merge(text: str, name: str, content: str) -> str:
    """The text with the block replaced where it is, or appended."""
    begin, end = _markers(name)
    block = f"{begin}\n{_finished(content)}{end}\n"
    lines = _finished(text).splitlines(keepends=True)
    bounds = _bounds(lines, name)
    if bounds is None:
        return "".join(lines) + block
    return "".join(lines[: bounds[0]]) + block + "".join(lines[bounds[1] :])


def remove(text: str, name: str) -> str:
    """The text without the block and its markers."""
    lines = text.splitlines(keepends=True)
    bounds = _bounds(lines, name)
    return text if bounds is None else "".join(lines[: bounds[0]] + lines[bounds[1] :])
