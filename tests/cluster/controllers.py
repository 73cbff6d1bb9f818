# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers other than this checkout: another ansible-core, the collection from its archive, settings of somebody's own."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from .driver import ROOT, Controller, run

# isort: split
from barelab import built_folders, cache

LOCK = ROOT / "requirements.txt"
# The releases of ansible-core, and the oldest Python that each runs on.
OLDEST_PYTHON = {"2.19": (3, 11), "2.20": (3, 12), "2.21": (3, 12)}


def newest_core() -> str:
    """The newest release of the lock."""
    return re.findall(r"^ansible-core==([0-9.]+)", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)[-1]


def of_core(version: str) -> pathlib.Path:
    """The folder of the programs of a release of ansible-core, such as 2.20.10, beside the other packages of the lock. Made once."""
    python = _python(OLDEST_PYTHON[version.rpartition(".")[0]])
    found = subprocess.run([python, "-c", "import sys; print(sys.version)"], capture_output=True, text=True, check=True).stdout
    name = built_folders.digest_of(paths=[LOCK], words=[version, found])[:12]
    folder = cache.root() / "controllers" / f"ansible-core-{version}-{name}"
    with built_folders.lock(folder.with_name(f"{folder.name}.lock"), waiting=lambda: None):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            run(str(python), "-m", "venv", str(folder))
            wanted = [f"ansible-core=={version}", *_others()]
            run(str(folder / "bin" / "pip"), "--disable-pip-version-check", "install", "--quiet", *wanted)
            (folder / "complete").touch()
    assert f"[core {version}]" in run(str(folder / "bin" / "ansible"), "--version").stdout
    return folder / "bin"


def _others() -> list[str]:
    """What the lock has beside ansible-core, which is in it once for each Python."""
    pinned = re.findall(r"^([A-Za-z0-9_.-]+==\S+)", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [entry for entry in pinned if not entry.startswith("ansible-core==")]


def _python(oldest: tuple[int, int]) -> pathlib.Path:
    """An interpreter that is not too old, the newest of this machine. Shims of pyenv may not run."""
    versions = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv")) / "versions"
    for minor in (13, 12, 11):
        if (3, minor) < oldest:
            break
        for candidate in (sys.executable, f"python3.{minor}", *versions.glob(f"3.{minor}.*/bin/python3.{minor}")):
            code = f"import ensurepip, sys; sys.exit(sys.version_info[:2] != (3, {minor}))"
            try:
                if subprocess.run([candidate, "-c", code], capture_output=True, timeout=30, check=False).returncode == 0:
                    return pathlib.Path(candidate)
            except (OSError, subprocess.TimeoutExpired):
                continue
    pytest.fail(f"no Python {oldest[0]}.{oldest[1]} to 3.13 with ensurepip is on this machine, and this test needs one")


def of_archive(folder: pathlib.Path, *, programs: pathlib.Path, settings: str) -> Controller:
    """A controller that has nothing of the checkout: the collection is built, and installed from its archive below ``folder``."""
    folder.mkdir()
    (folder / "ansible.cfg").write_text(settings, encoding="utf-8")
    run(str(programs / "ansible-galaxy"), "collection", "build", "--output-path", str(folder))
    (archive,) = folder.glob("*.tar.gz")
    environment = {"ANSIBLE_HOME": str(folder / "home"), "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections")}
    install = [str(programs / "ansible-galaxy"), "collection", "install", "--offline", str(archive)]
    run(*install, "--collections-path", str(folder / "collections"), env={**os.environ, **environment}, cwd=folder)
    return Controller(programs=programs, settings=folder / "ansible.cfg", directory=folder, environment=environment, installed=True)
