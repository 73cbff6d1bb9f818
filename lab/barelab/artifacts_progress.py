# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling the operator what a long piece of work is doing, on a terminal and in a log."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import typing as t

# A terminal shows one line that moves; a log gets a line now and then.
_TERMINAL_INTERVAL = 0.5
_LOG_INTERVAL = 10.0
# What is being done now, and since when: on a terminal it all shares one line.
_current: dict[str, float] = {}


def report(message: str) -> None:
    """A line of progress. Standard error: standard output belongs to results."""
    print(message, file=sys.stderr, flush=True)


@contextlib.contextmanager
def working(what: str, *, stream: t.TextIO | None = None, log_interval: float = _LOG_INTERVAL) -> t.Iterator[None]:
    """Say that ``what`` is being done, for how long it has been, and in the end how long it took."""
    out = sys.stderr if stream is None else stream
    terminal = out.isatty()
    started = _current[what] = time.monotonic()
    done = threading.Event()

    def line(text: str, *, end: str = "\n") -> None:
        print(f"\r\x1b[K{text}" if terminal else text, end=end, file=out, flush=True)

    def tick() -> None:
        while not done.wait(timeout=_TERMINAL_INTERVAL if terminal else log_interval):
            now = time.monotonic()
            shown = dict(_current) if terminal else {what: started}
            line("; ".join(f"{name}, {now - since:.0f} s" for name, since in shown.items()), end="" if terminal else "\n")

    line(what, end="" if terminal else "\n")
    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    outcome = "failed after"
    try:
        yield
        outcome = "done in"
    finally:
        done.set()
        ticker.join()
        _current.pop(what, None)
        line(f"{what}: {outcome} {time.monotonic() - started:.1f} s")
