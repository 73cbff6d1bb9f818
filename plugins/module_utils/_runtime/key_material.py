# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaves lines out of what is shown of journals and outputs, if they may hold a key, a token or a password.

Programs are not to write such things, and some do: in errors about a request, with a file that they could not read, or for debugging.
A line too many that is left out costs little.
"""

from __future__ import annotations

import re
import typing as t

WITHHELD = "(a line that may hold a secret is left out)"
# Each with a text without which it cannot be there: to look for that takes a tenth of the time. Patterns are compiled when they are used,
# because that takes longer than all other patterns of a look.
_ASSIGNED = r"(?:^|[?&;\s\"'{,])(?:token|password|passwd|secret|client[-_]key[-_]data|encryption[-_]key)[\"']?\s*[=:]\s*[\"']?[^\s\"',;&]"
_SECRETS = (
    ("private key", r"(?i)PRIVATE KEY"),
    *((word, rf"(?i){_ASSIGNED}") for word in ("token", "passw", "secret", "key-data", "key_data", "encryption")),
    ("authorization", r"(?i)authorization[\"']?\s*[=:][\s\"'\[]*(?:basic|bearer|digest|negotiate|token)\b"),
    ("bearer", r"(?i)\bbearer\s+[A-Za-z0-9._~+/-]{12,}"),
    # a JSON web token
    ("eyj", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    # a login in an address
    ("://", r"://[^\s/:@]+:[^\s/@]+@"),
    # a bootstrap token
    (".", r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b"),
)
# At the end of a line, such as a line of a key.
_BASE64, _LONG = r"[A-Za-z0-9+/_-]+={0,2}", 60
# What begins so is the path of a directory: in base64, so many of 64 characters are rarely a slash.
_PATH = r"/(?:[^/]*/){3}"
_BEGIN = "PRIVATE KEY-----"
# What follows in a key of several lines, the last of which is shorter.
_LAST_OF_A_KEY = 20


def without(lines: t.Iterable[str]) -> t.Iterator[str]:
    """The lines, with a word in place of each that may hold a secret."""
    inside = False
    for line in lines:
        withheld = _ends_in_base64(line, _LAST_OF_A_KEY if inside else _LONG) or _has_secret(line)
        inside = _BEGIN in line or (inside and withheld)
        yield WITHHELD if withheld else line


def _ends_in_base64(line: str, length: int) -> bool:
    last = line.rstrip("\r")[-4000:].rsplit(None, 1)[-1:]
    if not last or len(last[0]) < length or line[-1:].isspace():
        return False
    return re.fullmatch(_BASE64, last[0]) is not None and re.match(_PATH, last[0]) is None


def _has_secret(line: str) -> bool:
    small = line.lower()
    return any(word in small and re.search(pattern, line) is not None for word, pattern in _SECRETS)
