# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of the SELinux policy, as packages install them."""

from __future__ import annotations

import glob
import os

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must

STORE = "/var/lib/selinux"
_TIMEOUT = 300.0


def is_installed(name: str) -> bool:
    """Looked up in the store of libsemanage: by policy, and by priority within it."""
    return bool(glob.glob(os.path.join(glob.escape(STORE), "*", "active", "modules", "*", glob.escape(name))))


def remove(name: str) -> None:
    must(["semodule", "-r", name], what=f"remove the module {name} of the SELinux policy", timeout=_TIMEOUT)
