#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells what changed between two releases, and writes the table of what each release takes.

usage: release_facts.py differ OLD NEW      what came, went or changed: flags, gates, API versions, images
       release_facts.py update VERSION...   the table in plugins/plugin_utils/_spec/release_facts.py; other minor versions stay

A version is one of Kubernetes (1.37.1) or of etcd (3.7.2). It must be pinned in lab/builds (lab/update-pins). The lab's programs of it
are asked, and built first where the cache has them not; names that they do not list come from their sources (Go modules).
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import importlib
import pathlib
import runpy
import sys
import tempfile
import textwrap

import release_programs
import release_sources

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "plugins" / "plugin_utils" / "_spec" / "release_facts.py"
KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
CONFIGURED = ("kubelet", "kube-proxy")
HEAD = '''\
# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the programs of each minor version take. Written by tools/release_facts.py, which asks them; do not edit.

``ASKED``: by minor version, the release that was asked. ``TABLES``: by kind of name, by the minor versions that have them, the names.
``release_names`` reads it.
"""

from __future__ import annotations

import typing as t

'''

# By kind of name, by name, the minor versions that have it.
Tables = dict[str, dict[str, frozenset[str]]]


@dataclasses.dataclass(frozen=True)
class Facts:
    """What one release takes: ``names`` by kind, as in the table; ``defaults`` by program and flag; ``stages`` by gate.
    ``companions``: what kubeadm installs beside it.
    """

    version: str
    names: c.Mapping[str, frozenset[str]]
    defaults: c.Mapping[tuple[str, str], str]
    stages: c.Mapping[str, str]
    companions: c.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def minor(self) -> str:
        return minor(self.version)


def minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def is_etcd(version: str) -> bool:
    return version.startswith("3.")


def facts(version: str, known: Tables) -> Facts:
    """``known``: names of other releases are tried on this one, too: it may have them hidden."""
    names = ("etcd",) if is_etcd(version) else KUBERNETES
    with tempfile.TemporaryDirectory() as folder:
        taken = {name: _asked(path, version, known) for name, path in _programs(version, names, pathlib.Path(folder)).items()}
    gates = {name: gate for program in taken.values() for name, gate in program.gates.items()}
    found = {f"flags of {name}": frozenset(program.flags) for name, program in taken.items()}
    family = "etcd" if is_etcd(version) else "Kubernetes"
    found[f"gates of {family}"] = frozenset(gates)
    found |= {f"gates that {name} lacks": frozenset(set(gates) - set(program.gates)) for name, program in taken.items()}
    found |= {
        f"gates of {family} that are always {v}": frozenset(n for n, gate in gates.items() if gate.locked == v) for v in ("true", "false")
    }
    if not is_etcd(version):
        found["admission plugins"] = taken["kube-apiserver"].plugins
        found |= {f"fields of {name}": release_sources.fields(version, name) for name in CONFIGURED}
        found["API versions served"], found["API versions known"] = release_sources.api_versions(version)
    return Facts(
        version=version,
        names=found,
        defaults={(name, flag): value or "" for name, program in taken.items() for flag, value in program.flags.items()},
        companions={} if is_etcd(version) else release_sources.companions(version),
        stages={name: f"{gate.stage or 'stable or deprecated'}, {gate.default or gate.locked or '?'}" for name, gate in gates.items()},
    )


def _asked(path: pathlib.Path, version: str, known: Tables) -> release_programs.Taken:
    if is_etcd(version):
        flags, gates = release_sources.etcd_flags(version), frozenset[str]()
    else:
        flags, gates = release_sources.hidden_flags(version), release_sources.gates(version)
    family = "etcd" if is_etcd(version) else "Kubernetes"
    return release_programs.ask(
        path, flags=flags | set(known.get(f"flags of {path.name}", ())), gates=gates | set(known.get(f"gates of {family}", ()))
    )


