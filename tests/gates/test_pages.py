# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that playbooks write, in a real browser: nothing is asked of others, everybody can use them, and tables sort and filter."""

from __future__ import annotations

import collections.abc as c
import pathlib
import re
import shutil

import pytest

from . import axe, browser
from .browser import Browser, View
from .command import ROOT, run

pytestmark = pytest.mark.slow

# Wide enough for all columns of all tables: what is scrolled away cannot be measured.
VIEWS = {"light": View(1900), "dark": View(1900, dark=True), "phone": View(390, 844), "dark phone": View(390, 844, dark=True)}
# Written by the program below: the recorded lab, clusters made of it, and pages of one table.
PAGES = ("four", "seven", "one", "doctor", "certificates")
SCREEN = 1000
_PROGRAM = """
import pathlib, sys
from test_pages_and_screens import CLUSTERS
from recorded_clusters import Recorded
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import html_page as certificates
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.listing import Listing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import html_page as doctor
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report import page

folder = pathlib.Path(sys.argv[1])
views = {name: make().view() for name, make in CLUSTERS.items()}
pages = {name: page.page(view) for name, view in views.items()}
recorded = views["four"]
pages["doctor"] = doctor.page(recorded.report)
pages["certificates"] = certificates.page(Listing(cluster="lab", at=0.0, days=30, entries=recorded.certificates))
for name, text in pages.items():
    (folder / f"{name}.html").write_text(text, encoding="utf-8")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    found = tmp_path_factory.mktemp("pages")
    path = ":".join(str(ROOT / place) for place in (".collections", "tests/unit/report"))
    run("python", "-c", _PROGRAM, found, PYTHONPATH=path)
    return found


@pytest.fixture(scope="module")
def chromium() -> c.Iterator[Browser]:
    with browser.started() as found:
        yield found


def test_a_page_that_asks_others_would_be_seen(chromium: Browser, tmp_path: pathlib.Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text('<!DOCTYPE html><html><body><img src="http://192.0.2.1/a.png"><p style="color:#999">pale</p></body></html>')
    chromium.open(bad, View())
    assert "http://192.0.2.1/a.png" in chromium.requests
    assert {"image-alt", "color-contrast", "html-has-lang"} <= {rule for rule, *_element in axe.judged(chromium).violations}


@pytest.mark.parametrize(
    ("page", "view"), [*(("four", view) for view in VIEWS), *((page, view) for page in PAGES[1:] for view in ("light", "dark phone"))]
)
def test_everybody_can_use_it_and_it_asks_nobody(chromium: Browser, folder: pathlib.Path, page: str, view: str) -> None:
    path = folder / f"{page}.html"
    chromium.open(path, VIEWS[view])
    found = axe.judged(chromium)
    assert found.violations == []
    assert "color-contrast" in found.passed
    # axe measures no text of a picture, and none that is beside the screen
    if VIEWS[view].width > SCREEN:
        assert [one for one in found.unsure if not re.match("<(text|tspan)", one[1])] == []
    else:
        assert "scrollable-region-focusable" in found.passed
    assert chromium.requests == [path.as_uri()]
    assert chromium.complaints == []
    assert chromium.evaluate("document.documentElement.scrollWidth <= innerWidth"), "only tables and the picture are scrolled sideways"


def test_tables_sort_and_filter(chromium: Browser, folder: pathlib.Path) -> None:
    chromium.open(folder / "four.html", View())

    def rows(section: str, column: int) -> list[str]:
        script = f"Array.from(document.querySelectorAll('#{section} tbody tr:not([hidden])')).map((row) => row.cells[{column}].textContent)"
        return [str(one) for one in chromium.evaluate(script)]

    button = "document.querySelector('#certificates th:nth-child(1) button')"
    days = [int(one) for one in rows("certificates", 0) if one != "–"]
    for order, direction in ((sorted(days), "ascending"), (sorted(days, reverse=True), "descending")):
        chromium.evaluate(f"{button}.click()")
        assert [int(one) for one in rows("certificates", 0) if one != "–"] == order
        assert chromium.evaluate(f"{button}.closest('th').getAttribute('aria-sort')") == direction
    every = len(rows("certificates", 3))
    chromium.evaluate("document.querySelector('#certificates input').focus()")
    chromium.call("Input.insertText", text="MINION1 kubelet.crt")
    found = rows("certificates", 3)
    assert 0 < len(found) < every and all("kubelet.crt" in one for one in found)
    assert chromium.evaluate("document.querySelector('#certificates [role=status]').textContent") == f"{len(found)} of {every} rows"


def test_keys_reach_what_can_be_used(chromium: Browser, folder: pathlib.Path) -> None:
    chromium.open(folder / "four.html", View(390, 844))
    reached = []
    for _press in range(30):
        for kind in ("keyDown", "keyUp"):
            chromium.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        reached.append(chromium.evaluate("document.activeElement.tagName + ' ' + (document.activeElement.className || '')"))
    assert {"A ", "DIV picture", "INPUT ", "DIV table", "BUTTON "} <= set(reached), reached


@pytest.mark.parametrize("page", PAGES)
def test_without_a_script_it_is_whole(chromium: Browser, folder: pathlib.Path, page: str) -> None:
    chromium.open(folder / f"{page}.html", View(script=False))
    script = "['tbody tr', 'button', 'input', '[hidden]'].map((what) => document.querySelectorAll(what).length)"
    counted = chromium.evaluate(script)
    assert counted[0] > 0 and counted[1:] == [0, 0, 0]


def test_it_is_printed_as_a_whole(chromium: Browser, folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    chromium.open(folder / "four.html", View(medium="print", dark=True))
    shown = "Array.from(document.querySelectorAll('.filter, nav')).map((one) => getComputedStyle(one).display)"
    assert set(chromium.evaluate(shown)) == {"none"}
    assert chromium.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", "a dark page is printed on white"
    chromium.paper(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes()[:5] == b"%PDF-"


def test_a_hundred_workers(chromium: Browser, folder: pathlib.Path) -> None:
    path = folder / "hundred.html"
    chromium.open(path, View())
    assert chromium.requests == [path.as_uri()] and chromium.complaints == []
    assert chromium.evaluate("document.querySelectorAll('#hosts tbody tr').length") > 100
    assert path.stat().st_size < 1_500_000
    keep = ROOT / ".build" / "pages"
    shutil.rmtree(keep, ignore_errors=True)
    shutil.copytree(folder, keep)
