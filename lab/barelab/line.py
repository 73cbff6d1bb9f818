# SPDX-License-Identifier: GPL-3.0-or-later
"""The line between this machine's ssh and the hosts, which can be as slow as a real one. ssh_proxy.py reads the file of it.

The hosts among each other are as near as ever.
"""

from __future__ import annotations

import dataclasses

from barelab import state

FILE = state.DIRECTORY / "line"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """Milliseconds of a round trip, and Mbit/s of either direction of each connection; 0 for what is not slowed down."""

    round_trip: float = 0.0
    bandwidth: float = 0.0

    def __str__(self) -> str:
        bandwidth = f", {self.bandwidth:g} Mbit/s" if self.bandwidth else ""
        return f"{self.round_trip:g} ms of round trip{bandwidth}"


FAST = Line()


def load() -> Line:
    try:
        round_trip, bandwidth = FILE.read_text(encoding="ascii").split()
    except FileNotFoundError:
        return FAST
    return Line(round_trip=float(round_trip), bandwidth=float(bandwidth))


def save(line: Line) -> None:
    """Takes effect at once, for connections that are open, too."""
    if line == FAST:
        FILE.unlink(missing_ok=True)
        return
    partial = FILE.with_suffix(".partial")
    partial.write_text(f"{line.round_trip:g} {line.bandwidth:g}\n", encoding="ascii")
    # A new file has another inode: by that the proxies see that something has changed.
    partial.replace(FILE)
