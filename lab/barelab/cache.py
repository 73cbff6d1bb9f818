# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lab keeps what may be made again: built things for good, hosts' disks until ``down``."""

from __future__ import annotations

import os
import pathlib

from barelab import names


def root() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "barehost-lab"


def host_disks() -> pathlib.Path:
    """On a real file system: the file system of /run may be memory, and Docker wants neither memory nor an overlay below it."""
    return root() / names.own("hosts")
