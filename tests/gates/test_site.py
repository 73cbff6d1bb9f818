# SPDX-License-Identifier: GPL-3.0-or-later
"""The site of the documents: it builds without a warning and asks nobody else for anything."""

from __future__ import annotations

import html.parser
import pathlib
import re
import sys

import pytest

from .command import ROOT, run

SITE = ROOT / ".build" / "site"
FOREIGN = re.compile(r"^(?:https?:)?//")
STYLE = re.compile(r"(?:@import\s+|url\()\s*[\"']?((?:https?:)?//[^\"')]+)")


class Assets(html.parser.HTMLParser):
    """Addresses that a browser loads by itself. Links for people are none."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {"link": ("href",), "a": ()}.get(tag, ("src", "srcset", "data", "poster"))
        self.found += [value for name, value in attrs if name in names and value]


@pytest.fixture(scope="module")
def site() -> pathlib.Path:
    run(sys.executable, "tools/build_site.py")
    return SITE


@pytest.mark.slow
def test_pages_of_every_kind_are_built(site: pathlib.Path) -> None:
    reference = "docs/reference/collection"
    wanted = ["index.html", "docs/tasks/nodes.html", "docs/architecture/pki.html", "inventories/ha/README.html"]
    wanted += [f"{reference}/{name}.html" for name in ("component_module", "etcd_role", "cluster_spec_lookup", "progress_callback")]
    assert not [name for name in wanted if not (site / name).is_file()]


@pytest.mark.slow
def test_a_browser_asks_nobody_else(site: pathlib.Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert pages
    for page in pages:
        assets = Assets()
        assets.feed(page.read_text(encoding="utf-8"))
        # an example for readers to save is whole by itself
        assert assets.found or "_downloads" in page.parts, page
        assert not [address for address in assets.found if FOREIGN.match(address)], page
    for style in site.rglob("*.css"):
        assert not STYLE.findall(style.read_text(encoding="utf-8")), style
