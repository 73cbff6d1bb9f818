# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of systemd that enable swap at the next boot without a line in fstab: zram, GPT discovery, units of the administrator."""

from __future__ import annotations

import glob
import os

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import lines_of

ROOT = "/"
# Where systemd looks for units; an earlier directory hides the same name in a later one (systemd.unit(5)).
_DIRECTORIES = (
    "etc/systemd/system",
    "run/systemd/system",
    "run/systemd/generator",
    "usr/lib/systemd/system",
    "run/systemd/generator.early",
    "run/systemd/generator.late",
)
_OF_FSTAB = "SourcePath=/etc/fstab"


def enabled() -> list[str]:
    """The names of swap units that another unit pulls in at boot. Masked ones, and those of fstab, are left out."""
    pattern = "*.[wr]*/*.swap"  # swap.target.wants, multi-user.target.requires, …
    links = [path for directory in _DIRECTORIES for path in glob.glob(os.path.join(ROOT, directory, pattern))]
    return sorted(name for name in {os.path.basename(link) for link in links} if _enables(name))


def _enables(name: str) -> bool:
    for directory in _DIRECTORIES:
        path = os.path.join(ROOT, directory, name)
        if os.path.islink(path) and os.readlink(path) == "/dev/null":
            return False
        if os.path.exists(path):
            return _OF_FSTAB not in lines_of(path)
    return False
