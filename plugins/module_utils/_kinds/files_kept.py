# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that a file of ours keeps from the file that was there before. The controller uses it too.

They stay at the end, below a line that says so. Nothing else remembers them, so they are found there by later runs.
"""

from __future__ import annotations

import re

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import ours

MARK = "# From the file that was here before:\n"


def own_part(text: str) -> str:
    """What this collection has written, without the kept lines."""
    return text.split(MARK, 1)[0]


def lines(text: str, pattern: str) -> list[str]:
    """The lines to keep of a file: those that match, of all of somebody else's file or below the mark in one of ours."""
    if ours.wrote(text):
        text = text.partition(MARK)[2]
    return [line for line in text.splitlines() if re.match(pattern, line)]


def joined(text: str, kept: list[str]) -> str:
    """Our text with the kept lines, but for those that it has itself."""
    own = {line.strip() for line in text.splitlines()}
    others = [line for line in dict.fromkeys(kept) if line.strip() not in own]
    return text + MARK + "".join(f"{line}\n" for line in others) if others else text


def is_same(content: str, pattern: str) -> bool:
    """Whether a file's kept lines are those that a run would keep."""
    return content == joined(own_part(content), lines(content, pattern))
