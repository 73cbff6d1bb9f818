# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the RPMs that the lab builds, and what of Debian goes into each. Pure but for reading the table."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from barelab.errors import LabError

TABLE = pathlib.Path(__file__).parent.parent / "rpms" / "packages.yml"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one RPM is made; the fields are explained at the head of the table."""

    name: str
    summary: str
    debs: tuple[str, ...] = ()
    version: str = ""
    epoch: int = 0
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    take: dict[str, str | None] | None = None
    links: dict[str, str] = field(default_factory=dict)
    directories: dict[str, dict[str, str]] = field(default_factory=dict)
    modes: dict[str, dict[str, str]] = field(default_factory=dict)
    user: dict[str, str] | None = None
    group: str | None = None
    units: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    rebuilds: tuple[int, ...] = (0,)

    @classmethod
    def parse(cls, name: str, entry: Mapping[str, Any]) -> Recipe:
        """One entry of the table."""
        unknown = sorted(set(entry) - set(cls.__dataclass_fields__))
        if unknown:
            raise LabError(f"{TABLE.name}: {name}: unknown fields: {', '.join(unknown)}")
        fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
        return cls(name=name, **fields)


def load(path: pathlib.Path = TABLE) -> dict[str, Recipe]:
    """All recipes, by name."""
    return {name: Recipe.parse(name, entry) for name, entry in yaml.safe_load(path.read_text(encoding="utf-8")).items()}


@dataclass(frozen=True, kw_only=True)
class Deb:
    """What Debian's index says of a package."""

    name: str
    version: str
    depends: tuple[tuple[str, ...], ...] = ()
    provides: tuple[str, ...] = ()


def parse_index(text: str) -> dict[str, Deb]:
    """Debian's package index (as `apt-cache dumpavail` prints it), by package name."""
    index = {}
    for stanza in text.split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|Depends|Pre-Depends|Provides): (.*)$", stanza, re.MULTILINE))
        if "Package" in fields:
            depends = [fields[name] for name in ("Pre-Depends", "Depends") if name in fields]
            index[fields["Package"]] = Deb(
                name=fields["Package"],
                version=fields["Version"],
                depends=tuple(tuple(_names(group, "|")) for group in ",".join(depends).split(",") if group.strip()),
                provides=tuple(_names(fields.get("Provides", ""), ",")),
            )
    return index


def _names(text: str, separator: str) -> list[str]:
    return [match[1] for part in text.split(separator) if (match := re.match(r"\s*([a-z0-9][a-z0-9+.-]*)", part))]


def libraries(recipe: Recipe, *, recipes: Mapping[str, Recipe], index: Mapping[str, Deb], base: Iterable[str]) -> list[str]:
    """The Debian packages that must come with a recipe's own: what these need, a bare host has not, and no RPM that it requires brings."""
    present = set(base) | set(recipe.leave_out) | {name for deb in base if deb in index for name in index[deb].provides}
    brought = {deb for other in _required(recipe, recipes) for deb in recipes[other].debs}
    brought |= {name for deb in brought for name in index[deb].provides}
    owners = {deb: other.name for other in recipes.values() for deb in other.debs}
    own = list(recipe.debs)
    for deb in own:  # grows while it is walked
        for group in index[deb].depends:
            if any(name in present or name in brought or name in own for name in group):
                continue
            name = _choose(group, index=index, needed_by=f"{recipe.name}: {deb}")
            if name in owners:
                raise LabError(f"{recipe.name}: Debian's {deb} needs {name}, which {owners[name]} brings: add it to requires")
            own.append(name)
    return own[len(recipe.debs) :]


def _choose(group: tuple[str, ...], *, index: Mapping[str, Deb], needed_by: str) -> str:
    for name in group:
        if name in index:
            return name
    raise LabError(f"{needed_by} needs {' or '.join(group)}, which Debian's index does not have")


def _required(recipe: Recipe, recipes: Mapping[str, Recipe]) -> set[str]:
    found: set[str] = set()
    queue = list(recipe.requires)
    while queue:
        name = queue.pop()
        if name in recipes and name not in found:
            found.add(name)
            queue.extend(recipes[name].requires)
    return found


def scripts(recipe: Recipe) -> dict[str, str]:
    """What runs when the RPM comes and goes: its account, and its units as the host's presets say; nothing is started."""
    result = {}
    account = _account(recipe)
    if account:
        result["pre"] = "\n".join(account)
    if recipe.units:
        units = " ".join(recipe.units)
        result["post"] = f'[ "$1" -ne 1 ] || systemctl --no-reload preset {units} || :'
        result["preun"] = f'[ "$1" -ne 0 ] || systemctl --no-reload disable --now {units} || :'
    return result


def _account(recipe: Recipe) -> list[str]:
    user = recipe.user
    group = recipe.group or (user or {}).get("name")
    lines = [f"getent group {group} >/dev/null || groupadd --system {group}"] if group else []
    if user:
        options = f"--system --gid {group} --home-dir {user['home']} --no-create-home --shell /sbin/nologin"
        lines.append(f"getent passwd {user['name']} >/dev/null || useradd {options} {user['name']}")
    return lines
