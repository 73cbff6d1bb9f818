# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster as one page: its picture, what matters of it, the findings of the doctor, and tables. Pure."""

from __future__ import annotations

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import html_page
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.html_page import Section, text
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import html_page as doctor
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report import picture, tables
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.essentials import Essential, essentials
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.view import View

_STYLE = """
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .6rem 0; }
dt { color: var(--dim); }
dd { margin: 0; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
@media (max-width: 600px) { dl { display: block; } dd { margin: 0 0 .4rem; } }
"""


def page(view: View) -> str:
    """The whole page."""
    cluster = Section("cluster", "The cluster", (_list(essentials(view)), picture.picture(view)))
    return html_page.page(
        title=f"Cluster {view.report.cluster}",
        intro=doctor.intro(view.report),
        sections=[cluster, doctor.section(view.report), *tables.sections(view)],
        style=picture.STYLE + _STYLE,
    )


def _list(rows: list[Essential]) -> str:
    told = "".join(f'<dt>{text(one.subject)}</dt><dd class="{doctor.STYLES.get(one.severity, "")}">{text(one.text)}</dd>' for one in rows)
    return f"<dl>{told}</dl>"
