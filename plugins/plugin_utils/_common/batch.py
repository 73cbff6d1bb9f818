# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many hosts a playbook takes at the same time: a number, or per cent of those that it is about. Pure."""

from __future__ import annotations

import dataclasses
import re
import typing as t

_FORM = re.compile(r"([1-9]\d{0,4})(%?)")


@dataclasses.dataclass(frozen=True)
class Batch:
    number: int
    per_cent: bool = False

    def of(self, hosts: int) -> int:
        """How many of so many hosts; as Ansible counts for ``serial``, which a play may have from the same text."""
        return max(1, int(self.number / 100 * hosts)) if self.per_cent else self.number

    def __str__(self) -> str:
        return f"{self.number}{'%' if self.per_cent else ''}"


ONE_BY_ONE = Batch(1)


def read(value: t.Any) -> Batch:
    """Of what a variable holds. Raises ValueError."""
    match = _FORM.fullmatch(str(value).strip())
    if isinstance(value, bool) or not match or (match[2] and int(match[1]) > 100):
        raise ValueError(f"not a batch: {value!r}")
    return Batch(int(match[1]), bool(match[2]))
