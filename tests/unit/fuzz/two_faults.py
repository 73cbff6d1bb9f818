# SPDX-License-Identifier: GPL-3.0-or-later
"""States with one or two named faults, what every planner owes for them, and the count of what was tried."""

from __future__ import annotations

import collections
import collections.abc as c
import copy
import dataclasses
import re
import typing as t

import hypothesis
from ansible.errors import AnsibleError
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

State = t.TypeVar("State")
Shape = t.Callable[[State, st.DrawFn], t.Any]

# A message names a remedy by one of these words.
_REMEDIES = (
    "add|allow|bring|choose|compare|correct|delete|disarm|give|install|keep|leave|let|load|make|mend|move|put|register|remove|replace|"
    "restore|run|save|set|stop|take|update|use|write"
)
_REMEDY = re.compile(rf"\b({_REMEDIES})\b", re.IGNORECASE)
_TRACE = re.compile(r"Traceback|object at 0x|(Key|Type|Value|Attribute|Index|Assertion)Error")


@dataclasses.dataclass(frozen=True)
class Fault(t.Generic[State]):
    """One thing that is wrong. ``strike`` changes a state; it returns False where the state has nothing that could be wrong in this way."""

    name: str
    strike: Shape[State]


@dataclasses.dataclass(frozen=True)
class Case(t.Generic[State]):
    """A state, and the names of the faults that it has."""

    state: State
    faults: tuple[str, ...]


@dataclasses.dataclass
class Tally:
    """What was tried, by planner."""

    examples: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    pairs: dict[str, set[tuple[str, ...]]] = dataclasses.field(default_factory=lambda: collections.defaultdict(set))

    def count(self, planner: str, faults: tuple[str, ...]) -> None:
        self.examples[planner] += 1
        if len(faults) == 2:
            self.pairs[planner].add(tuple(sorted(faults)))

    def line(self, *, failures: int) -> str:
        pairs = sum(len(found) for found in self.pairs.values())
        total = sum(self.examples.values())
        return f"fuzz: {len(self.examples)} planners, {total} examples, {pairs} pairs of faults seen, {failures} failures"


TALLY = Tally()


@st.composite
def cases(draw: st.DrawFn, well: st.SearchStrategy[State], faults: c.Sequence[Fault[State]]) -> Case[State]:
    """A state that is well, with none, one or two faults. Two of them may strike the same thing."""
    state = copy.deepcopy(draw(well))
    chosen = draw(st.lists(st.sampled_from(range(len(faults))), max_size=2, unique=True).map(sorted))
    struck = [faults[index].name for index in chosen if faults[index].strike(state, draw) is not False]
    return Case(state, tuple(struck))


def examples(share: float, **more: t.Any) -> t.Any:
    """``share`` times as many examples as the profile has."""
    return hypothesis.settings(max_examples=max(1, round(hypothesis.settings.default.max_examples * share)), **more)


def planned(plan: t.Callable[[], c.Sequence[PlannedAction]]) -> list[PlannedAction] | None:
    """The plan, or None where it is refused. A refusal is one of our errors and tells what to do; all else is a fault of the planner."""
    try:
        actions = list(plan())
    except AnsibleError as error:
        refusal = str(error)
        assert _REMEDY.search(refusal) and not _TRACE.search(refusal), f"no remedy is named: {refusal}"
        return None
    for action in actions:
        assert action.reason, f"no reason is given: {action}"
        assert action.report() and action.diff()
    return actions


def keys(actions: c.Iterable[PlannedAction]) -> list[tuple[str, str, str]]:
    return [(action.kind, action.operation, action.target) for action in actions]


def can_be_drawn(well: st.SearchStrategy[t.Any], faults: c.Sequence[Fault[t.Any]], wanted: c.Callable[[Case[t.Any]], bool]) -> Case[t.Any]:
    """The simplest case of which something holds; raises NoSuchExample if the generators cannot make one."""
    settings = hypothesis.settings(max_examples=2_000, database=None, phases=[hypothesis.Phase.generate])
    return hypothesis.find(cases(well, faults), wanted, settings=settings)
