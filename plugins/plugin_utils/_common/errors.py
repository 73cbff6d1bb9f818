# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exception roots of the controller's side."""

from __future__ import annotations

import collections.abc as c

from ansible.errors import AnsibleError


class ComponentError(AnsibleError):
    """A component cannot be brought about; the message says what was found, what was wanted and what to do."""


class DescriptionError(ComponentError):
    """A component is described wrongly; the message lists every fault with its dotted path."""

    def __init__(self, component: str, faults: c.Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"component {component}: " + "; ".join(self.faults))


class PlanError(ComponentError):
    """What is wanted cannot be reached from the state that was found."""
