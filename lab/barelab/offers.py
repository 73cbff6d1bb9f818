# SPDX-License-Identifier: GPL-3.0-or-later
"""Which releases a lab offers for download, by what it is asked for.

Every program comes in the versions that are asked for; else in that of the inventory; else in the one that the collection installs beside
the versions of Kubernetes. So a lab that is not asked has one of each, and nothing more is built for it.
"""

from __future__ import annotations

import re
import typing as t

from barelab import product
from barelab.errors import LabError
from barelab.releases import Program, program, programs, versions

# The program of a version that stands alone. The others are chosen to go with it.
MAIN = "kubernetes"


def parse(word: str) -> tuple[str, str]:
    """``etcd=3.6.16`` is a program and its version, ``1.36.3`` a version of Kubernetes."""
    name, _equals, version = word.rpartition("=")
    return program(name or MAIN).name, version.removeprefix("v")


def wanted(words: t.Iterable[str], *, inventory: t.Mapping[str, str] | None = None) -> list[tuple[Program, str]]:
    """The releases that a lab offers, the newest of each program first.

    ``inventory``: program -> version. LabError that names all versions that the lab has not.
    """
    asked: dict[str, list[str]] = {}
    for word in words:
        name, version = parse(word)
        asked.setdefault(name, []).append(version)
    own = {name: version for name, version in (inventory or {}).items() if version}
    main = asked.get(MAIN) or [own.get(MAIN) or product.default_kubernetes()]
    chosen = {MAIN: main}
    for name in programs():
        if name != MAIN:
            chosen[name] = asked.get(name) or ([own[name]] if name in own else _beside(main, name))
    _require_offered(chosen)
    return [(program(name), version) for name in programs() for version in _newest_first(chosen[name])]


def words(releases: t.Iterable[tuple[Program, str]]) -> tuple[str, ...]:
    """The same as words, which ask for exactly these."""
    return tuple(f"{item.name}={version}" for item, version in releases)


def versions_of(name: str, recorded: t.Iterable[str]) -> list[str]:
    """The versions of one program among such words."""
    return [version for program_name, version in map(parse, recorded) if program_name == name]


def newest(releases: t.Iterable[tuple[Program, str]], name: str = MAIN) -> str:
    return next(version for item, version in releases if item.name == name)


def _beside(kubernetes: t.Sequence[str], name: str) -> list[str]:
    """Of a Kubernetes that the collection does not know yet, and of what it has no default for: the lab's own, or the newest."""
    own = versions()["defaults"].get(name) or versions()["programs"][name][0]
    return [product.default_beside(version, program=name) or own for version in kubernetes]


def _require_offered(chosen: t.Mapping[str, t.Sequence[str]]) -> None:
    offered = versions()["programs"]
    missing = [(name, version) for name, all_of_it in chosen.items() for version in all_of_it if version not in offered[name]]
    if missing:
        raise LabError(
            "; ".join(
                f"{name} {version} is not one of the lab's ({', '.join(offered[name])}); " + _how_to_add(name, version)
                for name, version in dict.fromkeys(missing)
            )
        )


def _how_to_add(name: str, version: str) -> str:
    return "lab/builds/README.md says how to add one" if program(name).is_packed else f"add it with: lab/update-pins {name} {version}"


def _newest_first(found: t.Iterable[str]) -> list[str]:
    return sorted(set(found), key=lambda version: [int(number) for number in re.findall(r"\d+", version)], reverse=True)
