# SPDX-License-Identifier: GPL-3.0-or-later
"""Doing the same for all hosts at once."""

from __future__ import annotations

import concurrent.futures
import sys
from collections.abc import Callable
from typing import Any


def run_all(jobs: list[Callable[[], Any]]) -> None:
    """Run all to their end, then raise what the first failed one raised."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(len(jobs), 1)) as pool:
        running = [pool.submit(job) for job in jobs]
        problems = [error for future in concurrent.futures.as_completed(running) if (error := future.exception())]
    for problem in problems[1:]:
        print(f"lab: {problem}", file=sys.stderr)
    if problems:
        raise problems[0]
