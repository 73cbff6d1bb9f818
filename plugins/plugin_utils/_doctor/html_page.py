# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one page that needs nothing else. Pure."""

from __future__ import annotations

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import html_table
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.html_table import bullets, text
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, SEVERITIES, WARNING
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.judging import Finding
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.report import Report

_COLUMNS = ("Severity", "Host", "Found", "Wanted", "What to do", "Why it matters", "Check")
_STYLES = {ERROR: "bad", WARNING: "warn"}


def page(report: Report) -> str:
    """The whole page. What other findings explain comes last, and is dim."""
    style = "bad" if report.counts[ERROR] else "warn" if report.counts[WARNING] else "good"
    notes = [f"{host} was not looked at: {reason}" for host, reason in report.silent.items()]
    notes += [f"Left out by --limit: {', '.join(report.left_out)}"] if report.left_out else []
    notes += [f"Skipped: {', '.join(report.request.skipped)}"] if report.request.skipped else []
    intro = [
        f'<p class="dim">Looked at <time>{text(report.time)}</time>.</p>',
        f'<p class="{style}">{text(report.summary())}</p>',
        bullets(notes, "warn"),
    ]
    return html_table.page(
        title=f"Doctor of {report.cluster}", intro=intro, columns=_COLUMNS, rows=(_row(one) for one in report.verdict.findings)
    )


def _row(finding: Finding) -> str:
    check = finding.check
    explained = f'<br><span class="dim">explained by {text(finding.explained_by)}</span>' if finding.explained_by else ""
    style = "dim" if finding.explained_by else _STYLES.get(check.severity, "")
    # the worst first, and what is explained last
    order = SEVERITIES.index(check.severity) + (len(SEVERITIES) if finding.explained_by else 0)
    cells = [
        f'<td class="{style}" data-sort="{order}">{text(check.severity)}{explained}</td>',
        f"<td>{text(finding.host or 'cluster')}</td>",
        f"<td>{text(finding.found)}{bullets(finding.evidence, 'plain')}</td>",
        f"<td>{text(finding.wanted)}</td>",
        f"<td>{_commands(finding.remedy)}</td>",
        f"<td>{text(check.why)}</td>",
        f'<td><code>{text(check.id)}</code><br><span class="dim">{text(check.group)}</span></td>',
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _commands(remedy: str) -> str:
    """What stands between backticks is to be typed."""
    parts = remedy.split("`")
    return "".join(f"<code>{text(part)}</code>" if place % 2 else text(part) for place, part in enumerate(parts))
