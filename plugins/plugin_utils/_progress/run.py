# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records a playbook run while it goes on: phases, their hosts, what each host waits for, and how long steps take.

It formats no text and does not use Ansible. Times are seconds of a monotonic clock. One thread writes, and another one can read:
it works on copies.
"""

from __future__ import annotations

import collections
import collections.abc as c
import dataclasses
import heapq

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.changes import Change

SLOWEST = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Running:
    """A task that runs on a host now."""

    host: str
    task: str
    since: float
    note: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """A task that has ended on a host. ``started`` counts from the start of the run."""

    phase: int
    task: str
    host: str
    started: float
    seconds: float
    status: str
    changed: bool
    actions: dict[str, int]


@dataclasses.dataclass(slots=True)
class Phase:
    """A play, or one batch of a play. ``ran``: a task ran on a host. It is False if all tasks were skipped or there is no host."""

    number: int
    name: str
    hosts: tuple[str, ...]
    started: float
    batch: int = 1
    running: dict[tuple[str, str], Running] = dataclasses.field(default_factory=dict)
    at_end: set[str] = dataclasses.field(default_factory=set)
    lost: dict[str, str] = dataclasses.field(default_factory=dict)
    changes: int = 0
    ran: bool = False
    stopped: bool = False
    seconds: float = 0.0

    def done(self) -> int:
        """The number of hosts that have finished this phase."""
        busy = {running.host for running in list(self.running.values())}
        return len(set(self.at_end) - busy - set(self.lost))

    def waiting(self) -> list[tuple[str, list[str]]]:
        """Each running task with its hosts. The task that has run longest comes first."""
        groups: dict[str, list[str]] = {}
        for running in sorted(self.running.values(), key=lambda running: running.since):
            groups.setdefault(f"{running.task}{running.note}", []).append(running.host)
        return list(groups.items())


class Run:
    """The record. The callback reports each event to it, and reads from it what to show."""

    def __init__(self, *, plays: int, started: float, check: bool = False, keep_steps: bool = False) -> None:
        self.plays = plays
        self.started = started
        self.check = check
        self.phases: list[Phase] = []
        self.lost: dict[str, str] = {}
        self.slowest: list[tuple[float, int, Step]] = []
        # host -> label -> number of changes
        self.changes: dict[str, collections.Counter[str]] = {}
        self.restarts: dict[str, list[str]] = {}
        self.changed_in_check_mode = 0
        self.steps: list[Step] = []
        self.ended = 0
        self._keep_steps = keep_steps

    @property
    def phase(self) -> Phase | None:
        return self.phases[-1] if self.phases else None

    def begin_phase(self, *, number: int, name: str, hosts: c.Iterable[str], now: float) -> Phase:
        """``number`` is the place of the play in the playbook, or 0 if the playbook does not list the play."""
        number = number or len(self.phases) + 1
        batch = 1 + sum(phase.number == number for phase in self.phases)
        taking_part = tuple(host for host in hosts if host not in self.lost)
        self.phases.append(Phase(number=number, name=name, hosts=taking_part, started=now, batch=batch))
        return self.phases[-1]

    def end_phase(self, now: float) -> Phase | None:
        phase = self.phase
        if phase is None or phase.seconds:
            return None
        phase.seconds = max(now - phase.started, 0.001)
        if not phase.stopped:
            phase.at_end.update(phase.hosts)
        phase.running.clear()
        return phase

    def start(self, *, host: str, task_id: str, task: str, now: float) -> None:
        phase = self.phases[-1]
        # the implicit localhost is not in the list of hosts
        if host not in phase.hosts:
            phase.hosts += (host,)
        phase.at_end.discard(host)
        # a lost host can return by `meta: clear_host_errors`
        phase.lost.pop(host, None)
        self.lost.pop(host, None)
        phase.running[(host, task_id)] = Running(host=host, task=task, since=now)

    def note(self, *, host: str, task_id: str, note: str) -> bool:
        """Sets the text that is shown after the name of a running task. Returns whether it is the first one."""
        phase = self.phases[-1]
        running = phase.running.get((host, task_id))
        if running is None:
            return False
        phase.running[(host, task_id)] = dataclasses.replace(running, note=note)
        return not running.note

    def finish(
        self,
        *,
        host: str,
        task_id: str,
        task: str,
        status: str,
        now: float,
        change: Change | None = None,
        at_end: bool = False,
        ran: bool = True,
    ) -> None:
        """A task has ended on a host. ``ran`` is False if it was skipped or only included other tasks."""
        phase = self.phases[-1]
        running = phase.running.pop((host, task_id), None)
        since = running.since if running else now
        phase.ran = phase.ran or ran
        if at_end:
            phase.at_end.add(host)
        step = Step(
            phase=phase.number,
            task=task,
            host=host,
            started=since - self.started,
            seconds=now - since,
            status=status,
            changed=change is not None,
            actions=change.kinds if change else {},
        )
        self.ended += 1
        # heapq compares entries: the unique number prevents a comparison of steps
        entry = (step.seconds, -self.ended, step)
        if len(self.slowest) < SLOWEST:
            heapq.heappush(self.slowest, entry)
        else:
            heapq.heappushpop(self.slowest, entry)
        if self._keep_steps:
            self.steps.append(step)
        if change is not None:
            self._changed(host, phase, change)

    def _changed(self, host: str, phase: Phase, change: Change) -> None:
        phase.changes += change.number
        self.changes.setdefault(host, collections.Counter())[change.label] += change.number
        self.restarts.setdefault(host, []).extend(restart.split(":", 1)[0] for restart in change.restarts)
        if self.check and not change.predicted:
            self.changed_in_check_mode += 1

    def lose(self, host: str, why: str) -> None:
        """Records that a host leaves the run."""
        self.phases[-1].lost[host] = why
        self.lost[host] = why
