# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of a playbook that are written almost right. Without this, a run would do something else than what was asked for. Pure."""

from __future__ import annotations

import collections.abc as c
import difflib

# An option of each playbook that claims the cluster, which no plan needs.
TAKE_OVER = "take_over"
_ALIKE = 0.7


def faults(variables: c.Iterable[str], *, prefix: str, options: c.Iterable[str], others: c.Container[str] = ()) -> list[str]:
    """What is wrong with the names that begin with ``prefix``.

    ``options``: the names of the playbook's variables without the prefix; ``others``: names that are variables of something else.
    """
    known = [f"{prefix}{option}" for option in options]
    unknown = sorted(name for name in variables if name.startswith(prefix) and name not in known and name not in others)
    meant = {name: difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE) for name in unknown}
    return [f"{name} is no variable of this playbook; did you mean {near[0]}?" for name, near in meant.items() if near]
