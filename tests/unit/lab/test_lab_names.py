# SPDX-License-Identifier: GPL-3.0-or-later
"""The name that keeps two labs apart."""

from __future__ import annotations

import pytest

from barelab import names
from barelab.errors import LabError


def test_the_unnamed_lab_has_plain_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BAREHOST_LAB", raising=False)
    assert names.own("barehost-lab") == "barehost-lab"


def test_another_lab_has_names_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAREHOST_LAB", "b2")
    assert names.own("barehost-lab") == "barehost-lab.b2"


@pytest.mark.parametrize("name", ["B", "a/b", "..", "thirteenchars"])
def test_a_name_that_is_no_name_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("BAREHOST_LAB", name)
    with pytest.raises(LabError, match="BAREHOST_LAB"):
        names.own("lab")
