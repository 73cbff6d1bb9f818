# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with an inventory: collected while it is read, told all at once."""

from __future__ import annotations

import dataclasses
import textwrap
import typing as t


@dataclasses.dataclass(frozen=True)
class Problem:
    """One fault: where it is, what is wrong with what was found there, and what to write instead."""

    where: str
    wrong: str
    instead: str

    def __str__(self) -> str:
        end = "" if self.instead.endswith("?") else "."
        return f"{self.where} {self.wrong}.\n{self.instead}{end}"


class SpecError(Exception):
    """The inventory does not describe a cluster that can be built."""

    def __init__(self, problems: t.Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        numbered = [
            textwrap.indent(str(problem), " " * 5).replace("    ", f"{number:>3}.", 1) for number, problem in enumerate(self.problems, 1)
        ]
        super().__init__(
            "\n".join([f"The inventory does not describe a cluster that can be built: {count}. No host was touched.", *numbered])
        )


class Problems:
    """Collects faults and warnings, each said once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.warnings: list[str] = []

    def add(self, where: str, wrong: str, instead: str) -> None:
        problem = Problem(where=where, wrong=wrong.rstrip("."), instead=instead.rstrip("."))
        if problem not in self.found:
            self.found.append(problem)

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    def raise_if_any(self) -> None:
        if self.found:
            raise SpecError(self.found)
