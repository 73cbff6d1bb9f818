# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that need nothing else: sections, and tables that can be sorted and filtered. Pure.

No address is loaded, and only the script of this package may run. Who makes a page escapes every text by :func:`text`. Should that ever
fail, the policy at the page's head lets a browser neither run nor load what came with a text.

Without a script a page is whole: filters and what sorts a table are made by the script. Colours never stand alone: the word stands there.
"""

from __future__ import annotations

import base64
import collections.abc as c
import hashlib
import html
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.html_style import COLOURS, SCRIPT, STYLE

# Rows from which on a table has a filter.
_FILTERED = 8


class Section(t.NamedTuple):
    """``identifier`` is the place to which links lead. ``title`` is a text, ``parts`` are markup."""

    identifier: str
    title: str
    parts: tuple[str, ...]


def page(*, title: str, intro: c.Iterable[str], sections: c.Sequence[Section], style: str = "") -> str:
    """The whole page. ``intro`` is markup. ``style`` is what a page needs beside the style of all pages. Several sections have a list."""
    styles = COLOURS + STYLE + style
    policy = f"default-src 'none'; style-src '{_digest(styles)}'; script-src '{_digest(SCRIPT)}'; base-uri 'none'; form-action 'none'"
    above, below = "\n".join(intro), "\n".join(map(_section, sections))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{text(title)}</title>
<style>{styles}</style>
</head>
<body>
<header>
<h1>{text(title)}</h1>
{above}
</header>
{_contents(sections)}
<main>
{below}
</main>
<script>{SCRIPT}</script>
</body>
</html>
"""


def _contents(sections: c.Sequence[Section]) -> str:
    links = "".join(f'<li><a href="#{one.identifier}">{text(one.title)}</a></li>' for one in sections)
    return f'<nav aria-label="Sections"><ul>{links}</ul></nav>' if len(sections) > 1 else ""


def _section(section: Section) -> str:
    parts = "\n".join(section.parts)
    name = section.identifier
    return f'<section id="{name}">\n<h2>{text(section.title)}</h2>\n{parts}\n</section>'


def table(*, label: str, columns: c.Iterable[str], rows: c.Sequence[str]) -> str:
    """``label`` and ``columns`` are texts, ``rows`` markup. A wide table is scrolled in a box of its own, by keys too."""
    heads = "".join(f'<th scope="col">{text(name)}</th>' for name in columns)
    body = "\n".join(rows)
    name = text(label)
    filtered = " data-filter" if len(rows) >= _FILTERED else ""
    return f"""<div class="table" role="region" aria-label="{name}" tabindex="0"{filtered}>
<table aria-label="{name}">
<thead><tr>{heads}</tr></thead>
<tbody>
{body}
</tbody>
</table>
</div>"""


def row(*cells: str) -> str:
    """The first cell names the row."""
    return f"<tr>{''.join(cells)}</tr>"


def cell(markup: str, *, style: str = "", order: float | None = None, title: str = "") -> str:
    """``order`` is what the column is sorted by, where that is not its text."""
    attributes = [("class", style), ("data-sort", "" if order is None else f"{order:.15g}"), ("title", title)]
    told = "".join(f' {name}="{text(value)}"' for name, value in attributes if value)
    return f"<td{told}>{markup}</td>"


def text(value: object) -> str:
    return html.escape(str(value), quote=True)


def bullets(texts: c.Sequence[str], style: str) -> str:
    """A list of this style; nothing if there is no text."""
    return f'<ul class="{style}">{"".join(f"<li>{text(one)}</li>" for one in texts)}</ul>' if texts else ""


def commands(remedy: str) -> str:
    """A text in which what stands between backticks is to be typed."""
    parts = remedy.split("`")
    return "".join(f"<code>{text(part)}</code>" if place % 2 else text(part) for place, part in enumerate(parts))


def _digest(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
