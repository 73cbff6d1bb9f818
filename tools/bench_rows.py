# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows that a benchmark prints: a measure of this tree, that of the tree it is compared with, the targets, and whether they are met."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Row(NamedTuple):
    """A measure; less is better. ``at_most`` is the target of the measure itself, ``of_before`` that of its ratio to the other tree."""

    title: str
    now: float
    before: float | None = None
    unit: str = "s"
    at_most: float | None = None
    of_before: float | None = None

    def ratio(self) -> float | None:
        return self.now / self.before if self.before and self.before > 0 else None


def target(row: Row, *, compared: bool) -> str:
    """The targets of a row, each with its verdict; without a second tree, a ratio to it is open."""
    found = []
    if row.at_most is not None:
        found.append(f"≤ {row.at_most:g}{_after(row.unit)}: {_verdict(row.now, row.at_most)}")
    if row.of_before is not None:
        ratio = row.ratio()
        verdict = _verdict(ratio, row.of_before) if ratio is not None else "not measured" if compared else "needs --against"
        found.append(f"≤ {row.of_before:g} × before: {verdict}")
    return "; ".join(found)


def _verdict(value: float, limit: float) -> str:
    if value < 0:  # a difference of two runs, of which the wrong one took longer
        return "unclear, other work disturbed the runs"
    return "met" if value <= limit else "missed"


def _after(unit: str) -> str:
    return f" {unit}" if unit else ""


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = 0 if unit == "MB" else 2
    return f"{value:.{digits}f}{_after(unit)}"


def table(rows: Iterable[Row], *, before: str | None = None) -> list[str]:
    """The lines of a table. ``before``: the name of the tree that this one is compared with."""
    compared = before is not None
    head = ("", "now", *((before, "ratio") if before is not None else ()), "target")
    lines = [head]
    for row in rows:
        ratio = row.ratio()
        other = (_amount(row.before, row.unit), "" if ratio is None else f"{ratio:.2f}") if compared else ()
        lines.append((row.title, _amount(row.now, row.unit), *other, target(row, compared=compared)))
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return [_aligned(line, widths) for line in lines]


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    first, *middle, last = line
    figures = "".join(f"  {cell:>{width}}" for cell, width in zip(middle, widths[1:], strict=False))
    return f"{first:{widths[0]}}{figures}  {last}".rstrip()
