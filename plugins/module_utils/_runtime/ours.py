# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells the work of this collection from that of others on a host."""

from __future__ import annotations

import os

# A constant: with a time or a host name in it, each run would change the file.
MANAGED = "Managed by Ansible (barehost.kubernetes): changes are overwritten."
INPUTS_DIRECTORY = "/etc/barehost/inputs"


def wrote(text: str) -> bool:
    """Whether this collection has written a file with this text."""
    return MANAGED in text


def runs(unit: str) -> bool:
    """Whether this collection has set up the unit: the list of its inputs is written before its first start, and goes with a reset."""
    return os.path.exists(os.path.join(INPUTS_DIRECTORY, unit))
