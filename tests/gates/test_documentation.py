# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation names what is there: variables, inventories, tests, files."""

from __future__ import annotations

import re
import sys

import pytest

from .command import ROOT, run, tracked

PAGES = ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
INVENTORIES = sorted(path.parent.name for path in (ROOT / "inventories").glob("*/hosts.yml"))


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(page: str) -> set[str]:
    """The anchors that a hosting site makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", text(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_variables_are_current() -> None:
    wanted = run(sys.executable, "tools/generate-variables", "--print")
    assert text("docs/variables.md") == wanted, "write it again: tools/generate-variables"


def test_variables_are_complete() -> None:
    module = "ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.variables"
    code = f"import {module} as v; print(*v.CLUSTER, *v.HOST)"
    names = run(sys.executable, "-c", code, PYTHONPATH=str(ROOT / ".collections")).split()
    assert names
    assert not [name for name in names if f"`{name}`" not in text("docs/variables.md")]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)\s]+)\)", text(page)):
        name, _, anchor = target.partition("#")
        file = ((ROOT / page).parent / name).resolve() if name else ROOT / page
        assert file.exists(), f"{page}: {target}"
        if anchor:
            assert anchor in anchors(str(file.relative_to(ROOT))), f"{page}: no heading for {target}"


def test_tests_that_show_a_guide_exist() -> None:
    named = set(re.findall(r"`((?:tests/[\w/]+/)?test_\w+\.py)(?:::(\w+))?`", text("docs/guides.md")))
    assert named
    for file, test in sorted(named):
        name = file if "/" in file else f"tests/cluster/{file}"
        assert name in tracked("tests/"), f"docs/guides.md: {file}"
        assert not test or f"\ndef {test}(" in text(name), f"docs/guides.md: {file} has no {test}"


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_every_inventory_is_described(inventory: str) -> None:
    assert f"inventories/{inventory}" in text("README.md")
    assert f"inventories/{inventory}" in text("docs/guides.md")
    assert inventory == "lab" or (ROOT / "inventories" / inventory / "README.md").is_file()
