# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of digests on the controller: lines "<sha256>  <address>", as sha256sum writes them, and comments.

It is a text that Ansible takes for no inventory, may be kept in version control, and is merged line by line.
"""

from __future__ import annotations

import collections.abc as c
import pathlib
import re

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError

HEAD = """\
# sha256 of releases that hosts have installed and that neither the collection nor cluster_checksums gives.
# A later host gets the same file, or an error. Take a line out if the file was changed for a good reason.
"""
_LINE = re.compile(r"([0-9a-f]{64})[ \t]+(\S+)")


class Record:
    """The file at ``path``, which need not be there yet."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def read(self) -> dict[str, str]:
        """By address, the digest. Raises ComponentError if the file cannot be read, or says two things."""
        found: dict[str, str] = {}
        for number, line in enumerate(self._text().splitlines(), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            match = _LINE.fullmatch(line.strip())
            if match is None:
                raise ComponentError(
                    f"{self.path}:{number}: found {line.strip()[:80]!r}, wanted a sha256 of 64 digits in lower case, white space and an "
                    "address. Correct the line or take it out; the digest is then asked for again"
                )
            digest, address = match.groups()
            if found.setdefault(address, digest) != digest:
                raise ComponentError(
                    f"{self.path}:{number}: {address} has two digests, {found[address]} and {digest}. Find out which file is right, and "
                    "take the other line out"
                )
        return found

    def add(self, digests: c.Mapping[str, str]) -> None:
        """Writes further lines below those that are there. Raises OSError."""
        before = self._text() or HEAD
        lines = "".join(f"{digest}  {address}\n" for address, digest in sorted(digests.items()))
        # A link stays one.
        atomic_file.write(self.path.resolve(), f"{before.rstrip()}\n{lines}", mode=None)

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise ComponentError(f"{self.path}: the record of digests cannot be read ({error}). Mend the file or remove it") from error
