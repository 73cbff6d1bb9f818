# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the chain is made of: links that are well, broken or not known, and the causes that have broken them. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

WELL, BROKEN, UNKNOWN = "ok", "BROKEN", "not known"


class Cause(t.NamedTuple):
    """What has broken a link: as a finding of the doctor says it. ``id`` is that of the check, or empty. ``host``: whose it is."""

    found: str
    wanted: str = ""
    remedy: str = ""
    why: str = ""
    id: str = ""
    host: str = ""
    evidence: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class State:
    """A link: what it is called, what it asks, and the answer.

    ``reason``: why that is not known. ``follows``: an earlier link is the cause.
    """

    name: str
    asks: str
    causes: tuple[Cause, ...] = ()
    reason: str = ""
    follows: bool = False

    @property
    def state(self) -> str:
        if self.causes or (self.follows and not self.reason):
            return BROKEN
        return UNKNOWN if self.reason else WELL


@dataclasses.dataclass(frozen=True)
class Explanation:
    """``about``: the subject and how it is; ``well``: whether it is as it should be. ``states``: the links in their order."""

    about: str
    well: bool
    states: tuple[State, ...]

    @property
    def first(self) -> State | None:
        """The first link that is broken, or not known: what cannot be known counts as bad."""
        return next((one for one in self.states if one.causes or one.reason), None)

    @property
    def others(self) -> list[State]:
        """Links that are broken by something else, too."""
        return [one for one in self.states if one.causes and one is not self.first]

    @property
    def failing(self) -> bool:
        return not self.well or self.first is not None


def lines(explanation: Explanation) -> list[str]:
    """The explanation for people: the subject, the first broken link with what shows it, and the chain."""
    told = [explanation.about]
    first = explanation.first
    if first is not None:
        told += [f"First broken link: {first.name} ({first.asks})", *_causes(first)]
    elif not explanation.well:
        told.append("No link is broken that is known here.")
    told += [f"Broken, too: {one.name}: {_words(one.causes[0])}" for one in explanation.others]
    chain = " · ".join(f"{one.name} {one.state}" for one in explanation.states)
    return [*told, f"The chain: {chain}"]


def summary(explanation: Explanation) -> str:
    """In one sentence."""
    first = explanation.first
    if first is None:
        return explanation.about
    return f"{explanation.about}. {first.name}: {_words(first.causes[0]) if first.causes else first.reason}"


def _words(cause: Cause) -> str:
    return f"{cause.host}: {cause.found}" if cause.host else cause.found


def _causes(state: State) -> list[str]:
    if not state.causes:
        return [f"  it is not known: {state.reason}"]
    return [line for cause in state.causes for line in _cause(cause)]


def _cause(cause: Cause) -> list[str]:
    wanted = f"; wanted: {cause.wanted}" if cause.wanted else ""
    mark = f" [{cause.id}]" if cause.id else ""
    told = [f"  {_words(cause)}{wanted}{mark}"]
    told += [f"  why it matters: {cause.why}"] if cause.why else []
    told += [f"  → {cause.remedy}"] if cause.remedy else []
    return told + [f"  | {line}" for line in cause.evidence]
