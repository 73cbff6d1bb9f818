# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exception root of the host side, and the words of other exceptions."""

from __future__ import annotations


class HostError(Exception):
    """Something on the host is not as it must be.

    The message says what was found, what was wanted and what the operator can do; ``details`` adds
    evidence such as the last journal lines. Neither may hold a secret.
    """

    def __init__(self, message: str, *, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.details = details


def cause(error: BaseException) -> str:
    """Why an operation of Python's library failed, in words for the end of a message."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
