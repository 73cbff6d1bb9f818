# SPDX-License-Identifier: GPL-3.0-or-later
"""What SELinux says on a guest: labels that are not the policy's, and denials."""

from __future__ import annotations

import pathlib
import re
import typing as t

import yaml

from .driver import Cluster

# Types of paths that we write, by policy: see the file.
CONTEXTS = pathlib.Path(__file__).parent / "el_contexts.yml"


class Denial(t.NamedTuple):
    """What was denied, without what differs from one time to the next."""

    program: str
    source: str
    target: str
    kind: str
    permissions: str


_DENIAL = re.compile(r"avc: +denied +\{ (?P<permissions>[^}]*?) \}")


def denials(audit: str) -> set[Denial]:
    """The denials in raw records of audit. Messages of D-Bus and systemd have the same form as those of the kernel."""
    found = set()
    for line in audit.splitlines():
        match = _DENIAL.search(line)
        if match:
            fields = dict(re.findall(r'(\w+)=("[^"]*"|\S+)', line))
            source, target = (fields[name].strip("'\"").split(":")[2] for name in ("scontext", "tcontext"))
            program = fields.get("comm", fields.get("exe", "")).strip("'\"")
            found.add(Denial(program, source, target, fields["tclass"].strip("'\""), match["permissions"]))
    return found


def all_denials(cluster: Cluster, host: str) -> set[Denial]:
    """Those that audit has recorded, of all boots. It tells that it has recorded anything."""
    assert "type=DAEMON_START" in cluster.on(host, "ausearch --input-logs --raw -m DAEMON_START")
    return denials(cluster.on(host, "ausearch --input-logs --raw -m AVC,USER_AVC; true"))


def wrong_labels(cluster: Cluster, host: str, paths: list[str]) -> list[str]:
    """What restorecon would change below these paths. Of paths that the policy has no rule for it warns, and leaves them as they are."""
    lines = cluster.on(host, f"restorecon -R -n -v {' '.join(paths)}", timeout=300).splitlines()
    return [line for line in lines if not line.startswith("Warning no default label for ")]


def types_of(cluster: Cluster, host: str, paths: list[str]) -> dict[str, str]:
    """The type of each of the paths that exist."""
    lines = cluster.on(host, f"stat --format '%n %C' {' '.join(paths)} 2>/dev/null; true").splitlines()
    return {name: context.split(":")[2] for name, context in (line.rsplit(" ", 1) for line in lines)}


def by_policy() -> dict[str, dict[str, str]]:
    """Path -> policy -> type. A path may be a pattern of the shell."""
    table: dict[str, dict[str, str]] = yaml.safe_load(CONTEXTS.read_text(encoding="utf-8"))
    return table
