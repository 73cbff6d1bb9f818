# SPDX-License-Identifier: GPL-3.0-or-later
"""What every file of the checkout must be: licensed, of one subject, independent of a machine."""

from __future__ import annotations

import ast
import re
import sys

import pytest

from .command import ROOT, makefile_variable, run, tracked

LICENCE = "SPDX-License-Identifier: GPL-3.0-or-later"
LONGEST = 400
# no comment syntax, or written by a tool that has no room for one
WITHOUT_COMMENTS = (".json", ".mod", ".sum", ".txt", ".gitkeep", "-release")
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-ee.txt")
GENERATED = (*LOCKS, "changelogs/changelog.yaml", "plugins/plugin_utils/_spec/release_facts.py")
# directories of one machine; spelled in pieces, because this file must pass too
MACHINE = re.compile("|".join("/" + path for path in ("work/", "farm/", "tmp/bash_jobs", r"root/\.pyenv")))


def text(name: str) -> str:
    """The contents, or nothing for a binary file."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_licence_line_in_every_source_file() -> None:
    # An empty file, such as the mark of a package, has nothing to be licensed.
    checked = [name for name in tracked() if not name.endswith(WITHOUT_COMMENTS) and not name.startswith("LICENSES/") and text(name)]
    missing = [name for name in checked if LICENCE not in "\n".join(text(name).splitlines()[:6])]
    assert not missing, f"no line '{LICENCE}' among the first six lines of: {missing}"


def test_no_path_of_a_machine() -> None:
    found = [f"{name}: {match[0]}" for name in tracked() if name not in GENERATED for match in MACHINE.finditer(text(name))]
    assert not found, "these belong to one machine and not into the project:\n" + "\n".join(found)


def test_no_file_is_long() -> None:
    sources = [name for name in tracked("*.py", "*.yml", "*.yaml", "*.j2", "*.sh", "*.rb", "*.go") if name not in GENERATED]
    lengths = {name: len(text(name).splitlines()) for name in sources}
    long = {name: count for name, count in lengths.items() if count > LONGEST}
    assert not long, f"more than {LONGEST} lines, split by subject: {long}"


def test_make_test_runs_every_folder_of_tests() -> None:
    named = [*makefile_variable("WITHOUT_HOSTS").split(), *makefile_variable("ON_HOSTS").split()]
    assert sorted(named) == sorted({"/".join(path.split("/")[:2]) for path in tracked("tests/*/test_*.py", "tests/*/**/test_*.py")})


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_a_hash_for_each_package_and_no_address(lock: str) -> None:
    content = text(lock)
    entries = re.split(r"^(?=[a-z])", content, flags=re.MULTILINE)[1:]
    assert entries
    assert not [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]
    assert "://" not in content


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_are_of_their_inputs(lock: str) -> None:
    """Each wanted package is locked; `make update-locks` was not forgotten."""
    inputs = text(lock.replace(".txt", ".in"))
    wanted = {match[1].lower() for match in re.finditer(r"^([A-Za-z][\w.-]*)", inputs, flags=re.MULTILINE)}
    locked = {match[1] for match in re.finditer(r"^([a-z][\w.-]*)==", text(lock), flags=re.MULTILINE)}
    assert wanted <= locked


def test_locks_agree() -> None:
    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^[a-z][\w.-]*==[^ ]+", text(lock), flags=re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_the_versions_asked_for_at_run_time_are_those_of_the_requirements() -> None:
    code = "from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import libraries; print(libraries.MINIMUM)"
    asked = ast.literal_eval(run(sys.executable, "-c", code, PYTHONPATH=str(ROOT / ".collections")))
    wanted = dict(re.findall(r"^([A-Za-z][\w.-]*) >=([\d.]+)$", text("requirements.in"), flags=re.MULTILINE))
    assert asked.items() <= wanted.items()
