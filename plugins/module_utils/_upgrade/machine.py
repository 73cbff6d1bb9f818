# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``versions``: what of the machine a kubelet or kube-proxy may refuse to run on."""

from __future__ import annotations

import os
import pathlib
import re

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import Object
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import text_of

# There only where it is the one hierarchy.
_CGROUP_2 = "/sys/fs/cgroup/cgroup.controllers"
_ALLOWED = re.compile(r"^failCgroupV1:\s*[\"']?false\b", re.MULTILINE)


def found(drop_ins: str, cgroup_2: str = _CGROUP_2) -> Object:
    """``drop_ins``: the directory from which a kubelet reads more of its configuration; the files are the operator's."""
    texts = [text_of(path) or "" for path in sorted(pathlib.Path(drop_ins).glob("*.conf"))]
    return {
        "kernel": os.uname().release,
        "cgroup": 2 if os.path.exists(cgroup_2) else 1,
        "takes_cgroup_1": any(_ALLOWED.search(text) for text in texts),
    }
