# SPDX-License-Identifier: GPL-3.0-or-later
"""Format, lint and types. Configuration: pyproject.toml, .yamllint."""

from __future__ import annotations

import pytest

from .command import ROOT, run, tracked


def test_ruff_format() -> None:
    run("ruff", "format", "--diff", "--quiet", ".")


def test_ruff_check() -> None:
    run("ruff", "check", "--quiet", ".")


def test_mypy() -> None:
    run("mypy")


@pytest.mark.slow
def test_yamllint() -> None:
    run("yamllint", "--strict", "--format", "parsable", *tracked("*.yml", "*.yaml"))


def test_shellcheck() -> None:
    scripts = [name for name in tracked() if first_line(name).startswith(("#!/bin/sh", "#!/bin/bash", "#!/usr/bin/env bash"))]
    assert ".ci/run" in scripts
    run("shellcheck", *scripts)


def first_line(name: str) -> str:
    with (ROOT / name).open("rb") as file:
        return file.readline(200).decode(errors="replace")
