#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: tools/waterfall.py PROFILE PICTURE

Draws a profile, which BAREHOST_PROFILE=FILE makes ansible-playbook write, as a waterfall: a row for each host, a bar for each task, and
the time from left to right. The picture is one HTML file that needs nothing else; point at a bar to read what it is.
"""

from __future__ import annotations

import html
import json
import pathlib
import sys
from typing import Any

_WIDTH, _NAMES, _ROW, _BAR, _AXIS = 1500, 190, 26, 20, 24
# Lines for the names of plays, above the rows of hosts.
_LINES, _LINE = 4, 14
_TOP = _LINES * _LINE + 12
# The width of a character of the bars' text.
_CHARACTER = 6.2
_COLOURS = {"ok": "#8fb8de", "changed": "#e8b04b", "skipped": "#d5d5d5"}
_FAILED = "#d9534f"
_STYLE = """
body { font: 13px sans-serif; margin: 16px; color: #222; }
svg { font: 11px sans-serif; }
rect.bar { stroke: #fff; stroke-width: 0.5; }
rect.bar:hover { stroke: #000; stroke-width: 1; }
text.in { pointer-events: none; }
table { border-collapse: collapse; margin-top: 12px; }
td, th { padding: 1px 10px; text-align: left; } td.n { text-align: right; }
.key { display: inline-block; width: 12px; height: 12px; margin: 0 4px 0 14px; }
"""


def page(profile: dict[str, Any], title: str) -> str:
    """The HTML page of the last playbook of a profile."""
    playbook = profile["playbooks"][-1]
    tasks = [{**task, "ended": task["started"] + task["seconds"]} for task in playbook["tasks"]]
    total = max([playbook["totals"]["seconds"], *(task["ended"] for task in tasks)])
    keys = "".join(
        f'<span class="key" style="background:{colour}"></span>{name}' for name, colour in [*_COLOURS.items(), ("failed", _FAILED)]
    )
    heading = f"<h3>{_text(title)}: {total:.1f} s, {len(tasks)} tasks on {len(_hosts(tasks))} hosts</h3><p>{keys}</p>"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title><style>{_STYLE}</style></head>'
        f"<body>{heading}\n{_picture(tasks, total)}\n{_longest(tasks)}</body></html>\n"
    )


def _text(text: str) -> str:
    return html.escape(str(text), quote=True)


def _hosts(tasks: list[dict[str, Any]]) -> list[str]:
    """The hosts, those first that begin first."""
    return list(dict.fromkeys(task["host"] for task in sorted(tasks, key=lambda task: (task["started"], task["host"]))))


def _picture(tasks: list[dict[str, Any]], total: float) -> str:
    rows = {host: number for number, host in enumerate(sorted(_hosts(tasks)))}
    scale = (_WIDTH - _NAMES - 10) / (total or 1.0)
    height = _TOP + _ROW * len(rows)

    def x(seconds: float) -> float:
        return round(_NAMES + seconds * scale, 2)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height + _AXIS}">']
    parts += _plays(tasks, x, height)
    parts += _axis(total, x, height)
    parts += [f'<text x="4" y="{_TOP + _ROW * row + 15}">{_text(host)}</text>' for host, row in rows.items()]
    parts += [_bar(task, x, _TOP + _ROW * rows[task["host"]]) for task in tasks]
    return "\n".join([*parts, "</svg>"])


def _plays(tasks: list[dict[str, Any]], x: Any, height: int) -> list[str]:
    """A band for each play, from its first to its last task, and its name above, in the first line that has room."""
    spans: dict[int, list[dict[str, Any]]] = {}
    for task in tasks:
        spans.setdefault(task["play_number"], []).append(task)
    free = [0.0] * _LINES
    parts = []
    for number, (play, its) in enumerate(sorted(spans.items())):
        began, ended = min(task["started"] for task in its), max(task["ended"] for task in its)
        left, width, name = x(began), max(x(ended) - x(began), 1.0), its[0]["play"]
        shade = "#f6f6f6" if number % 2 else "#ececec"
        hint = f"<title>play {play}: {_text(name)}, {ended - began:.2f} s</title>"
        parts.append(f'<rect x="{left}" y="{_TOP - 6}" width="{width:.2f}" height="{height - _TOP + 6}" fill="{shade}">{hint}</rect>')
        start = min(left, _WIDTH - len(name) * _CHARACTER)
        line = next((line for line in range(_LINES) if free[line] <= start), None)
        if line is not None:
            free[line] = start + (len(name) + 2) * _CHARACTER
            parts.append(f'<text x="{start:.2f}" y="{_LINE * (line + 1) - 3}" fill="#555">{_text(name)}{hint}</text>')
    return parts


def _axis(total: float, x: Any, height: int) -> list[str]:
    step = next((step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300) if total / step <= 20), 600)
    parts = []
    for number in range(int(total / step) + 1):
        at = x(number * step)
        parts.append(f'<line x1="{at}" y1="{_TOP - 6}" x2="{at}" y2="{height}" stroke="#bbb" stroke-width="0.5"/>')
        parts.append(f'<text x="{at}" y="{height + 15}" text-anchor="middle" fill="#555">{number * step:g} s</text>')
    return parts


def _bar(task: dict[str, Any], x: Any, top: int) -> str:
    left, right = x(task["started"]), x(task["ended"])
    width = max(right - left, 0.8)
    colour = _COLOURS.get(task["status"], _FAILED)
    actions = ", ".join(f"{count} {name}" for name, count in task["actions"].items())
    words = [
        task["host"],
        f"{task['play']}: {task['task']}",
        f"{task['started']:.2f} s + {task['seconds']:.2f} s, {task['status']}",
        actions,
    ]
    hint = _text("\n".join(word for word in words if word))
    inside = _fitting(task["task"], width - 4)
    label = f'<text class="in" x="{left + 3}" y="{top + 14}">{_text(inside)}</text>' if inside else ""
    return f'<rect class="bar" x="{left}" y="{top}" width="{width:.2f}" height="{_BAR}" fill="{colour}"><title>{hint}</title></rect>{label}'


def _fitting(text: str, width: float) -> str:
    """As much of a text as fits; nothing if that is too little to be read."""
    room = int(width / _CHARACTER)
    return text if len(text) <= room else f"{text[: room - 1]}…" if room >= 4 else ""


def _longest(tasks: list[dict[str, Any]]) -> str:
    rows = "".join(
        f'<tr><td class="n">{task["seconds"]:.2f} s</td><td class="n">{task["started"]:.2f} s</td><td>{_text(task["host"])}</td>'
        f"<td>{_text(task['play'])}</td><td>{_text(task['task'])}</td></tr>"
        for task in sorted(tasks, key=lambda task: -task["seconds"])[:20]
    )
    return f"<table><tr><th>took</th><th>began</th><th>host</th><th>play</th><th>task</th></tr>{rows}</table>"


def draw(profile: pathlib.Path, picture: pathlib.Path, title: str) -> None:
    picture.write_text(page(json.loads(profile.read_text(encoding="utf-8")), title), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    draw(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[1]).stem)
