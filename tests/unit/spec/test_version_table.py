# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions as texts and as numbers, and who can read the table of those that go together."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import version_table
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import (
    minor_of,
    numbers_of,
    parse,
    parse_minor,
    text_of,
)


@pytest.mark.parametrize("text", ["v1.37.1", "1.37", "1.37.01", "1.37.1-rc.0", "1.37.1\n", ""])
def test_only_three_plain_numbers_are_a_release(text: str) -> None:
    assert parse(text) is None
    assert parse("1.37.10") == (1, 37, 10)


@pytest.mark.parametrize("text", ["v1.37", "1.37.1", "0.37", "1.037", ""])
def test_only_two_plain_numbers_are_a_minor_version(text: str) -> None:
    assert parse_minor(text) is None
    assert parse_minor("1.37") == (1, 37)


def test_numbers_are_compared_as_numbers() -> None:
    assert numbers_of("1.9.10") < numbers_of("1.10.9")
    assert text_of(numbers_of("1.10.9")) == "1.10.9"


@pytest.mark.parametrize(("version", "minor"), [("3.7.2", "3.7"), ("3.7", "3.7"), ((3, 7, 2), "3.7"), ("3.7.0-rc.1", "3.7"), ("", "")])
def test_the_minor_version(version: str | tuple[int, ...], minor: str) -> None:
    assert minor_of(version) == minor


def test_the_table_is_read_where_there_is_no_ansible() -> None:
    done = subprocess.run([sys.executable, "-IS", version_table.__file__], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
