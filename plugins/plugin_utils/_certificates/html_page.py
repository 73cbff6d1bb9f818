# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list as one page that needs nothing else: no address is loaded, and only the script of this file may run. Pure.

Every text is escaped. Should that ever fail, the policy at the page's head lets a browser neither run nor load what came with a text.
"""

from __future__ import annotations

import base64
import hashlib
import html

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.entries import ENDS, Entry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.listing import Listing

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

_COLUMNS = ("Days", "State", "Host", "Path", "Subject", "Names", "Issuer", "Used by", "Differs")
# Days of what does not end: after all that does.
_NEVER = 10**6


def page(listing: Listing) -> str:
    """The whole page."""
    policy = f"default-src 'none'; style-src '{_digest(_STYLE)}'; script-src '{_digest(_SCRIPT)}'; base-uri 'none'; form-action 'none'"
    rows = "\n".join(_row(entry) for entry in listing.entries)
    heads = "".join(f'<th scope="col"><button type="button">{name}</button></th>' for name in _COLUMNS)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Certificates of {_text(listing.cluster)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Certificates of {_text(listing.cluster)}</h1>
<p class="dim">Looked at <time>{_text(listing.time)}</time>. What has less than {listing.days} days left is a fault.</p>
<p>{_text(listing.summary())}</p>
{_verdict(listing)}
<input type="search" placeholder="Filter" aria-label="Filter" hidden>
<div class="table">
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _text(text: object) -> str:
    return html.escape(str(text), quote=True)


def _verdict(listing: Listing) -> str:
    faults = listing.faults
    count = f"{len(faults)} fault{'' if len(faults) == 1 else 's'}"
    head = f'<p class="bad">{count}</p>' if faults else '<p class="good">No fault</p>'
    notes = [*([f"Left out by --limit: {', '.join(listing.left_out)}"] if listing.left_out else []), *listing.notes]
    return "\n".join([head, _list(faults, "bad"), _list(notes, "warn")])


def _list(texts: list[str], style: str) -> str:
    return f'<ul class="{style}">{"".join(f"<li>{_text(text)}</li>" for text in texts)}</ul>' if texts else ""


def _row(entry: Entry) -> str:
    days = "–" if entry.days_left is None else str(entry.days_left)
    # Texts are compared as numbers where they have some, but know no sign: all are moved above zero.
    order = _NEVER + (_NEVER if entry.days_left is None else entry.days_left)
    style = "bad" if entry.state in ENDS else "good" if entry.state == "ok" else "warn"
    cells = [
        f'<td class="number" data-sort="{order}" title="{_text(_period(entry))}">{days}</td>',
        f'<td class="{style}">{_text(entry.state)}</td>',
        f"<td>{_text(entry.host)}</td>",
        f'<td><code>{_text(entry.path)}</code><br><span class="dim">{_text(_kind(entry))}</span></td>',
        f'<td title="{_text(_identity(entry))}">{_text(entry.subject)}<br><span class="dim">{_text(entry.details)}</span></td>',
        f"<td>{_plain_list(entry.alternative_names)}</td>",
        f'<td>{_text(entry.issuer)}<br><span class="dim">{_text(entry.issuer_fingerprint)}</span></td>',
        f"<td>{_plain_list(entry.used_by)}</td>",
        f"<td>{_plain_list(entry.differences)}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _kind(entry: Entry) -> str:
    named = f"; names {entry.ends_with}" if entry.ends_with else ""
    return f"{entry.kind}{f': {entry.name}' if entry.name else ''}{named}"


def _period(entry: Entry) -> str:
    return f"from {entry.not_before} to {entry.not_after}" if entry.not_after else "it does not end"


def _identity(entry: Entry) -> str:
    if not entry.fingerprint:
        return ""
    return f"SHA-256 {entry.fingerprint}, key {entry.key_fingerprint}, serial {entry.serial}, usages {', '.join(entry.usages) or 'any'}"


def _plain_list(texts: tuple[str, ...]) -> str:
    return f'<ul class="plain">{"".join(f"<li>{_text(text)}</li>" for text in texts)}</ul>' if texts else ""
