# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's own directories on a host."""

from __future__ import annotations

# Empty after a reboot: the host lock, the stamps of units, marks of what a step waits for.
RUN_DIRECTORY = "/run/barehost"
# Kept: the host record, the records of installed releases, incomplete downloads, compiled modules of the host's program.
STATE_DIRECTORY = "/var/lib/barehost"
# In it: written before the first change of a host.
HOST_RECORD = "record.json"
