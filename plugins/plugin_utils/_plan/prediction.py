# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode: what the earlier components of a run would have changed on a host.

Check mode changes nothing, so a later component finds the host as it was. Two components may describe the same thing (a package,
a directory, an authority's certificate). A real run changes it with the first; check mode stores what it has predicted, so that it
predicts each change once, and so that a unit knows which of its inputs an earlier component would have changed.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import hashlib
import json
import pathlib
import typing as t
import urllib.parse

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.unit_states import RUNNING
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

Item = dict[str, t.Any]

_PARENT = {"owner": "root", "group": "root", "mode": "0755"}


@dataclasses.dataclass(frozen=True)
class PredictedChange:
    """One change that an earlier component of this run would have made. It holds digests of contents, never the contents."""

    kind: str
    identity: str
    touched: tuple[str, ...]
    stamps: dict[str, str]

    @classmethod
    def from_action(cls, action: PlannedAction) -> PredictedChange:
        return cls(kind=action.kind, identity=_identity(action), touched=action.touched, stamps=_stamps(action))


class Prediction(tuple[PredictedChange, ...]):
    """All changes predicted for one host; empty outside check mode."""

    __slots__ = ()

    @property
    def touched(self) -> set[str]:
        return {path for found in self for path in found.touched}

    def without_predicted(self, actions: c.Iterable[PlannedAction]) -> list[PlannedAction]:
        """The actions that remain once the predicted changes are made."""
        return [action for action in actions if not self._covers(action)]

    def _covers(self, action: PlannedAction) -> bool:
        if any(found.identity == _identity(action) for found in self):
            return True
        # Whoever writes a path also creates its missing parent directories.
        on_the_way = action.kind == "directory" and action.operation == "create" and action.data == _PARENT
        return on_the_way and any(path.startswith(f"{action.target}/") for path in self.touched)

    def unit(self, item: Item, state: Item) -> Item:
        """The state of a unit once the predicted changes are made: whether its file exists, and which inputs changed since its start."""
        known = state["known"] or any(found.kind == "package" for found in self)
        changed = state["changed_inputs"]
        if state["active"] not in RUNNING:
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
        # A predicted change may bring an input back to what the unit was started with.
        coming = [found.stamps.get(path) for found in self if path in found.touched][-1]
        return not changed or coming is None or coming != then


class PredictionStore:
    """Stores the prediction of one host in ``directory``, which is new for each run of Ansible and shared by its forks."""

    def __init__(self, directory: pathlib.Path, *, host: str) -> None:
        self._path = directory / f"barehost-prediction-{urllib.parse.quote(host, safe='')}"

    def load(self) -> Prediction:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return Prediction()
        return Prediction(_parsed(json.loads(line)) for line in lines)

    def add(self, actions: c.Iterable[PlannedAction]) -> None:
        text = "".join(json.dumps(dataclasses.asdict(PredictedChange.from_action(action))) + "\n" for action in actions)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(text)


def _parsed(given: dict[str, t.Any]) -> PredictedChange:
    return PredictedChange(**{**given, "touched": tuple(given["touched"])})


def _identity(action: PlannedAction) -> str:
    """A digest that is equal for equal changes. The data of a change may be secret, so nothing but the digest is stored."""
    text = json.dumps([action.kind, action.operation, action.target, action.data], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _stamps(action: PlannedAction) -> dict[str, str]:
    """What a unit's stamp will say of the written path, if it is known already (a certificate is issued later)."""
    text = action.data.get("text")
    if action.kind not in ("file", "early_file") or text is None or action.data.get("block") or action.data.get("keep"):
        return {}
    return {action.target: f"sha256 {hashlib.sha256(text.encode()).hexdigest()}"}
