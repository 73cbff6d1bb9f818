# SPDX-License-Identifier: GPL-3.0-or-later
"""Every broken inventory is refused with a message that names its fault."""

from __future__ import annotations

import pathlib

import pytest
from spec_inventory import BROKEN, expected, load

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import SpecError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.resolve import resolve

CORPUS = sorted(BROKEN.glob("*.yml"))
# Wrong in more than one way on purpose.
SEVERAL = {"many_faults", "role_variables_many_faults"}


def test_corpus_is_large() -> None:
    assert len(CORPUS) >= 45


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_is_refused_by_name(path: pathlib.Path) -> None:
    fragments = expected(path)
    assert fragments, f"{path.name} says nothing about the message it expects"
    with pytest.raises(SpecError) as caught:
        resolve(load(path))
    message = str(caught.value)
    missing = [fragment for fragment in fragments if fragment not in message]
    assert not missing, f"{missing} not in:\n{message}"


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_one_fault_is_one_problem(path: pathlib.Path) -> None:
    """A fault must not bring up others that the operator then looks for in vain."""
    with pytest.raises(SpecError) as caught:
        resolve(load(path))
    if path.stem in SEVERAL:
        assert len(caught.value.problems) >= 2
    else:
        assert len(caught.value.problems) == 1, str(caught.value)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_problem_says_what_to_write(path: pathlib.Path) -> None:
    with pytest.raises(SpecError) as caught:
        resolve(load(path))
    for problem in caught.value.problems:
        assert problem.where
        assert problem.wrong
        assert problem.instead
        assert ".." not in problem.instead.replace("..local", "")
