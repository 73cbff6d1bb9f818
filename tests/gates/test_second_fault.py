# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of docs/second-fault.md is the one that the tests on lab hosts look for."""

from __future__ import annotations

from ..cluster.second_fault import table
from .command import ROOT

PAGE = ROOT / "docs" / "second-fault.md"


def test_the_document_has_the_table_of_the_tests() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    wanted = table.markdown()
    assert wanted[0] in lines
    start = lines.index(wanted[0])
    assert lines[start : start + len(wanted) + 1] == [*wanted, ""]


def test_every_cell_is_filled() -> None:
    assert {len(outcomes) for outcomes in table.TABLE.values()} == {len(table.PLAYBOOKS)}
    assert {outcome for outcomes in table.TABLE.values() for outcome in outcomes} == set(table.OUTCOMES)


def test_the_words_and_rows_are_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"| {word} | It " in text for word in table.OUTCOMES)
    after = text.partition("## What the rows mean")[2]
    assert [row for row in table.TABLE if row != "nothing is wrong" and row not in after] == []
