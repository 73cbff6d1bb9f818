# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Formats the lines about a phase and about the whole run. Pure functions."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.run import Phase, Run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.text import columns, count, duration, fit, names

_NARROWEST_NAME = 12


def live_line(phase: Phase, *, plays: int, now: float, width: int) -> str:
    """The line of a terminal about a running phase. To fit, the name of the phase is cut first, then what the run waits for."""
    number = f"[{phase.number}/{plays}] "
    figures = f"  {phase.done()}/{len(phase.hosts)} hosts  {_whole(now - phase.started)}"
    # name and figures together take at most half of the line
    name = fit(title(phase), max(width // 2 - columns(number + figures), _NARROWEST_NAME))
    return fit(f"{number}{name}{figures}{_waiting(phase, shown=2)}", width)


def waiting_line(phase: Phase, *, plays: int, now: float) -> str:
    """The line of a log about a running phase."""
    figures = f"{phase.done()}/{len(phase.hosts)} hosts  {_whole(now - phase.started)}"
    return f"[{phase.number}/{plays}] {title(phase)}  {figures}{_waiting(phase, shown=5)}"


def _waiting(phase: Phase, *, shown: int) -> str:
    groups = [f"{task} ({names(hosts, shown=shown)})" for task, hosts in phase.waiting()]
    return f"  waiting for {', '.join(groups)}" if groups else ""


def _whole(seconds: float) -> str:
    return f"{int(seconds)} s" if seconds < 60 else duration(int(seconds))


def title(phase: Phase) -> str:
    return phase.name if phase.batch == 1 else f"{phase.name} (batch {phase.batch})"


def phase_line(phase: Phase, *, plays: int, check: bool) -> str:
    """The line about a phase that has ended."""
    done = len(phase.at_end - set(phase.lost))
    parts = [f"[{phase.number}/{plays}] {title(phase)}", f"{done}/{count(len(phase.hosts), 'host')}"]
    if phase.changes:
        parts.append(count(phase.changes, "change") + (" predicted" if check else ""))
    parts += [f"{why}: {names(hosts, shown=3)}" for why, hosts in _by_value(phase.lost)]
    if phase.stopped:
        parts.append("stopped")
    return "  ".join([*parts, duration(phase.seconds)])


def _by_value(pairs: c.Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Groups keys by value, in the order of each value's first key."""
    groups: dict[str, list[str]] = {}
    for key, value in pairs.items():
        groups.setdefault(value, []).append(key)
    return list(groups.items())


def summary_lines(run: Run, *, hosts: c.Collection[str]) -> list[str]:
    """Changes by host, and the slowest steps. ``hosts``: all hosts of the run."""
    idle = bool(run.phases) and not any(phase.ran for phase in run.phases)
    return [*(["No task ran on any host."] if idle else []), *_change_summary(run, hosts), *_slowest(run)]


def _change_summary(run: Run, hosts: c.Collection[str]) -> list[str]:
    heading = "Predicted changes" if run.check else "Changes"
    if not run.changes:
        return [f"{heading}: none"]
    lines = [f"{heading}:"]
    for text, same in _by_value({host: _host_changes(run, host) for host in sorted(run.changes)}):
        lines.append(f"    {names(same, shown=3)}  {text}")
    untouched = len(set(hosts) - set(run.changes))
    return [*lines, f"    none on {count(untouched, 'other host')}"] if untouched else lines


def _host_changes(run: Run, host: str) -> str:
    counts = run.changes[host]
    labels = ", ".join(label if number == 1 else f"{label} {number}" for label, number in counts.items())
    restarts = list(dict.fromkeys(run.restarts.get(host, [])))
    verb = "would restart" if run.check else "restarted"
    return f"{counts.total()} ({labels})" + (f", {verb} {', '.join(restarts)}" if restarts else "")


def _slowest(run: Run) -> list[str]:
    steps = [step for _seconds, _number, step in sorted(run.slowest, reverse=True) if step.seconds >= 0.1]
    if not steps:
        return []
    times = [duration(step.seconds) for step in steps]
    width, host_width = max(map(len, times)), max(columns(step.host) for step in steps)
    lines = [f"    {time:>{width}}  {step.host:<{host_width}}  {step.task}" for time, step in zip(times, steps, strict=True)]
    return ["Slowest steps:", *lines]


def total_lines(run: Run, *, now: float) -> list[str]:
    """The last lines: the time, and what check mode did."""
    lines = [f"Total time: {duration(now - run.started)}"]
    if run.check:
        predicted = sum(counter.total() for counter in run.changes.values()) - run.changed_in_check_mode
        lines.append(f"Check mode: nothing was changed, only predicted ({count(predicted, 'change')}).")
    if run.changed_in_check_mode:
        lines.append(f"But {count(run.changed_in_check_mode, 'result')} came from tasks that work in check mode too (check_mode: false).")
    return lines
