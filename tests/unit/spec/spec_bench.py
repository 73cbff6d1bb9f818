# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints how long the resolver takes: ``PYTHONPATH=.collections:tests/unit/spec python -m spec_bench``."""

from __future__ import annotations

import time

from spec_inventory import large

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.resolve import resolve


def seconds(nodes: int, *, runs: int = 5) -> float:
    """The best of some runs, so that a busy machine does not count."""
    best = float("inf")
    inputs = large(nodes)
    for _run in range(runs):
        start = time.perf_counter()
        resolve(inputs)
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    for nodes in (1, 4, 100, 250):
        print(f"{nodes:>4} hosts: {seconds(nodes) * 1000:7.1f} ms")


if __name__ == "__main__":
    main()
