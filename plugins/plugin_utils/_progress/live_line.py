# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live line of the progress callback: on a terminal, redrawn a few times a second, and never in the way of other output.

Ansible's Display has one lock, which it holds for every write and while it starts a worker. Whatever is written here is written and
flushed under that lock, so that nothing intermingles and no worker inherits half a line or a lock that nobody releases.
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
    """Calls a function again and again, in a thread that never keeps a program from ending."""

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
        # the terminal may go away: then there is nobody to show anything to
        with contextlib.suppress(OSError, ValueError):
            while not self._stopped.wait(self._seconds):
                self._function()


def is_terminal(stream: t.TextIO) -> bool:
    """Whether a line can be drawn over."""
    return stream.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb")


class LiveLine:
    """``text`` gives the line for a number of columns, or nothing while there is nothing to show.

    ``display`` is Ansible's: its ``display`` method, through which everything is written, is made to clear the line first.
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
            # Workers have a copy of this; theirs goes through a queue to the main process.
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
        """Shows the present text, if it is another one than that which is there."""
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
