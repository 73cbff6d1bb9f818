# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception that the command line turns into a message."""

from __future__ import annotations


class LabError(Exception):
    """Something the operator must know; the text says what was found, what was wanted and what to do."""
