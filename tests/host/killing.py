# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings components about with the real action plugin in this process, and kills the host's program wherever a test wants.

One connection serves hundreds of runs, so that a run costs what it does on the host and no start of Ansible.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import json
import pathlib
import subprocess
import types
import typing as t
import unittest.mock

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.barehost.kubernetes.plugins.action import component
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import host_program

from .engine import HOST, ROOT, Engine

HERE = pathlib.Path(__file__).parent
TRACER = ROOT / "tests" / "unit" / "engine_killed" / "mutations.py"
# Loads what the first line of standard input brings; nothing is left on the host.
_START = (
    "import sys, json; given = json.loads(sys.stdin.readline()); exec(given['loader']); "
    "sys.meta_path.insert(0, Sources(given['texts'])); import killed_program; killed_program.main()"
)

# What a mutation that is a command begins with.
COMMAND = "run "

Description = dict[str, t.Any]
Found = dict[str, dict[str, t.Any]]


class Killed(Exception):
    """The host's program was killed, as it was told."""


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One run of a component: what it planned, what it was about to change, and whether it came to its end."""

    actions: list[tuple[str, str, str]]
    mutations: list[str]
    finished: bool

    @property
    def last(self) -> str:
        return self.mutations[-1] if self.mutations else "nothing"


class KillableHost:
    """A lab host, with what transport.Host offers to the action plugin; the state between two runs is the host's alone."""

    def __init__(self, engine: Engine) -> None:
        command = [str(ROOT / "lab" / "lab"), "exec", HOST, "/usr/bin/python3", "-I", "-u", "-c", _START]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        bootstrap = pathlib.Path(t.cast(str, host_program.bootstrap.__file__))
        files = bootstrap.parents[1].glob("_*/[!_]*.py")
        texts = {f"{host_program.PACKAGE}.{file.parent.name}.{file.stem}": file.read_text(encoding="utf-8") for file in files}
        texts |= {file.stem: file.read_text(encoding="utf-8") for file in (TRACER, HERE / "killed_program.py")}
        self._send({"loader": bootstrap.read_text(encoding="utf-8"), "texts": texts})
        self._pki = engine.directory.with_name("killed-pki")

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def _send(self, request: dict[str, t.Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    def _ask(self, **request: t.Any) -> dict[str, t.Any]:
        assert self._process.stdout is not None
        self._send(request)
        answer: dict[str, t.Any] = json.loads(self._process.stdout.readline())
        return answer

    def shell(self, command: str) -> str:
        done = self._ask(do="shell", command=command)
        assert done["status"] == 0, f"{command}\n{done}"
        return str(done["output"]).strip()

    def look(self, roots: t.Iterable[str]) -> Found:
        return self._ask(do="look", roots=list(roots))

    def converge(self, description: Description, *, kill_at: int = 0, later: float = 0.0) -> Attempt:
        """One run. ``kill_at`` counts the mutations of all its steps and the ends of these."""
        arguments = {**copy.deepcopy(description), "pki": str(self._pki)}
        task = types.SimpleNamespace(args=arguments, check_mode=False, diff=False, delegate_to=None)
        loader = DataLoader()
        action = component.ActionModule(task, None, None, loader, Templar(loader=loader), None)
        steps = _Steps(self._ask, kill_at=kill_at, later=later)
        result: dict[str, t.Any] = {"actions": []}
        plan = component.planner.plan

        def remember(**options: t.Any) -> t.Any:
            planned = plan(**options)
            result["actions"] = [action.report() for action in planned]
            return planned

        with (
            unittest.mock.patch.object(component, "Host", lambda _action, _variables: steps),
            unittest.mock.patch.object(component.planner, "plan", remember),
            contextlib.suppress(Killed),
        ):
            action._converge({"inventory_hostname": HOST})
        done = [(action["kind"], action["action"], action["path"]) for action in result["actions"]]
        return Attempt(done, steps.mutations, not steps.killed)


class _Steps:
    """The host of one run, as the action plugin sees it."""

    name = HOST

    def __init__(self, ask: t.Callable[..., dict[str, t.Any]], *, kill_at: int, later: float) -> None:
        self._ask = ask
        self._kill_at = kill_at
        self._later = later
        self.mutations: list[str] = []
        self.killed = False

    def step(self, step: str, payload: dict[str, t.Any]) -> dict[str, t.Any]:
        kill_at = max(0, self._kill_at - len(self.mutations))
        answer = self._ask(step=step, payload=payload, kill_at=kill_at, later=self._later)
        if step == "collect":
            assert answer["mutations"] == [], "collecting changes nothing"
        self.mutations += answer["mutations"]
        if answer["killed"]:
            self.killed = True
            assert kill_at, f"the program died by itself: {answer}"
            raise Killed
        assert "failed" not in answer, f"{answer['failed']}\nafter {self.mutations}"
        return t.cast(dict[str, t.Any], answer["result"])

    def install(self, packages: t.Sequence[str]) -> t.NoReturn:
        raise AssertionError(f"packages are installed by Ansible: {packages}")
