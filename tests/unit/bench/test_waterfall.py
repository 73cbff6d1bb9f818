# SPDX-License-Identifier: GPL-3.0-or-later
"""The waterfall of a run: a bar for each task at its time, and no name of a task breaks the page."""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree

import waterfall


def task(host: str, started: float, seconds: float, **more: t.Any) -> dict[str, t.Any]:
    entry = {"play": "Prepare", "play_number": 3, "task": "Converge it", "host": host, "status": "ok", "changed": False, "actions": {}}
    return {**entry, "started": started, "seconds": seconds, **more}


def picture(*tasks: dict[str, t.Any], seconds: float = 10.0) -> xml.etree.ElementTree.Element:
    page = waterfall.page({"playbooks": [{"tasks": tasks, "totals": {"seconds": seconds}}]}, "inventories/lab & more")
    assert "inventories/lab &amp; more" in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", ""), "it needs nothing else"
    found = re.search(r"<svg.*</svg>", page, re.DOTALL)
    assert found
    return xml.etree.ElementTree.fromstring(found[0].replace(' xmlns="http://www.w3.org/2000/svg"', ""))


def bars(svg: xml.etree.ElementTree.Element) -> list[xml.etree.ElementTree.Element]:
    return svg.findall("rect[@class='bar']")


def test_bars_are_as_long_as_tasks_and_one_row_for_each_host() -> None:
    first, second, other = bars(picture(task("a", 0.0, 2.0), task("a", 2.0, 4.0, status="changed"), task("b", 0.0, 1.0)))
    assert float(second.attrib["width"]) == 2 * float(first.attrib["width"])
    assert float(second.attrib["x"]) == float(first.attrib["x"]) + float(first.attrib["width"])
    assert first.attrib["y"] == second.attrib["y"] != other.attrib["y"]
    assert first.attrib["fill"] != second.attrib["fill"]


def test_all_of_the_run_is_in_the_picture() -> None:
    svg = picture(task("a", 9.0, 1.0), task("a", 59.0, 1.0), seconds=60.0)
    last = bars(svg)[-1]
    assert float(last.attrib["x"]) + float(last.attrib["width"]) <= float(svg.attrib["width"])
    assert len([text for text in svg.findall("text") if (text.text or "").endswith(" s")]) > 5


def test_a_bar_says_what_it_is() -> None:
    hint = bars(picture(task("a.dev", 1.0, 0.25, task="Write <b> & more", status="failed", actions={"file": 2})))[0].find("title")
    assert hint is not None
    assert hint.text == "a.dev\nPrepare: Write <b> & more\n1.00 s + 0.25 s, failed\n2 file"


def test_a_run_without_tasks_has_a_picture() -> None:
    assert bars(picture(seconds=0.0)) == []
