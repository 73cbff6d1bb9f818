# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs programs of the host."""

from __future__ import annotations

import os
import subprocess
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError, trouble

NOT_FOUND = 127
NOT_STARTED = 126
TIMED_OUT = 124
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Completed(t.NamedTuple):
    """The exit status and output of a program."""

    status: int
    output: str
    error: str

    @property
    def ok(self) -> bool:
        return self.status == 0

    def complaint(self) -> str:
        """The output of the program in one line, for an error message."""
        text = " ".join((self.error.strip() or self.output.strip()).split())
        return text[-600:] or f"exit status {self.status}"


def surroundings(environment: dict[str, str] | None = None) -> dict[str, str]:
    """The environment in which programs run whose output is read."""
    # A proxy of the login is for what is outside, and these programs ask this host and the others of the cluster.
    return {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "PATH": _PATH,
        # LANGUAGE goes before LC_ALL, and what programs say is read here.
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "C",
        "SYSTEMD_PAGER": "",
        "SYSTEMD_COLORS": "0",
        **(environment or {}),
    }


def run(
    argv: list[str],
    *,
    text: str | None = None,
    timeout: float = 300,
    environment: dict[str, str] | None = None,
) -> Completed:
    """Runs a program to its end. For a program that is missing, cannot be started or hangs there is a status, not an exception."""
    source: dict[str, t.Any] = {"stdin": subprocess.DEVNULL} if text is None else {"input": text}
    try:
        done = subprocess.run(  # pylint: disable=ansible-bad-function  # run_command has no timeout
            argv,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            env=surroundings(environment),
            **source,
        )
    except FileNotFoundError:
        return Completed(NOT_FOUND, "", f"{argv[0]}: program not found")
    except OSError as error:
        return Completed(NOT_STARTED, "", f"{argv[0]}: cannot be started: {trouble(error)}")
    except ValueError as error:
        # A NUL byte, which no argument can hold.
        return Completed(NOT_STARTED, "", f"{argv[0]}: cannot be started: {error}")
    except subprocess.TimeoutExpired:
        return Completed(TIMED_OUT, "", f"{argv[0]}: did not end within {timeout:.0f} s")
    return Completed(done.returncode, done.stdout, done.stderr)


def must(argv: list[str], *, what: str, text: str | None = None, timeout: float = 300) -> Completed:
    """Runs a program and raises HostError if it fails. ``what`` completes the sentence "cannot …". argv never holds a secret."""
    done = run(argv, text=text, timeout=timeout)
    if not done.ok:
        raise HostError(f"cannot {what}: {done.complaint()}", details=f"command: {' '.join(argv)}\nexit status: {done.status}")
    return done
