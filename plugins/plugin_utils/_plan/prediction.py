# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the components before this one would have changed: in check mode nothing is, so a later component sees the host as it was.

Two components may describe the same thing (a package, a directory, a CA). A real run does it with the first; check mode remembers
what it has foretold of a host, so that it foretells it once, and so that a unit knows which of its inputs others would have changed.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import hashlib
import json
import pathlib
import typing as t
import urllib.parse

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import Action

Item = dict[str, t.Any]

_RUNNING = ("active", "reloading")
_PARENT = {"owner": "root", "group": "root", "mode": "0755"}


@dataclasses.dataclass(frozen=True)
class Foreseen:
    """One change that an earlier component of this run would have made. Of contents it has only digests."""

    kind: str
    identity: str
    touched: tuple[str, ...]
    stamps: dict[str, str]

    @classmethod
    def of(cls, action: Action) -> Foreseen:
        return cls(kind=action.kind, identity=_identity(action), touched=action.touched, stamps=_stamps(action))


class Foresight(tuple[Foreseen, ...]):
    """All that is foreseen of one host; empty outside of check mode."""

    __slots__ = ()

    @property
    def touched(self) -> set[str]:
        return {path for found in self for path in found.touched}

    def without_done(self, actions: c.Iterable[Action]) -> list[Action]:
        """The actions that remain once what is foreseen has happened."""
        return [action for action in actions if not self._does(action)]

    def _does(self, action: Action) -> bool:
        if any(found.identity == _identity(action) for found in self):
            return True
        # Whatever is put somewhere has its missing parents made.
        on_the_way = action.kind == "directory" and action.operation == "create" and action.data == _PARENT
        return on_the_way and any(path.startswith(f"{action.target}/") for path in self.touched)

    def unit(self, item: Item, state: Item) -> Item:
        """The state of a unit once what is foreseen has happened: who brings it, and which inputs it was not started with."""
        known = state["known"] or any(found.kind == "package" for found in self)
        changed = state["changed_inputs"]
        if state["active"] not in _RUNNING:
            return {**state, "known": known}
        reload = dict.fromkeys([*state["changed_reload_inputs"], *(path for path in item["reload_on"] if path in self.touched)])
        state = {**state, "known": known, "changed_reload_inputs": list(reload)}
        if changed is None or not self:
            return state
        paths = dict.fromkeys([*item["inputs"], *changed])
        then = state["started_with"]
        inputs = [path for path in paths if self._is_changed(path, changed=path in changed, then=then.get(path))]
        return {**state, "changed_inputs": inputs}

    def _is_changed(self, path: str, *, changed: bool, then: str | None) -> bool:
        if path not in self.touched:
            return changed
        # An input that differs from what the unit was started with may be about to become that again.
        coming = [found.stamps.get(path) for found in self if path in found.touched][-1]
        return not changed or coming is None or coming != then


class Memory:
    """The foresight of one host. ``directory`` is one for each run of Ansible, and its forks share it."""

    def __init__(self, directory: pathlib.Path, *, host: str) -> None:
        self._path = directory / f"barehost-foreseen-{urllib.parse.quote(host, safe='')}"

    def recall(self) -> Foresight:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return Foresight()
        return Foresight(_parsed(json.loads(line)) for line in lines)

    def add(self, actions: c.Iterable[Action]) -> None:
        text = "".join(json.dumps(dataclasses.asdict(Foreseen.of(action))) + "\n" for action in actions)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(text)


def _parsed(given: dict[str, t.Any]) -> Foreseen:
    return Foreseen(**{**given, "touched": tuple(given["touched"])})


def _identity(action: Action) -> str:
    """The same for the same change; of its data, which may be secret, only a digest goes in."""
    text = json.dumps([action.kind, action.operation, action.target, action.data], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _stamps(action: Action) -> dict[str, str]:
    """How a unit's stamp will name what is written, as far as that is known here (a certificate has not been issued yet)."""
    text = action.data.get("text")
    if action.kind not in ("file", "early_file") or text is None or action.data.get("block"):
        return {}
    return {action.target: f"sha256 {hashlib.sha256(text.encode()).hexdigest()}"}
