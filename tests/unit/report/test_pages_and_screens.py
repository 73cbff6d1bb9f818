# SPDX-License-Identifier: GPL-3.0-or-later
"""The page and the screen: no text of a host is markup, nothing is loaded, and a screen is one screen. tests/gates ask a browser, too."""

from __future__ import annotations

import html.parser
import re
import typing as t
import xml.etree.ElementTree as xml

import pytest
from recorded_clusters import FAULTY, MASTER, MINION, Recorded, of_hosts

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import why_silent
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report import page, picture, screen, svg
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.view import View

EVIL = "<script>alert(1)</script>\"'\x1b[31m\u202e]]>&"
SVG = "{http://www.w3.org/2000/svg}"
MASTERS = [f"k8s.master{number}.dev" for number in (1, 2, 3)]
WORKERS = [f"worker{number:03}.example.org" for number in range(100)]


def one() -> Recorded:
    return of_hosts({"etcd": ["k8s.allinone.dev"], "master": ["k8s.allinone.dev"], "minion": ["k8s.allinone.dev"]})


def seven() -> Recorded:
    groups = {"etcd": MASTERS, "master": MASTERS, "balancer": ["k8s.balancer1.dev", "k8s.balancer2.dev"], "minion": WORKERS[:2]}
    return of_hosts(groups, {"cluster_api_endpoint_host": "192.0.2.200"})


def hundred() -> Recorded:
    found = of_hosts({"etcd": MASTERS, "master": MASTERS, "minion": WORKERS})
    found.silent = dict.fromkeys(WORKERS[7:20], "does not answer: Connection timed out")
    return found


CLUSTERS: dict[str, t.Callable[[], Recorded]] = {"four": Recorded, "one": one, "seven": seven, "hundred": hundred}


class Parsed(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def poisoned(told: t.Any, evil: str = EVIL) -> t.Any:
    """With markup after each text."""
    if isinstance(told, dict):
        return {key: poisoned(value, evil) for key, value in told.items()}
    if isinstance(told, list):
        return [poisoned(value, evil) for value in told]
    return f"{told}{evil}" if isinstance(told, str) else told


def evil() -> View:
    """All that hosts tell is evil. The entries of certificates are made on the controller, which shows what steers terminals as codes."""
    recorded = Recorded()
    recorded.silent = {MINION: why_silent({"unreachable": True, "msg": EVIL})}
    for told in recorded.hosts.values():
        facts = told["facts"]
        entries = [{**poisoned(one, shown(EVIL)), "state": one["state"], "kind": one["kind"]} for one in facts["certificates"]["entries"]]
        told["facts"] = {**poisoned(facts), "certificates": {"entries": entries, "notes": [shown(EVIL)], "gaps": []}}
        told["gaps"] = {"names": EVIL}
    return recorded.view()


def test_no_text_of_a_host_is_markup() -> None:
    text = page.page(evil())
    parsed = Parsed(text)
    tags = [tag for tag, _attributes in parsed.tags]
    assert tags.count("script") == tags.count("style") == 1
    assert not {"img", "link", "iframe", "form", "image", "use", "foreignobject"} & set(tags)
    names = {name for tag, attributes in parsed.tags for name in attributes if tag != "a"}
    assert not [name for name in names if name.startswith("on") or name in ("src", "href", "style", "xlink:href")]
    assert {attributes["href"][:1] for tag, attributes in parsed.tags if tag == "a" and attributes["href"]} == {"#"}
    assert "\x1b" not in text and "\u202e" not in text
    assert any("<script>alert(1)</script>" in told for told in parsed.texts), "it is shown, and is text"
    assert text.count("alert(1)") == text.count("&lt;script&gt;alert(1)&lt;/script&gt;")
    assert "\x1b" not in "".join(screen.lines(evil()))


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_nothing_is_loaded(cluster: str) -> None:
    text = page.page(CLUSTERS[cluster]().view())
    assert not re.search(r"url\(|@import|\bsrc=|\bsrcset=", text)
    assert "default-src 'none'" in text and not re.search(r"\bstyle=", text)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_picture_has_all_hosts_and_no_text_beside_it(cluster: str) -> None:
    view = CLUSTERS[cluster]().view()
    root = xml.fromstring(picture.alone(view))
    across, down = map(float, root.attrib["viewBox"].split()[2:])
    told = " ".join(root.itertext())
    assert all(host.name in told for host in view.hosts)
    for text in root.iter(f"{SVG}text"):
        x, y, size = (float(text.attrib[name]) for name in ("x", "y", "font-size"))
        words = "".join(part.text or "" for part in (text, *text.iter(f"{SVG}tspan")) if part.tag != f"{SVG}title")
        wide = svg.width(words, size) * (0.5 if text.get("text-anchor") == "middle" else 1)
        assert x >= 0 and x + wide <= across + 1 and y <= down, words
    for box in root.iter(f"{SVG}rect"):
        assert float(box.attrib["x"]) >= 0 and float(box.attrib["x"]) + float(box.attrib["width"]) <= across


def test_names_that_are_too_long_are_cut_in_the_middle_and_whole_in_the_tooltip() -> None:
    name = "a-very-long-name-of-a-host-with-0123.example.org"
    text = picture.alone(of_hosts({"etcd": [name], "master": [name], "minion": ["w1"]}).view())
    assert f"<title>{name}</title>a-very-lon…xample.org</text>" in text
    assert svg.fitted("漢字漢字漢字", 30, 12) == "漢…字" and svg.fitted("", 5, 12) == "" and svg.fitted("short", 500, 12) == "short"


@pytest.mark.parametrize(("cluster", "most"), [("four", 28), ("one", 24), ("seven", 32), ("hundred", 40)])
def test_a_screen_is_one_screen(cluster: str, most: int) -> None:
    lines = screen.lines(CLUSTERS[cluster]().view())
    assert len(lines) <= most, "\n".join(lines)
    assert not [line for line in lines if len(line) > 140 and "→" not in line]


def test_a_screen_of_four_hosts() -> None:
    lines = screen.lines(Recorded().view())
    assert lines[0].startswith("lab: Kubernetes 1.37.1, etcd 3.7.2; 2026-")
    assert any(re.fullmatch(rf"{FAULTY} +minion +1 error, \d warnings +not ready +2 +.*", line) for line in lines)
    place = next(number for number, line in enumerate(lines) if line.endswith("kubelet.service is inactive (dead) [unit-down]"))
    assert lines[place + 1] == "         → `systemctl start kubelet.service`"


def test_a_screen_of_a_hundred_hosts_counts_them_and_names_the_worst() -> None:
    lines = screen.lines(hundred().view())
    assert any(line.startswith("minion") and "13 away" in line for line in lines)
    assert sum(line.startswith("worker") for line in lines) == 8
    assert any("like it on 13 hosts" in line or "and 10 more: does not answer" in line for line in lines)


def test_the_page_of_the_lab() -> None:
    text = page.page(Recorded().view())
    titles = re.findall("<h2>(.*?)</h2>", text)
    assert titles == ["The cluster", "Findings", "Hosts", "etcd", "Services", "Versions", "Certificates and keys", "Ports", "Disks"]
    assert all(f'<a href="#{name}">' in text and f'<section id="{name}">' in text for name in ("findings", "ports", "disks"))
    assert "<code>systemctl start kubelet.service</code>" in text
    assert MASTER in text and "/etc/kubernetes/pki/apiserver.crt" in text
