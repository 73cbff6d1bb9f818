# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment: its definition is sound, and it has what the collection needs, in the versions of the locks.

No container is built here.
"""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
import yaml

from .command import ROOT, run

DEFINITION = "execution-environment.yml"


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def definition(name: str) -> dict[str, t.Any]:
    loaded: dict[str, t.Any] = yaml.safe_load(text(name))
    return loaded


def packages(name: str) -> set[str]:
    """The lines of a list that are neither comments nor includes."""
    return {line for line in text(name).splitlines() if line and not line.startswith(("#", "-"))}


def test_the_collection_asks_for_what_requirements_in_asks_for() -> None:
    """Who builds an environment of their own with the collection in it gets these."""
    wanted = {line for line in packages("requirements.in") if not line.startswith("ansible-core")}
    assert packages(definition("meta/execution-environment.yml")["dependencies"]["python"]) == wanted


def test_both_definitions_ask_for_the_same_programs() -> None:
    system = [definition(name)["dependencies"]["system"] for name in (DEFINITION, "meta/execution-environment.yml")]
    assert system == ["meta/ee-bindep.txt"] * 2
    assert any(line.startswith("openssh-clients ") for line in packages(system[0]))


def test_the_lock_has_the_versions_of_a_controller() -> None:
    def pins(lock: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name, version in re.findall(r"^([a-z][\w.-]*)==([^ ;]+)", text(lock), flags=re.MULTILINE):
            found.setdefault(name, set()).add(version)
        return found

    controller, environment = pins("requirements.txt"), pins("requirements-ee.txt")
    assert {name: versions for name, versions in environment.items() if not versions <= controller.get(name, versions)} == {}
    assert controller.keys() <= environment.keys() | {"importlib-resources"}, "all that a controller has"


@pytest.mark.slow
def test_ansible_builder_takes_the_definition(tmp_path: pathlib.Path) -> None:
    """It checks the schema, finds the files, and writes what a container is built from."""
    context = tmp_path / "context"
    run("ansible-builder", "create", "--file", DEFINITION, "--context", str(context), "--output-filename", "Containerfile")
    steps = (context / "Containerfile").read_text(encoding="utf-8")
    assert (context / "_build/locks/requirements-ee.txt").read_text(encoding="utf-8") == text("requirements-ee.txt")
    assert (context / "_build/bindep.txt").read_text(encoding="utf-8") == text("meta/ee-bindep.txt")
    order = [steps.index(step) for step in ("COPY _build/locks/", "--require-hashes", "AS builder", "check_ansible $PYCMD")]
    assert order == sorted(order), "by the lock, before anything else could bring another version"
    assert "ANSIBLE_INSTALL_REFS" not in steps


@pytest.mark.slow
def test_ansible_builder_reads_what_the_collection_needs(tmp_path: pathlib.Path) -> None:
    """From where collections are in an environment. It leaves PyYAML out, which ansible-core brings."""
    folder = tmp_path / "ansible_collections/barehost/kubernetes"
    (folder / "meta").mkdir(parents=True)
    for name in ("galaxy.yml", "meta/execution-environment.yml", "meta/ee-requirements.txt", "meta/ee-bindep.txt"):
        (folder / name).write_text(text(name), encoding="utf-8")
    found = yaml.safe_load(run("ansible-builder", "introspect", str(tmp_path)))
    assert {re.split(r"[ >]", line)[0].lower() for line in found["python"]} == {"cryptography", "netaddr"}
    assert any("openssh-clients" in line for line in found["system"])
