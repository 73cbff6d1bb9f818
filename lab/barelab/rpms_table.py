# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the RPMs that the lab builds, and what of Debian goes into each. Pure but for reading the table."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from barelab.errors import LabError

TABLE = pathlib.Path(__file__).parent.parent / "rpms" / "packages.yml"
DOCKER = TABLE.with_name("docker.yml")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one RPM is made; the fields are explained at the head of the table."""

    name: str
    summary: str
    debs: tuple[str, ...] = ()
    version: str = ""
    version_of: str = ""
    epoch: int = 0
    requires: tuple[str, ...] = ()
    recommends: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    obsoletes: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    take: dict[str, str | None] | None = None
    built: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)
    directories: dict[str, dict[str, str]] = field(default_factory=dict)
    modes: dict[str, dict[str, str]] = field(default_factory=dict)
    user: dict[str, str] | None = None
    group: str | None = None
    units: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()
    scripts: dict[str, str] = field(default_factory=dict)
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


def load_docker(version: str, *, parts: Mapping[str, str], path: pathlib.Path = DOCKER) -> dict[str, Recipe]:
    """The recipes of Docker's packages, by name, with the versions of this Docker and of the parts that it is made of."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    major = version.partition(".")[0]
    if major not in entries:
        raise LabError(f"{path.name} does not know how Docker {major} is packed; it knows {', '.join(entries)}")
    versions = {**parts, "docker": version}
    recipes = {name: Recipe.parse(name, entry) for name, entry in entries[major].items()}
    return {
        name: replace(recipe, version=f"{versions[recipe.version_of]}-1") if recipe.version_of else recipe
        for name, recipe in recipes.items()
    }


def own_files(recipe: Recipe) -> list[pathlib.Path]:
    """The folders whose files it brings, beside what is taken from Debian's packages and from programs."""
    return [path for name in recipe.files or (recipe.name,) if (path := TABLE.parent / "files" / name).is_dir()]


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
        for name in names_in(queue.pop()):
            if name in recipes and name not in found:
                found.add(name)
                queue.extend(recipes[name].requires)
    return found


def names_in(requirement: str) -> list[str]:
    """Of `(iptables-nft or iptables)` and `containerd.io >= 2.1.5`: the packages."""
    return [word for word in re.findall(r"[A-Za-z][\w.+-]*", requirement) if word != "or"]


def scripts(recipe: Recipe) -> dict[str, str]:
    """What runs when the RPM comes and goes: its account, and its units as the host's presets say; nothing is started.

    What is restarted, because a newer package has come, is so at the end of the transaction, all at once: as systemd's macros do it on EL.
    """
    result: dict[str, list[str]] = {}
    if account := _account(recipe):
        result["pre"] = account
    if recipe.units:
        units = " ".join(recipe.units)
        result["post"] = [f'[ "$1" -ne 1 ] || systemctl --no-reload preset {units} || :']
        result["preun"] = [f'[ "$1" -ne 0 ] || systemctl --no-reload disable --now {units} || :']
    if recipe.restarts:
        result["postun"] = [f'[ "$1" -eq 0 ] || systemctl set-property {unit} Markers=+needs-restart || :' for unit in recipe.restarts]
        result["posttrans"] = ["systemctl daemon-reload || :", "systemctl reload-or-restart --marked || :"]
    for section, script in recipe.scripts.items():
        result.setdefault(section, []).append(script)
    return {section: "\n".join(lines) for section, lines in result.items()}


def _account(recipe: Recipe) -> list[str]:
    user = recipe.user
    group = recipe.group or (user or {}).get("name")
    lines = [f"getent group {group} >/dev/null || groupadd --system {group}"] if group else []
    if user:
        options = f"--system --gid {group} --home-dir {user['home']} --no-create-home --shell /sbin/nologin"
        lines.append(f"getent passwd {user['name']} >/dev/null || useradd {options} {user['name']}")
    return lines
