# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the processes of one run of ansible-playbook keep what they tell each other."""

from __future__ import annotations

import pathlib

from ansible import constants


def directory_of_the_run() -> pathlib.Path:
    """Ansible makes this directory for each run, for its user alone; its forks share it."""
    return pathlib.Path(constants.DEFAULT_LOCAL_TMP)  # type: ignore[attr-defined]  # set when it is imported
