# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one page that needs nothing else. Pure."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import html_page
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.html_page import Section, bullets, cell, commands, text
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, SEVERITIES, WARNING
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.judging import Finding
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.report import Report

_COLUMNS = ("Severity", "Host", "Found", "Wanted", "What to do", "Why it matters", "Check")
STYLES = {ERROR: "bad", WARNING: "warn"}


def page(report: Report) -> str:
    """The whole page."""
    return html_page.page(title=f"Doctor of {report.cluster}", intro=intro(report), sections=[section(report)])


def intro(report: Report) -> list[str]:
    """The verdict, and what was not looked at."""
    style = "bad" if report.counts[ERROR] else "warn" if report.counts[WARNING] else "good"
    notes = [f"{host} was not looked at: {reason}" for host, reason in report.silent.items()]
    notes += [f"Left out by --limit: {', '.join(report.left_out)}"] if report.left_out else []
    notes += [f"Skipped: {', '.join(report.request.skipped)}"] if report.request.skipped else []
    return [
        f'<p class="dim">Looked at <time>{text(report.time)}</time>.</p>',
        f'<p class="{style}">{text(report.summary())}</p>',
        bullets(notes, "warn"),
    ]


def section(report: Report) -> Section:
    """The findings. What other findings explain comes last, and is dim."""
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for one in report.verdict.findings:
        alike.setdefault((one.check.id, one.found, one.wanted, one.remedy, one.evidence, one.explained_by), []).append(one)
    rows = [_row(found) for found in alike.values()]
    part = html_page.table(label="Findings", columns=_COLUMNS, rows=rows) if rows else '<p class="good">Nothing is wrong.</p>'
    return Section("findings", "Findings", (part,))


def _row(found: c.Sequence[Finding]) -> str:
    """What is the same on several hosts is one row."""
    finding, check = found[0], found[0].check
    explained = f'<br><span class="dim">explained by {text(finding.explained_by)}</span>' if finding.explained_by else ""
    # the worst first, and what is explained last
    order = SEVERITIES.index(check.severity) + (len(SEVERITIES) if finding.explained_by else 0)
    return html_page.row(
        cell(f"{text(check.severity)}{explained}", style="dim" if finding.explained_by else STYLES.get(check.severity, ""), order=order),
        cell(bullets([one.host or "cluster" for one in found], "plain")),
        cell(f"{text(finding.found)}{bullets(finding.evidence, 'plain evidence')}"),
        cell(text(finding.wanted)),
        cell(commands(finding.remedy)),
        cell(text(check.why)),
        cell(f'<code>{text(check.id)}</code><br><span class="dim">{text(check.group)}</span>'),
    )
