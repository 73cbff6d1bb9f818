# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing the pins: go.mod and go.sum of a program at a version.

A released program is not the main module here but a dependency of a small one, and Go ignores the replace directives of
dependencies; they are repeated, so that what is built has the dependencies that upstream builds with.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import re
import shutil
import sys
import tempfile
import typing as t

from barelab import builds
from barelab.artifacts_progress import report, working
from barelab.errors import LabError
from barelab.releases import VERSIONS_FILE, Program, minor, programs
from barelab.releases_docker import any_program

_HEADER = "// SPDX-License-Identifier: GPL-3.0-or-later\n// Written by lab/update-pins.\n"
# go.sum must serve every architecture the lab runs on.
_ARCHITECTURES = ("amd64", "arm64")


def update(*, name: str, version: str) -> pathlib.Path:
    """Write lab/builds/<program>-<minor>/go.mod and go.sum for this version; gives the directory."""
    item = any_program(name)
    target = item.build_directory(version)
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        _main_module(item=item, version=version, directory=directory)
        for architecture in _ARCHITECTURES:
            environment = {"GOARCH": architecture, "CGO_ENABLED": "1" if item.cgo else "0"}
            tags = ",".join(builds.build_tags(item))
            builds.go(["list", "-mod=mod", "-tags", tags, "-deps", *item.packages.values()], directory=directory, environment=environment)
        target.mkdir(parents=True, exist_ok=True)
        (target / "go.mod").write_text(_HEADER + (directory / "go.mod").read_text(encoding="utf-8"), encoding="utf-8")
        shutil.copyfile(directory / "go.sum", target / "go.sum")
    builds.check_pins(program=item, version=version)
    return target


def _main_module(*, item: Program, version: str, directory: pathlib.Path) -> None:
    builds.go(["mod", "init", f"barehost.lab/{item.name}"], directory=directory)
    suffix = builds.INCOMPATIBLE if item.vendored else ""
    downloaded = json.loads(builds.go(["mod", "download", "-json", f"{item.modules[0]}@v{version}{suffix}"], directory=directory))
    described = f"{downloaded['Dir']}/vendor.mod" if item.vendored else downloaded["GoMod"]
    upstream = json.loads(builds.go(["mod", "edit", "-json", described], directory=directory))
    edits = [f"-go={upstream['Go']}"]
    if item.vendored:  # Go does not read them there itself
        edits += [f"-require={entry['Path']}@{entry['Version']}" for entry in upstream["Require"]]
    edits += [f"-require={module}@v{version}{suffix}" for module in item.modules]
    edits += [f"-tool={package}" for package in item.packages.values()]
    edits += [f"-godebug={setting['Key']}={setting['Value']}" for setting in upstream.get("GoDebug") or []]
    replacements = _replacements(upstream=upstream, version=version) | {path: (path, v) for path, v in item.replacements.items()}
    edits += [f"-replace={old}={new}@{at}" for old, (new, at) in sorted(replacements.items())]
    builds.go(["mod", "edit", *edits], directory=directory)


def _replacements(*, upstream: t.Mapping[str, t.Any], version: str) -> dict[str, tuple[str, str]]:
    """Upstream's replace directives.

    One by a directory stands for a module of the same repository. Either it is required at its released version, which is the
    same, or (Kubernetes' staging modules) at v0.0.0 and released as v0.<minor>.<patch>. Or it is not required, but is there for the
    repository's own tests (etcd 3.6), and means nothing here.
    """
    required = {entry["Path"]: entry["Version"] for entry in upstream.get("Require") or []}
    result = {}
    for entry in upstream.get("Replace") or []:
        old, new = entry["Old"]["Path"], entry["New"]
        if new.get("Version"):
            result[old] = (new["Path"], new["Version"])
        elif required.get(old) == "v0.0.0":
            result[old] = (old, "v0." + version.split(".", 1)[1])
    return result


def record(*, name: str, version: str, file: pathlib.Path = VERSIONS_FILE) -> None:
    """Put the version into the program's line of versions.yml: one per minor version, newest first."""
    text = file.read_text(encoding="utf-8")
    line = re.compile(rf"^(  {re.escape(name)}: \[)(.*)(\])$", re.MULTILINE)
    found = line.search(text)
    if not found:
        raise LabError(f"{file} has no line '  {name}: [...]' to put {version} into")
    kept = [v for v in found[2].split(", ") if minor(v) != minor(version)]
    ordered = sorted([*kept, version], key=lambda v: [int(part) for part in v.split(".")], reverse=True)
    file.write_text(line.sub(lambda match: match[1] + ", ".join(ordered) + match[3], text), encoding="utf-8")


def main(arguments: t.Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="lab/update-pins", description="Pin the Go modules that a program of the lab is built from.")
    parser.add_argument("program")
    parser.add_argument("version", help="without v")
    options = parser.parse_args(arguments)
    version = options.version.removeprefix("v")
    try:
        with working(f"pinning {options.program} {version}"):
            directory = update(name=options.program, version=version)
        if options.program in programs():
            record(name=options.program, version=version)
    except LabError as error:
        report(f"update-pins: {error}")
        return 1
    report(f"wrote {directory}/go.mod and go.sum")
    if options.program in programs():
        report(f"wrote {VERSIONS_FILE}")
    else:
        report(f"now write it into {VERSIONS_FILE}, below docker, beside the version of Docker that it belongs to")
    return 0


if __name__ == "__main__":
    sys.exit(main())
