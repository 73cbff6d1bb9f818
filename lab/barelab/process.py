# SPDX-License-Identifier: GPL-3.0-or-later
"""Running programs, with errors that say which one failed and what it said."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence

from barelab.errors import LabError


def run(
    argv: Sequence[str], *, text: str | None = None, check: bool = True, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end and give what it printed; raises LabError if it fails and ``check`` is set."""
    try:
        done = subprocess.run(
            list(argv),
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=timeout,
        )
    except FileNotFoundError as error:
        raise LabError(f"{argv[0]} is not installed on this machine") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{shlex.join(argv)} did not end within {timeout:.0f} s") from error
    if check and done.returncode != 0:
        said = "\n".join((done.stderr or done.stdout).splitlines()[-15:])
        raise LabError(f"{shlex.join(argv)} ended with {done.returncode}: {said or 'it said nothing'}")
    return done
