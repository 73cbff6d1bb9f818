# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the lab's own modules importable, as lab/lab does."""

from __future__ import annotations

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "lab"))
