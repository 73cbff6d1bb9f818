# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kind ``package``, as rpm knows it. The controller installs packages through Ansible's dnf module."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import NOT_FOUND, run

_KEY = "gpg-pubkey"
_ABSENT = re.compile(r"^(?:package (\S+) is not installed|no package provides (\S+))$", re.MULTILINE)


def collect(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Whether each package is installed, and its versions. A host without rpm has none."""
    names = [item["name"] for item in items]
    absent, versions = _query(names, [])
    # A name may be a capability that another package provides; to dnf it is installed.
    unprovided = _query(sorted(absent), ["--whatprovides"])[0] if absent else set()
    return [{"installed": name not in unprovided, "versions": versions.get(name, [])} for name in names]


def _query(names: list[str], how: list[str]) -> tuple[set[str], dict[str, list[str]]]:
    """The names that rpm does not know, and the installed versions by package name."""
    done = run(["rpm", "--query", *how, "--queryformat", "%{NAME}\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\n", "--", *names])
    if done.status == NOT_FOUND:
        return set(names), {}
    versions: dict[str, list[str]] = {}
    for line in done.output.splitlines():
        name, tab, version = line.partition("\t")
        if tab:
            versions.setdefault(name, []).append(version)
    absent = {match[1] or match[2] for match in _ABSENT.finditer(done.output + "\n" + done.error)}
    return absent, versions


def providers(names: list[str]) -> list[str]:
    """The installed packages that have or provide one of these names. A host without rpm has none."""
    return sorted(_query(names, ["--whatprovides"])[1])


def installed() -> list[str]:
    """The names of all installed packages; empty on a host without rpm.

    An imported key is a package, too, and all keys have the same name: these come with version and release, as rpm removes them.
    """
    done = run(["rpm", "--query", "--all", "--queryformat", "%{NAME}\t%{VERSION}-%{RELEASE}\n"])
    if not done.ok:
        return []
    found = (line.partition("\t") for line in done.output.splitlines())
    return sorted({f"{name}-{version}" if name == _KEY else name for name, _tab, version in found})


def apply(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Does nothing: the controller installs packages, and the host record is written before."""
    return [{} for _action in actions]
