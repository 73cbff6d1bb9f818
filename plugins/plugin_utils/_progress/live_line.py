# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live line of the progress callback: one line of a terminal, redrawn a few times a second and cleared before other output.

Ansible's Display has one lock, and holds it for each write and while it starts a worker. The live line is written and flushed under
that lock, so that outputs do not mix, and no worker inherits unflushed output or a lock that nobody releases.
"""

from __future__ import annotations

import atexit
import collections.abc as c
import contextlib
import os
import threading
import typing as t

REDRAW_SECONDS = 0.2
_CLEAR = "\r\x1b[K"


class Ticker:
    """Calls a function at an interval, in a daemon thread."""

    def __init__(self, function: c.Callable[[], None], *, seconds: float) -> None:
        self._function = function
        self._seconds = seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="progress", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(timeout=5)

    def _loop(self) -> None:
        # when the terminal is gone, drawing ends
        with contextlib.suppress(OSError, ValueError):
            while not self._stopped.wait(self._seconds):
                self._function()


def is_terminal(stream: t.TextIO) -> bool:
    """Whether the stream is a terminal that can overwrite a line."""
    return stream.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb")


class LiveLine:
    """Draws what ``text`` returns for the width of the terminal; an empty text clears the line.

    ``display`` is Ansible's Display. Its method ``display``, which writes all output, is replaced by one that clears the line first.
    """

    def __init__(self, display: t.Any, stream: t.TextIO, text: c.Callable[[int], str]) -> None:
        self._display = display
        self._stream = stream
        self._text = text
        self._shown = ""
        self._ended = False
        self._process = os.getpid()
        self._ticker = Ticker(self.draw, seconds=REDRAW_SECONDS)

    def start(self) -> None:
        write = self._display.display

        def clear_and_write(*arguments: t.Any, **options: t.Any) -> t.Any:
            # In a worker, a copy of this process, Display sends the output to the main process.
            if os.getpid() != self._process:
                return write(*arguments, **options)
            with self._display._lock:
                self.clear()
                return write(*arguments, **options)

        self._display.display = clear_and_write
        atexit.register(self.stop)
        self._ticker.start()

    def stop(self) -> None:
        if self._ended or os.getpid() != self._process:
            return
        self._ended = True
        self._ticker.stop()
        with contextlib.suppress(OSError, ValueError):
            self.clear()
        del self._display.display
        atexit.unregister(self.stop)

    def draw(self) -> None:
        """Draws the current text if it differs from the line on the terminal."""
        line = self._text(self._columns() - 1)
        with self._display._lock:
            if line == self._shown or self._ended:
                return
            self._stream.write(f"\r{line}\x1b[K" if line else _CLEAR)
            self._stream.flush()
            self._shown = line

    def clear(self) -> None:
        with self._display._lock:
            if self._shown:
                self._stream.write(_CLEAR)
                self._stream.flush()
                self._shown = ""

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except OSError:
            return 80
