# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as lines, JSON, JUnit's XML and HTML."""

from __future__ import annotations

import html.parser
import json
import re
import typing as t
import xml.etree.ElementTree as xml

from doctor_situation import HOSTS, NOW, Fault, Situation, faults

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import html_page, junit, registry, report
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.request import request

EVIL = "<script>alert(1)</script>\x1b[31m\u202e]]>&"


def made(*identifiers: str, change: t.Any = None, **options: t.Any) -> report.Report:
    situation = Situation()
    for identifier in identifiers:
        fault: Fault = faults()[identifier]
        fault.change(situation)
    if change:
        change(situation)
    known = registry.checks()
    wanted = request(options, known)
    looked_at = tuple(host for host in HOSTS if host not in situation.silent)
    seconds = dict.fromkeys(looked_at, 1.5)
    verdict = situation.verdict()
    return report.Report("lab", NOW, wanted, known, verdict, looked_at, situation.silent, situation.left_out, seconds)


def test_nothing_is_wrong() -> None:
    found = made()
    assert report.lines(found) == [f"nothing is wrong: {len(registry.checks())} checks of 3 hosts"]
    assert found.failing == [] and found.as_dict()["well"] is True


def test_one_line_for_each_finding() -> None:
    lines = report.lines(made("unit-down", "kernel-reboot-due", "machine-cgroup-v1"))
    assert lines[0].startswith("1 error, 1 warning, 1 note: ")
    assert lines[1] == (
        "error    w1: kubelet.service is inactive (dead); wanted: kubelet.service active → `systemctl start kubelet.service` [unit-down]"
    )
    assert [line.split()[0] for line in lines[1:]] == ["error", "warning", "note"]


def test_the_same_of_several_hosts_is_one_line() -> None:
    def change(situation: Situation) -> None:
        for host in HOSTS:
            situation.groups[host]["kernel"]["updated"] = ["glibc"]

    (line,) = report.lines(made(change=change))[1:]
    assert line.startswith("note     m1, w1, w2: due since the last boot: glibc")


def test_what_is_explained_is_counted_and_told_in_the_details() -> None:
    assert report.lines(made("kernel-module-missing"))[1].endswith("[kernel-module-missing; it explains 1 more]")
    detailed = report.lines(made("kernel-module-missing", details="kernel-module-missing"))
    assert any("explains: w1: the kernel has no setting net.bridge" in line for line in detailed)
    assert any(line.startswith("         why: Without br_netfilter") for line in detailed)


def test_evidence_is_in_the_details() -> None:
    def change(situation: Situation) -> None:
        situation.groups["w1"]["units"]["units"][4].update(
            active="failed", state="failed", result="exit-code", journal=["line one", "line two"]
        )

    assert not any("line one" in line for line in report.lines(made(change=change)))
    assert any("| line two" in line for line in report.lines(made(change=change, details=True)))


def test_many_of_one_check_are_cut_short() -> None:
    def change(situation: Situation) -> None:
        for unit in situation.groups["m1"]["units"]["units"]:
            unit.update(known=False, active="inactive")

    lines = report.lines(made(change=change))
    assert lines[-1] == "Not shown: 4 more of unit-missing; see them by doctor_details"
    assert len([line for line in report.lines(made(change=change, details="unit-missing")) if "[unit-missing" in line]) == 12


def test_what_fails_a_run() -> None:
    identifiers = ("machine-cgroup-v1", "kernel-reboot-due")
    assert made(*identifiers).failing == []
    assert made(*identifiers, fail_on="warning").failing == ["w1: control groups: version 1 (machine-cgroup-v1)"]
    assert made("unit-down", fail_on="never").failing == []
    assert len(made("unit-down").failing) == 1
    assert made("kernel-module-missing").counts["error"] == 1, "what is explained does not count"


def test_json() -> None:
    data = json.loads(made("unit-down", "host-away").as_json())
    assert (data["format"], data["cluster"], data["well"], data["fail_on"]) == (1, "lab", False, "error")
    assert data["silent"] == [{"host": "w1", "reason": "does not answer: no route"}]
    assert [one["host"] for one in data["hosts"]] == ["m1", "w2"]
    assert {one["id"] for one in data["findings"]} == {"host-away"}
    fields = {"id", "group", "severity", "host", "found", "wanted", "why", "remedy", "evidence", "explained_by"}
    assert all(set(one) == fields for one in data["findings"])


def test_junit() -> None:
    root = xml.fromstring(junit.text(made("unit-down", "kernel-reboot-due")))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert len(cases) == int(root.get("tests", "0")) > 100
    assert (root.get("failures"), cases["unit-down w1"][0].tag) == ("1", "failure")
    assert "systemctl start kubelet.service" in str(cases["unit-down w1"][0].text)
    assert cases["kernel-reboot-due w1"][0].tag == "system-out"
    assert list(cases["unit-down m1"]) == [] and list(cases["etcd-backup-old cluster"]) == []


class Page(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, _attributes: t.Any) -> None:
        self.tags.append(tag)


def test_no_text_of_a_host_is_markup() -> None:
    def change(situation: Situation) -> None:
        situation.groups["w1"]["units"]["units"][4].update(name=EVIL, active="failed", journal=[EVIL])
        situation.groups["m1"]["control_plane"]["nodes"][1].update(name=EVIL, fault="Ready=False")

    found = made(change=change, details=True)
    page = html_page.page(found)
    parser = Page()
    parser.feed(page)
    assert parser.tags.count("script") == 1
    assert not re.search(r"url\(|@import|https?://(?!192)", page)
    assert "\x1b" not in page + junit.text(found) + "".join(report.lines(found)) + found.as_json()
    xml.fromstring(junit.text(found))
    assert "<code>systemctl" in html_page.page(made("unit-down"))
