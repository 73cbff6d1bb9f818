# SPDX-License-Identifier: GPL-3.0-or-later
"""Building programs from pinned Go modules."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import typing as t

from barelab import system_packages
from barelab.errors import LabError
from barelab.releases import Artifact, Program, architecture, minor

# What our own small programs of lab/images are built with, too.
COMMON_FLAGS = ("-trimpath", "-buildvcs=false")
STRIP = "-s -w"
# The compiler and the linker are short-lived: without collecting garbage they need a fifth less of the processor. The limit keeps two of
# them within the memory that the hosts need later anyway.
# What Go adds to the version of a module that is none by its rules.
INCOMPATIBLE = "+incompatible"
_QUICK = {"GOGC": "off", "GOMEMLIMIT": "1500MiB"}


def go(arguments: t.Sequence[str], *, directory: pathlib.Path, environment: t.Mapping[str, str] | None = None) -> str:
    """Run the go command; LabError with the end of what it said if it fails."""
    if shutil.which("go") is None:
        raise LabError("no go command was found: install Go 1.26 or later (https://go.dev/dl/); the lab builds its programs with it")
    settings = os.environ | {"GOFLAGS": "", "GOWORK": "off", "GOARCH": architecture(), "GOOS": "linux"} | _QUICK | dict(environment or {})
    result = subprocess.run(
        ["go", *arguments], cwd=directory, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        end = "\n".join(result.stderr.splitlines()[-20:])
        raise LabError(f"go {arguments[0]} in {directory} ended with status {result.returncode}:\n{end}")
    return result.stdout


@functools.cache
def go_version() -> str:
    return go(["env", "GOVERSION"], directory=pathlib.Path("/")).strip()


def link_flags(*, program: Program, version: str) -> str:
    values = {"version": program.called(version), "minor_number": minor(version).split(".")[1]}
    flags = [STRIP] + [f"-X {name}={value.format(**values)}" for name, value in program.link_variables.items()]
    if program.cgo:
        flags.append("-linkmode external -extldflags -static")
    return " ".join(flags)


def inputs(*, program: Program, version: str) -> str:
    """All that decides what comes out, as text."""
    directory = program.build_directory(version)
    check_pins(program=program, version=version)
    recipe: dict[str, t.Any] = {
        "program": program.name,
        "version": version,
        "go": go_version(),
        "architecture": architecture(),
        "packages": dict(program.packages),
        "link": link_flags(program=program, version=version),
        "tags": build_tags(program),
        "flags": COMMON_FLAGS,
        "artifacts": [_described(artifact) for artifact in program.artifacts(version, architecture())],
        "go.mod": (directory / "go.mod").read_text(encoding="utf-8"),
        "go.sum": (directory / "go.sum").read_text(encoding="utf-8"),
    }
    if program.vendored:
        recipe["language"] = language_flags(program=program, version=version)
    return json.dumps(recipe, sort_keys=True)


def language_flags(*, program: Program, version: str) -> list[str]:
    """Go takes a module that has no go.mod for one in the language of Go 1.16; its vendor.mod, and so our go.mod, has a newer one."""
    if not program.vendored:
        return []
    text = (program.build_directory(version) / "go.mod").read_text(encoding="utf-8")
    found = re.search(r"^go (\d+\.\d+)", text, re.MULTILINE)
    return [f"-gcflags={program.modules[0]}/...=-lang=go{found[1]}"] if found else []


def _described(artifact: Artifact) -> dict[str, t.Any]:
    return {name: value for name, value in dataclasses.asdict(artifact).items() if value is not None}


def build_tags(program: Program) -> list[str]:
    return [*(("osusergo", "netgo") if program.cgo else ()), *program.tags]


def check_pins(*, program: Program, version: str) -> None:
    """The pins in lab/builds must be those of the wanted version."""
    file = program.build_directory(version) / "go.mod"
    found = pinned_version(program=program, version=version)
    if found != version:
        raise LabError(
            f"{file.relative_to(file.parents[2])} pins {program.name} {found or 'not at all'}, wanted {version}; "
            f"run: lab/update-pins {program.name} {version}"
        )


def pinned_version(*, program: Program, version: str) -> str | None:
    """The version that the go.mod for ``version`` asks for."""
    file = program.build_directory(version) / "go.mod"
    if not file.is_file():
        return None
    match = re.search(rf"^(?:require)?\s*{re.escape(program.modules[0])} v(\S+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    return match[1].removesuffix(INCOMPATIBLE) if match else None


def build(*, program: Program, version: str, output: pathlib.Path) -> None:
    """Leave the program's binaries in ``output``."""
    output.mkdir(parents=True, exist_ok=True)
    if program.cgo:
        system_packages.require({"gcc", "libc6-dev", *program.libraries})
    flags = [*COMMON_FLAGS, "-mod=readonly", "-ldflags", link_flags(program=program, version=version)]
    flags += language_flags(program=program, version=version)
    if build_tags(program):
        flags += ["-tags", ",".join(build_tags(program))]
    environment = {"CGO_ENABLED": "1" if program.cgo else "0"}
    directory = program.build_directory(version)
    for packages in _together(program):
        # One call for all whose binary gets the package's own name; the others need their name said.
        target = f"{output}/" if len(packages) > 1 else str(output / packages[0][0])
        go(["build", *flags, "-o", target, *(package for _name, package in packages)], directory=directory, environment=environment)
    check_version(program=program, version=version, directory=output)


def _together(program: Program) -> list[list[tuple[str, str]]]:
    named = [(name, package) for name, package in program.packages.items() if package.rsplit("/", 1)[1] == name]
    others = [[item] for item in program.packages.items() if item not in named]
    return ([named] if named else []) + others


def check_version(*, program: Program, version: str, directory: pathlib.Path) -> None:
    """A program that gives another version than the one it is offered as would be found out much later, on a host."""
    name, *arguments = program.version_command
    result = subprocess.run([str(directory / name), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    wanted = program.version_output.format(version=program.called(version))
    if wanted not in result.stdout + result.stderr:
        raise LabError(f"{name} {' '.join(arguments)} says {(result.stdout + result.stderr).strip()[:200]!r}, wanted {wanted.strip()!r}")
