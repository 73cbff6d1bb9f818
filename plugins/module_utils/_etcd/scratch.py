# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directories of etcd's content that are of no use after the step, or after the run. They hold secrets: root alone may read them."""

from __future__ import annotations

import contextlib
import os
import shutil

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError, cause


def make(path: str) -> None:
    """An empty directory, in place of what a run that was killed has left there. Raises HostError."""
    remove(path)
    try:
        os.mkdir(path, 0o700)
    except OSError as error:
        raise HostError(f"{path} cannot be made: {cause(error)}. Mend that and run again") from error


def remove(path: str) -> None:
    """With everything in it; of a link only the link itself. Raises HostError."""
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)
    except OSError as error:
        raise HostError(f"{path}, which an earlier run has left, cannot be removed: {cause(error)}. Remove it, and run again") from error


def forget(path: str) -> None:
    """Removes it where an error must not hide another one, or stop what goes on. The next ``make`` says why it could not be removed."""
    with contextlib.suppress(HostError):
        remove(path)
