# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages, as rpm knows them. They are installed by the controller through Ansible's dnf module."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import NOT_FOUND, run

_ABSENT = re.compile(r"^(?:package (\S+) is not installed|no package provides (\S+))$", re.MULTILINE)


def collect(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Whether each is installed, with which versions; a host without rpm has no packages."""
    names = [item["name"] for item in items]
    absent, versions = _query(names, [])
    # A name that no package has may be one that a package provides: to dnf it is installed.
    unprovided = _query(sorted(absent), ["--whatprovides"])[0] if absent else set()
    return [{"installed": name not in unprovided, "versions": versions.get(name, [])} for name in names]


def _query(names: list[str], how: list[str]) -> tuple[set[str], dict[str, list[str]]]:
    """The names that rpm does not know, and the installed versions by the packages' names."""
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


def installed() -> list[str]:
    """The names of all packages; a host without rpm has none."""
    done = run(["rpm", "--query", "--all", "--queryformat", "%{NAME}\n"])
    return sorted(set(done.output.split())) if done.ok else []


def apply(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """They are installed by the controller; what the host does for them is in the record, which was written before."""
    return [{} for _action in actions]
