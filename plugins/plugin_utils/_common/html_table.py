# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page with one table that can be sorted and filtered, and that needs nothing else. Pure.

No address is loaded, and only the script of this file may run. Who makes a page escapes every text by :func:`text`. Should that ever fail,
the policy at the page's head lets a browser neither run nor load what came with a text.
"""

from __future__ import annotations

import base64
import collections.abc as c
import hashlib
import html

_STYLE = """
:root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --bad: #b3261e; --warn: #8a5300; --good: #1a7f37; --dim: #57606a; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3d444d; --soft: #1c2128; --bad: #ff8a80; --warn: #ffc26b; --good: #6fdd8b; --dim: #9aa4ae; }
}
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; }
p, ul { margin: .4rem 0; }
input { font: inherit; padding: .3rem .5rem; width: min(26rem, 100%); margin: .6rem 0; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
td { max-width: 24rem; overflow-wrap: break-word; }
th { position: sticky; top: 0; background: var(--soft); white-space: nowrap; }
th button { font: inherit; font-weight: 600; background: none; border: 0; padding: 0; color: inherit; cursor: pointer; }
th[aria-sort=ascending] button::after { content: " ▲"; }
th[aria-sort=descending] button::after { content: " ▼"; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
code { font-size: .95em; }
ul.plain { list-style: none; padding: 0; margin: 0; }
.bad { color: var(--bad); font-weight: 600; }
.warn { color: var(--warn); }
.good { color: var(--good); }
.dim { color: var(--dim); }
@media print { input { display: none; } th { position: static; } }
"""

_SCRIPT = """
"use strict";
const table = document.querySelector("table");
const body = table.tBodies[0];
const heads = Array.from(table.tHead.rows[0].cells);
heads.forEach((head, column) => {
  head.querySelector("button").addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
    const rows = Array.from(body.rows);
    rows.sort((one, other) => (down ? -1 : 1) * value(one).localeCompare(value(other), "en", { numeric: true }));
    body.append(...rows);
  });
});
const filter = document.querySelector("input");
filter.hidden = false;
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\\s+/);
  for (const row of body.rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
});
"""


def page(*, title: str, intro: c.Iterable[str], columns: c.Iterable[str], rows: c.Iterable[str]) -> str:
    """The whole page. ``title`` and ``columns`` are texts, ``intro`` and ``rows`` markup."""
    policy = f"default-src 'none'; style-src '{_digest(_STYLE)}'; script-src '{_digest(_SCRIPT)}'; base-uri 'none'; form-action 'none'"
    heads = "".join(f'<th scope="col"><button type="button">{text(name)}</button></th>' for name in columns)
    above, below = "\n".join(intro), "\n".join(rows)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{text(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{text(title)}</h1>
{above}
<input type="search" placeholder="Filter" aria-label="Filter" hidden>
<div class="table">
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{below}
</tbody>
</table>
</div>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def text(value: object) -> str:
    return html.escape(str(value), quote=True)


def bullets(texts: c.Sequence[str], style: str) -> str:
    """A list of this style; nothing if there is no text."""
    return f'<ul class="{style}">{"".join(f"<li>{text(one)}</li>" for one in texts)}</ul>' if texts else ""


def _digest(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
