# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller's processes share of their memory."""

from __future__ import annotations

import gc


def keep_shared() -> None:
    """Takes all that is there, which lives as long as the run, out of garbage collection; to be called before Ansible forks.

    Each task of each host is a forked process. A collection writes to every object that it looks at, and so makes a copy of the page
    that the main process and its children have shared until then, on whichever side it happens.
    """
    gc.freeze()
