# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd's states of a unit (ActiveState) in groups, for the host's side and for the planners."""

from __future__ import annotations

RUNNING = ("active", "reloading")
# Whoever stops a unit, or waits for its end, must not miss one that is about to run.
RUNNING_OR_STARTING = (*RUNNING, "activating")
