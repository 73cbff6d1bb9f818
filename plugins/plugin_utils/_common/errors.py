# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exception roots of the controller side."""

from __future__ import annotations

import collections.abc as c

from ansible.errors import AnsibleError

# What it raises to read an answer that no host of ours would give. RecursionError: lists within lists without end.
STRANGE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


class ComponentError(AnsibleError):
    """A component cannot be converged. The message says what was found, what was wanted and what the operator can do."""


class DescriptionError(ComponentError):
    """A description has faults. The message lists every fault with its dotted path."""

    def __init__(self, component: str, faults: c.Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"component {component}: " + "; ".join(self.faults))


class PlanError(ComponentError):
    """There is no safe plan from the state that was found to the wanted state."""
