# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates of the Ansible world."""

from __future__ import annotations

import sys

import pytest

from .command import run


@pytest.mark.slow
def test_ansible_test_sanity() -> None:
    """All sanity tests on every Python that is here, but pslint: there is no PowerShell, in the collection or on the machine."""
    run(sys.executable, "tools/offline_ansible_test.py", "sanity", "--requirements", "--color", "no", "--skip-test", "pslint")


@pytest.mark.slow
def test_ansible_test_units() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    output = run(sys.executable, "tools/offline_ansible_test.py", "units", "--venv", "--python", version, "--requirements", "--color", "no")
    assert " passed in " in output


@pytest.mark.slow
def test_ansible_lint() -> None:
    run("ansible-lint", "--offline", "--profile", "production", "--nocolor")


@pytest.mark.slow
def test_antsibull_docs() -> None:
    configuration = ("--config-file", "tools/docsite/antsibull-docs.cfg")
    run("antsibull-docs", *configuration, "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=all", ".")


def test_antsibull_changelog() -> None:
    run("antsibull-changelog", "lint")
