# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directories that the collection has of its own on a host."""

from __future__ import annotations

# Gone after a reboot: the lock, the stamps of units, what is waited for.
RUN_DIRECTORY = "/run/barehost"
# Stays: the record of what was there before, what is installed of each release, downloads that are not complete.
STATE_DIRECTORY = "/var/lib/barehost"
