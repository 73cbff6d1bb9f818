# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The libraries that a controller needs beside Ansible.

A plugin can be loaded without them, for its documentation say: what is missing or too old is told at its first use.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import sys
import typing as t

from ansible.errors import AnsibleError

if t.TYPE_CHECKING:
    import netaddr
    from cryptography import exceptions, x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509 import oid

__all__ = ["MINIMUM", "DependencyError", "ec", "exceptions", "hashes", "library", "netaddr", "oid", "serialization", "x509"]

# as in requirements.in
MINIMUM = {"cryptography": "44", "netaddr": "1.3"}


class DependencyError(AnsibleError):
    """A library is missing or too old. The message names it and the interpreter."""


class _Unusable:
    """Takes the place of a library that cannot be used. Any use of it raises DependencyError."""

    def __init__(self, message: str) -> None:
        self._message = message

    def __getattr__(self, name: str) -> t.NoReturn:
        # Python itself looks for names such as __wrapped__, and continues without them.
        raise AttributeError(name) if name.startswith("__") else DependencyError(self._message)


def library(name: str) -> t.Any:
    """The module of this name, or a substitute that raises errors if its package is missing or too old."""
    package = name.partition(".")[0]
    wanted = MINIMUM[package]
    advice = f"Install it with '{sys.executable} -m pip install \"{package}>={wanted}\"', or run Ansible with a Python that has it."
    try:
        module = importlib.import_module(name)
        found = importlib.metadata.version(package)
    except ImportError as error:
        return _Unusable(
            f"{package} {wanted} or newer is needed, but {sys.executable}, which runs Ansible, cannot import it: {error}. {advice}"
        )
    if _numbers(found) < _numbers(wanted):
        return _Unusable(f"{package} {wanted} or newer is needed, but {sys.executable}, which runs Ansible, has {found}. {advice}")
    return module


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


if not t.TYPE_CHECKING:
    netaddr = library("netaddr")
    x509 = library("cryptography.x509")
    oid = library("cryptography.x509.oid")
    exceptions = library("cryptography.exceptions")
    hashes = library("cryptography.hazmat.primitives.hashes")
    serialization = library("cryptography.hazmat.primitives.serialization")
    ec = library("cryptography.hazmat.primitives.asymmetric.ec")
