# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JUnit's XML, which build servers show: one suite for each group, one case for each check of each host. Pure."""

from __future__ import annotations

import collections.abc as c
import xml.etree.ElementTree as xml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.judging import Finding
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.report import Report


def text(report: Report) -> str:
    """What fails the run is a failure; what does not, such as a note, is told as the output of its case."""
    root = xml.Element("testsuites", name=f"doctor of {report.cluster}")
    found: dict[tuple[str, str], list[Finding]] = {}
    for one in report.findings:
        found.setdefault((one.check.id, one.host), []).append(one)
    # a check of the whole cluster may have found something of one host
    cases = dict.fromkeys([*report.verdict.judged, *found])
    for group in dict.fromkeys(check.group for check in report.known.values()):
        own = [case for case in cases if report.known[case[0]].group == group]
        if own:
            _suite(root, group, own, found, report)
    for name in ("tests", "failures"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    xml.indent(root)
    return xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(
    root: xml.Element, group: str, cases: list[tuple[str, str]], found: c.Mapping[tuple[str, str], list[Finding]], report: Report
) -> None:
    suite = xml.SubElement(root, "testsuite", name=group, tests=str(len(cases)), timestamp=report.time.removesuffix("Z"))
    failures = 0
    for identifier, host in cases:
        case = xml.SubElement(suite, "testcase", classname=f"doctor.{group}", name=f"{identifier} {host or 'cluster'}")
        findings = found.get((identifier, host), [])
        if not findings:
            continue
        told = "\n".join(f"{one.found}, wanted {one.wanted}: {one.remedy}" for one in findings)
        if report.request.fails(report.known[identifier].severity):
            failures += 1
            failure = xml.SubElement(case, "failure", type=report.known[identifier].severity, message=findings[0].found)
            failure.text = told
        else:
            xml.SubElement(case, "system-out").text = told
    suite.set("failures", str(failures))
