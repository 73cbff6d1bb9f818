# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of all hosts: for people, as data, and as a page that loads nothing and runs nothing of others."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import html.parser
import json
import re

import pytest
import yaml

from ansible_collections.barehost.kubernetes.plugins.modules import certificates as documented
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import entries, html_page, listing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.entries import Entry, of_dict
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.listing import Listing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import each, shown

EVIL = "</td><script>alert(1)</script>\"'><img src=//x onerror=alert(1)>{{ 7 }}&amp;"


def entry(**changes: object) -> Entry:
    known = Entry(
        host="m1",
        kind="certificate",
        name="kube-apiserver",
        path="/etc/a.crt",
        days_left=364,
        not_before="2026-01-01T00:00:00Z",
        not_after="2027-01-01T00:00:00Z",
        subject="CN=kube-apiserver",
        alternative_names=("DNS:kubernetes",),
        issuer="kubernetes-ca",
        fingerprint="ab" * 32,
        used_by=("kube-apiserver.service",),
    )
    return dataclasses.replace(known, **changes)  # type: ignore[arg-type]


def made(*found: Entry, **changes: object) -> Listing:
    known = Listing(cluster="lab", at=1_800_000_000.0, days=30, entries=found, hosts=("m1",))
    return dataclasses.replace(known, **changes)  # type: ignore[arg-type]


def test_what_ends_and_who_is_silent_are_faults() -> None:
    due = entry(state="due", days_left=1)
    copies = [entry(host=host, kind=entries.AUTHORITY, path=f"/{host}/ca.crt", state="due", days_left=9) for host in ("controller", "m1")]
    named = entry(state="due", ends_with="/etc/a.crt", path="/etc/a.kubeconfig", days_left=1)
    others = [entry(state=state) for state in ("missing", "differs", "unreadable", "warning", "ok")]
    found = made(
        *copies,
        due,
        named,
        entry(state="expired", days_left=-3, path="/etc/old.crt"),
        *others,
        silent=(("w1", "does not answer: no route"),),
    )
    assert found.faults == [
        "w1: does not answer: no route",
        "m1: /etc/old.crt ended on 2027-01-01",
        "m1: /etc/a.crt ends on 2027-01-01, in 1 day",
        "controller: /controller/ca.crt ends on 2027-01-01, in 9 days",
    ]
    assert made(*others).faults == []


def test_lines_for_people() -> None:
    long = entry(
        alternative_names=tuple(f"DNS:name-{number}.example" for number in range(20)), differences=("its mode is 0666",), state="differs"
    )
    told = listing.lines(
        made(entry(host="controller", days_left=None, subject="", details="key1"), long, left_out=("w2",), notes=("w1: a note",))
    )
    assert told[0].split() == ["DAYS", "controller", "SUBJECT", "ISSUER", "USED", "BY"]
    assert told[1].split() == ["-", "/etc/a.crt", "kube-apiserver", "kubernetes-ca", "kube-apiserver.service"]
    assert max(map(len, told)) <= 140
    assert "      ! its mode is 0666" in told
    assert told[-3:-1] == ["Left out by --limit: w2", "w1: a note"]
    assert told[-1] == "2 certificates, kubeconfigs and keys of 1 host and the controller: 1 not as described, 1 well"
    assert all(line == line.rstrip() for line in told)


def test_the_order() -> None:
    found = [entry(host=host, days_left=days) for host in ("w1", "m1", "controller") for days in (None, 9, -2)]
    told = [(one.host, one.days_left) for one in listing.in_order(found, ["m1", "w1"])]
    assert told == [(host, days) for host in ("controller", "m1", "w1") for days in (-2, 9, None)]


def test_the_data_is_as_documented() -> None:
    found = made(entry(state="due"), silent=(("w1", "no"),))
    data = json.loads(found.as_json())
    fields = yaml.safe_load(documented.RETURN)["list"]["contains"]
    assert set(data) == set(fields)
    told = str(fields["entries"]["contains"])
    assert {field for field in data["entries"][0] if f"C({field})" not in told and field not in fields["entries"]["contains"]} == set()
    states = fields["entries"]["contains"]["state"]["description"][0]
    assert [state for state in entries.STATES if f"V({state})" not in states] == []
    assert data["silent"] == [{"host": "w1", "reason": "no"}] and data["well"] is False
    assert of_dict(data["entries"][0]) == found.entries[0]


class Page(html.parser.HTMLParser):
    """The tags and the texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(found: Listing) -> Page:
    page = Page()
    page.feed(html_page.page(found))
    page.close()
    return page


def test_a_page_loads_nothing_and_runs_only_its_own_script() -> None:
    fields = ("host", "name", "path", "subject", "issuer", "issuer_fingerprint", "details", "state", "ends_with", "not_after", "serial")
    evil = entry(**dict.fromkeys(fields, EVIL), alternative_names=(EVIL,), used_by=(EVIL,), differences=(EVIL,), usages=(EVIL,))
    page = read(made(evil, cluster=EVIL, silent=((EVIL, EVIL),), left_out=(EVIL,), notes=(EVIL,)))
    assert [tag for tag, _attributes in page.tags].count("script") == 1
    assert not {"img", "link", "iframe", "a", "form"} & {tag for tag, _attributes in page.tags}
    assert not {name for _tag, attributes in page.tags for name in attributes if name.startswith("on") or name in ("src", "href", "style")}
    assert EVIL in page.texts
    assert not re.search(r"url\(|@import|https?:", html_page.page(made(entry())))


def test_the_policy_lets_this_script_and_this_style_in() -> None:
    text = html_page.page(made(entry()))
    policy = next(attributes["content"] for tag, attributes in read(made(entry())).tags if attributes.get("http-equiv"))
    assert policy is not None and policy.startswith("default-src 'none';")
    for name in ("script", "style"):
        content = re.search(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
        assert content
        digest = base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy


def test_a_page_has_each_entry_and_suits_both_schemes() -> None:
    text = html_page.page(made(entry(), entry(path="/etc/b.crt", days_left=None), entry(days_left=-5, state="expired")))
    page = read(made(entry()))
    assert text.count("<tr>") == 4
    assert "color-scheme: light dark" in text and "prefers-color-scheme: dark" in text
    assert "kube-apiserver.service" in page.texts
    order = [int(number) for number in re.findall(r'data-sort="(-?\d+)"', text)]
    assert order[2] < order[0] < order[1], "what has ended comes before what ends, and that before what does not end"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plain – ü 漢", "plain – ü 漢"),
        ("a\nb\x1b[31m\x00\x7f\x9b", "a<U+000A>b<U+001B>[31m<U+0000><U+007F><U+009B>"),
        ("\u202etxt\u2066\u200f\u2028", "<U+202E>txt<U+2066><U+200F><U+2028>"),
        ("\ud800", "<U+D800>"),
        ("x" * 400, "x" * 300 + "…"),
    ],
)
def test_texts_of_hosts(text: str, told: str) -> None:
    assert shown(text) == told


def test_lists_of_hosts() -> None:
    assert each(range(3)) == ("0", "1", "2")
    assert each(range(200))[-2:] == ("99", "… 100 more")
