# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells this lab from another one on the same machine.

There is one lab, unless ``BAREHOST_LAB`` names another: that one has a network, cgroups, disks, keys and a lock of its own, and shares
only the cache. The environment is inherited by all that a lab command starts, so everything of one lab bears the same name.
"""

from __future__ import annotations

import os
import re

from barelab.errors import LabError


def own(base: str) -> str:
    """The name of a thing of this lab: the base for the unnamed lab, the base with the lab's name for another."""
    lab = os.environ.get("BAREHOST_LAB", "")
    if not lab:
        return base
    if not re.fullmatch(r"[a-z0-9]{1,12}", lab):
        raise LabError(f"BAREHOST_LAB is {lab!r}; wanted 1 to 12 lower case letters and digits, or nothing for the one lab")
    return f"{base}.{lab}"
