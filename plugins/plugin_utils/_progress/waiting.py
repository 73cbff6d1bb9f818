# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what a run waits for while nothing else is shown: a live line on a terminal, reminders in a log."""

from __future__ import annotations

import collections.abc as c
import sys
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress import phase_lines
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.live_line import LiveLine, Ticker
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.run import Run


class Waiting:
    """``say`` writes a reminder after ``silence`` seconds without output; with 0 there are no reminders."""

    def __init__(self, run: Run, *, say: c.Callable[[str], None], silence: int) -> None:
        self._run = run
        self._say = say
        self._silence = silence
        self._last_output = time.monotonic()
        self._shown_by: LiveLine | Ticker | None = None

    def start(self, display: t.Any, *, live: bool) -> None:
        """Starts the live line or the reminders. ``display``: Ansible's Display."""
        if live:
            self._shown_by = LiveLine(display, sys.stdout, self._line)
        elif self._silence > 0:
            self._shown_by = Ticker(self._remind, seconds=1.0)
        if self._shown_by is not None:
            self._shown_by.start()

    def stop(self) -> None:
        if self._shown_by is not None:
            self._shown_by.stop()
            self._shown_by = None

    def note_output(self) -> None:
        """Output was written: the silence starts anew."""
        self._last_output = time.monotonic()

    def _line(self, width: int | None = None) -> str:
        """What the run waits for: a line of ``width`` columns for a terminal, or without ``width`` a line for a log."""
        phase, now = self._run.phase, time.monotonic()
        if phase is None or phase.seconds:
            return ""
        if width is None:
            return phase_lines.waiting_line(phase, plays=self._run.plays, now=now)
        return phase_lines.live_line(phase, plays=self._run.plays, now=now, width=width)

    def _remind(self) -> None:
        if time.monotonic() - self._last_output >= self._silence and (line := self._line()):
            self._say(line)