def _programs(version: str, names: c.Iterable[str], folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """The lab's programs, as files in a folder."""
    sys.path.insert(0, str(ROOT / "lab"))
    artifacts, releases = importlib.import_module("barelab.artifacts"), importlib.import_module("barelab.releases")
    family = "etcd" if is_etcd(version) else "kubernetes"
    release = artifacts.ensure_program(name=family, version=version)
    found = {}
    for artifact in releases.program(family).artifacts(version, releases.architecture()):
        for name in set(names) & set(artifact.members.values() or [pathlib.PurePath(artifact.path).name]):
            found[name] = folder / name
            found[name].write_bytes(artifacts.binary(folder=release, artifact=artifact, name=name))
            found[name].chmod(0o755)
    return {name: found[name] for name in names}


def read() -> tuple[dict[str, str], Tables]:
    """The releases and the names of the table that is there."""
    if not TARGET.is_file():
        return {}, {}
    space = runpy.run_path(str(TARGET))
    tables: Tables = {}
    for kind, rows in space["TABLES"].items():
        names = tables.setdefault(kind, {})
        for minors, text in rows.items():
            for name in text.split():
                names[name] = names.get(name, frozenset()) | set(minors.split())
    return dict(space["ASKED"]), tables


def merged(tables: Tables, found: Facts) -> Tables:
    """With what a release has said of its minor version, in place of what was known of that."""
    kinds = {kind: {name: minors - {found.minor} for name, minors in names.items()} for kind, names in tables.items()}
    for kind, names in found.names.items():
        for name in names:
            kinds.setdefault(kind, {})[name] = kinds.get(kind, {}).get(name, frozenset()) | {found.minor}
    return {kind: {name: minors for name, minors in names.items() if minors} for kind, names in kinds.items()}


def _names(tables: Tables) -> set[tuple[str, str]]:
    """Those that are tried on every release."""
    return {(kind, name) for kind, names in tables.items() if kind.startswith(("flags of", "gates of")) for name in names}


def written(asked: c.Mapping[str, str], tables: Tables) -> str:
    """The module as text."""
    lines = [HEAD, "ASKED: t.Mapping[str, str] = {\n"]
    lines += [f'    "{name}": "{version}",\n' for name, version in sorted(asked.items(), key=lambda item: _key(item[0]))]
    lines.append("}\nTABLES: t.Mapping[str, t.Mapping[str, str]] = {\n")
    for kind, names in sorted(tables.items()):
        rows: dict[tuple[str, ...], list[str]] = {}
        for name, minors in names.items():
            rows.setdefault(tuple(sorted(minors, key=_key)), []).append(name)
        if rows:
            lines.append(f'    "{kind}": {{\n')
            for having, members in sorted(rows.items(), key=lambda item: (-len(item[0]), [_key(text) for text in item[0]])):
                text = textwrap.fill(
                    " ".join(sorted(members)), 132, initial_indent=" " * 8, subsequent_indent=" " * 8, break_on_hyphens=False
                )
                lines.append(f'        "{" ".join(having)}": """\n{text}\n        """,\n')
            lines.append("    },\n")
    lines.append("}\n")
    return "".join(lines)


def _key(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def differences(old: Facts, new: Facts) -> c.Iterator[str]:
    """As lines: what went, what came, what is another."""
    for kind in sorted({*old.names, *new.names}):
        before, after = old.names.get(kind, frozenset()), new.names.get(kind, frozenset())
        if "that" in kind.split():
            # Of gates that came or went nothing else is told.
            before, after = before & set(new.stages), after & set(old.stages)
        stages = kind in ("gates of Kubernetes", "gates of etcd")
        for sign, names, side in (("-", before - after, old), ("+", after - before, new)):
            yield from (f"{sign} {kind}: {name}{f' ({side.stages[name]})' if stages else ''}" for name in sorted(names))
    both = sorted(set(old.defaults) & set(new.defaults))
    for program, flag in both:
        if old.defaults[program, flag] != new.defaults[program, flag]:
            yield f"~ default of {program} --{flag}: {old.defaults[program, flag] or 'none'} → {new.defaults[program, flag] or 'none'}"
    for name in sorted({*old.companions, *new.companions}):
        if old.companions.get(name) != new.companions.get(name):
            yield f"~ kubeadm's {name}: {old.companions.get(name, 'none')} → {new.companions.get(name, 'none')}"
    for name in sorted(set(old.stages) & set(new.stages)):
        if old.stages[name] != new.stages[name]:
            yield f"~ gate {name}: {old.stages[name]} → {new.stages[name]}"


def main(arguments: list[str]) -> int:
    command, versions = (arguments[0], arguments[1:]) if arguments else ("", [])
    if not (command == "update" and versions) and not (command == "differ" and len(versions) == 2):
        print(__doc__, file=sys.stderr)
        return 2
    asked, tables = read()
    found: dict[str, Facts] = {}
    tried: dict[str, set[tuple[str, str]]] = {}
    # What a later one has is tried on an earlier one, too. Mostly the table has it already.
    while again := [version for version in versions if tried.get(version) != _names(tables)]:
        tried[again[0]] = _names(tables)
        found[again[0]] = facts(again[0], tables)
        tables = merged(tables, found[again[0]])
    if command == "differ":
        print(*differences(*(found[version] for version in versions)), sep="\n")
        return 0
    asked |= {each.minor: each.version for each in found.values()}
    TARGET.write_text(written(asked, tables), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
