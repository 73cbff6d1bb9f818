# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How pages look, and the one script that they have: it sorts and filters tables."""

from __future__ import annotations

# Each colour of a text has a contrast of 4.5 at least to the page and to what is soft. A test measures it.
COLOURS = """
:root {
  color-scheme: light dark;
  --page: #fff; --ink: #1f2328; --dim: #57606a; --line: #d0d7de; --soft: #f3f5f7; --link: #0a58b5;
  --bad: #b3261e; --warn: #8a5300; --good: #1a6f34;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --ink: #e6eaef; --dim: #a3adb8; --line: #3d444d; --soft: #1d232b; --link: #7db7ff;
    --bad: #ff9a91; --warn: #ffc26b; --good: #77dd92;
  }
}
"""

STYLE = """
* { box-sizing: border-box; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; background: var(--page); color: var(--ink); }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p, ul { margin: .4rem 0; }
a { color: var(--link); }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; }
nav a { display: inline-block; padding: .2rem 0; }
.filter { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem .8rem; margin: .4rem 0; }
.filter input {
  font: inherit; padding: .3rem .5rem; width: min(24rem, 100%); color: inherit; background: var(--page); border: 1px solid var(--dim);
}
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
td { max-width: 24rem; min-width: 4rem; overflow-wrap: break-word; }
th { background: var(--soft); white-space: nowrap; }
th button {
  font: inherit; font-weight: 600; background: none; border: 0; padding: 0; min-height: 24px; color: inherit; cursor: pointer;
}
th[aria-sort=ascending] button::after { content: " ▲"; }
th[aria-sort=descending] button::after { content: " ▼"; }
td.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
code { font-size: .95em; overflow-wrap: anywhere; }
ul.plain { list-style: none; padding: 0; margin: 0; }
ul.evidence { margin-top: .3rem; font-size: .85em; color: var(--dim); }
.bad { color: var(--bad); font-weight: 600; }
.warn { color: var(--warn); }
.good { color: var(--good); }
.dim { color: var(--dim); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
@media (max-width: 600px) { body { margin: .8rem; } }
@media print {
  :root {
    color-scheme: light; --page: #fff; --ink: #000; --dim: #444; --line: #bbb; --soft: #fff; --link: #000;
    --bad: #8c1d18; --warn: #6b4100; --good: #14532d;
  }
  body { margin: 0; font-size: 10px; }
  nav, .filter { display: none; }
  .table { overflow: visible; }
  td { min-width: 0; }
  tr { break-inside: avoid; }
  h2 { break-after: avoid; }
}
"""

SCRIPT = """
"use strict";
function sortable(table) {
  const body = table.tBodies[0];
  const heads = Array.from(table.tHead.rows[0].cells);
  const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
  const compare = (one, other) => {
    const numbers = [Number(one), Number(other)];
    return one !== "" && other !== "" && numbers.every((number) => !Number.isNaN(number))
      ? numbers[0] - numbers[1] : one.localeCompare(other, "en", { numeric: true });
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = Array.from(body.rows);
      rows.sort((one, other) => (down ? -1 : 1) * compare(key(one, column), key(other, column)));
      body.append(...rows);
    });
  });
}
function filtered(box) {
  const rows = Array.from(box.querySelector("tbody").rows);
  const bar = document.createElement("div");
  const input = document.createElement("input");
  const count = document.createElement("span");
  bar.className = "filter";
  input.type = "search";
  input.placeholder = "Filter";
  input.setAttribute("aria-label", "Filter: " + box.getAttribute("aria-label"));
  count.className = "dim";
  count.setAttribute("role", "status");
  bar.append(input, count);
  box.before(bar);
  const apply = () => {
    const words = input.value.toLowerCase().split(/\\s+/);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = shown === rows.length ? rows.length + " rows" : shown + " of " + rows.length + " rows";
  };
  input.addEventListener("input", apply);
  apply();
}
document.querySelectorAll("table").forEach(sortable);
document.querySelectorAll("[data-filter]").forEach(filtered);
"""
