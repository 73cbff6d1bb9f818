# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of a survey: one collect step of the host, and what the controller makes of the answer."""

from __future__ import annotations

import abc
import typing as t

Object = dict[str, t.Any]


class Part(abc.ABC):
    """One thing that a host must have as described.

    ``module`` is the module of ``module_utils`` that has the step ``collect``.
    """

    module: t.ClassVar[str]

    @abc.abstractmethod
    def request(self) -> Object:
        """The payload of the step."""

    @abc.abstractmethod
    def pending(self, answer: Object) -> dict[str, str]:
        """Why something has to be done, by the name of what needs it. Empty if all is as described."""

    @property
    def warnings(self) -> list[str]:
        """What the operator should know although nothing has to be done. Complete after :meth:`pending`."""
        return []
