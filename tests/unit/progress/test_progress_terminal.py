# SPDX-License-Identifier: GPL-3.0-or-later
"""The live line among other output, on something that remembers what was written."""

from __future__ import annotations

import io
import threading
import time
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress import live_line
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.live_line import LiveLine, Ticker


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError("not a file")


class Display:
    """As Ansible's: a lock, and one method through which everything goes."""

    def __init__(self, stream: t.TextIO) -> None:
        self._lock = threading.RLock()
        self._stream = stream

    def display(self, message: str, color: str | None = None) -> None:
        with self._lock:
            self._stream.write(f"{message}\n")


class Line(LiveLine):
    """Drawn by the test alone."""

    def __init__(self, display: Display, stream: t.TextIO, text: t.Callable[[int], str]) -> None:
        super().__init__(display, stream, text)
        self._ticker = Ticker(lambda: None, seconds=60)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def test_a_line_is_drawn_once_and_cleared_before_other_output(terminal: Terminal) -> None:
    texts = ["one", "one", "two", "two", ""]
    widths = []

    def text(width: int) -> str:
        widths.append(width)
        return texts.pop(0)

    display = Display(terminal)
    line = Line(display, terminal, text)
    line.start()
    line.draw()
    line.draw()
    line.draw()
    display.display("a message")
    display.display("another")
    line.draw()
    line.draw()
    line.stop()
    display.display("the end")
    assert terminal.getvalue() == "\rone\x1b[K\rtwo\x1b[K\r\x1b[Ka message\nanother\n\rtwo\x1b[K\r\x1b[Kthe end\n"
    assert set(widths) == {79}


def test_the_end_clears_the_line_and_nothing_is_drawn_after_it(terminal: Terminal) -> None:
    display = Display(terminal)
    line = Line(display, terminal, lambda width: "text")
    line.start()
    line.draw()
    line.stop()
    line.stop()
    line.draw()
    assert terminal.getvalue() == "\rtext\x1b[K\r\x1b[K"
    assert "display" not in vars(display)


def test_a_worker_process_does_not_touch_the_line(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    display = Display(terminal)
    line = Line(display, terminal, lambda width: "text")
    line.start()
    line.draw()
    with monkeypatch.context() as patched:
        patched.setattr(live_line.os, "getpid", lambda: -1)
        display.display("from a copy")
        line.stop()
    assert terminal.getvalue() == "\rtext\x1b[Kfrom a copy\n"
    line.stop()


def test_it_is_redrawn_by_itself_but_not_too_often(terminal: Terminal) -> None:
    drawn: list[float] = []

    def text(width: int) -> str:
        drawn.append(time.monotonic())
        return f"line {len(drawn)}"

    line = LiveLine(Display(terminal), terminal, text)
    line.start()
    deadline = time.monotonic() + 30
    while len(drawn) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    line.stop()
    assert len(drawn) >= 4
    assert (drawn[-1] - drawn[0]) / (len(drawn) - 1) >= 0.19
    assert "\rline 1\x1b[K\rline 2\x1b[K" in terminal.getvalue()


def test_a_terminal_that_goes_away_ends_the_drawing() -> None:
    called = threading.Event()

    def gone() -> None:
        called.set()
        raise OSError("Input/output error")

    ticker = Ticker(gone, seconds=0.001)
    ticker.start()
    assert called.wait(timeout=30)
    ticker.stop()
    assert not ticker._thread.is_alive()


@pytest.mark.parametrize(("term", "is_one"), [("xterm-256color", True), ("dumb", False), ("", False)])
def test_what_is_a_terminal(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, term: str, is_one: bool) -> None:
    monkeypatch.setenv("TERM", term)
    assert live_line.is_terminal(terminal) is is_one
    assert not live_line.is_terminal(io.StringIO())
