# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the modules of the benchmarks importable, as tools/bench does."""

from __future__ import annotations

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "tools"))
