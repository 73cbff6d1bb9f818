# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the lab and the playbooks as an administrator would: through their command lines.

Only what ``lab/lab`` passes on (exec, run, kubectl) is started without it: a test does that hundreds of times.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = ROOT / "lab" / "lab"
sys.path.insert(0, str(LAB.parent))

from barelab import passing  # noqa: E402 - found by the line above
from barelab.errors import LabError  # noqa: E402

# A command that hangs must end the run some time. These two build what the cache lacks, or wait for another process that does:
# Kubernetes alone took 30 minutes at a load of 50.
_MAKING = ("up", "save")
_MAKING_SECONDS, _SECONDS = 7200.0, 600.0
CALLBACKS = pathlib.Path(__file__).parent / "callback"


class Failure(AssertionError):
    """A command did not end as it should; the message holds its output."""


def run(*command: str, check: bool = True, timeout: float = _SECONDS, **options: t.Any) -> subprocess.CompletedProcess[str]:
    """Runs a command in the project's root; raises Failure with the output's end unless it exits with 0."""
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run(command, text=True, capture_output=True, check=False, timeout=timeout, **{"cwd": ROOT, **options})
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}")
    return done


def lab_command(*arguments: str) -> list[str]:
    """What ``lab/lab`` with these arguments runs; itself where it passes nothing on, or has an error to tell."""
    command, *words = arguments
    try:
        return passing.COMMANDS[command](words)
    except (KeyError, LabError):
        return [str(LAB), *arguments]


@dataclasses.dataclass(frozen=True)
class PlaybookRun:
    """What one run of a playbook did."""

    returncode: int
    output: str
    results: list[dict[str, t.Any]]
    seconds: float

    @property
    def killed(self) -> bool:
        return self.returncode == -signal.SIGKILL

    @property
    def changed(self) -> list[dict[str, t.Any]]:
        """Results that changed something."""
        return [result for result in self.results if result["changed"]]

    @property
    def failures(self) -> list[dict[str, t.Any]]:
        """Results that failed, unreachable hosts included."""
        return [result for result in self.results if result["outcome"] in ("failed", "unreachable")]

    def actions_by_task(self) -> list[tuple[str, str, str, str, str]]:
        """(host, task, kind, action, path), sorted: the same twice would be a change foretold or done twice."""
        return sorted(
            (result["host"], result["task"], action["kind"], action["action"], action["path"])
            for result in self.results
            for action in result["actions"]
        )

    def actions(self) -> list[tuple[str, str, str, str]]:
        """(host, kind, action, path) of everything that was done or, in check mode, predicted; sorted."""
        return sorted(
            (result["host"], action["kind"], action["action"], action["path"]) for result in self.results for action in result["actions"]
        )


@dataclasses.dataclass(frozen=True)
class Controller:
    """Whose Ansible runs the playbooks, and with which settings. By default all is the checkout's."""

    programs: pathlib.Path = pathlib.Path(sys.executable).parent
    settings: pathlib.Path = ROOT / "ansible.cfg"
    directory: pathlib.Path = ROOT
    environment: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    callbacks: tuple[str, ...] = ()
    # Whether the playbooks are those of a collection that is installed somewhere, to be called by their names.
    installed: bool = False

    def command(self, playbook: str) -> list[str]:
        name = f"barehost.kubernetes.{pathlib.Path(playbook).stem.replace('-', '_')}" if self.installed else playbook
        return [str(self.programs / "ansible-playbook"), name]


class Cluster:
    """One lab with one inventory. ``patience``: how many times longer commands may take on its kind of hosts."""

    def __init__(
        self, inventory: pathlib.Path, artefacts: pathlib.Path, controller: Controller | None = None, *, driver: str = "nspawn"
    ) -> None:
        self.inventory = inventory
        self.artefacts = artefacts
        self.driver = driver
        self.patience = 1 if driver == "nspawn" else 10
        self._controller = controller or Controller()
        self._runs = 0

    def lab(self, *arguments: str, check: bool = True, timeout: float = 0, **options: t.Any) -> subprocess.CompletedProcess[str]:
        """``lab/lab`` with these arguments."""
        limit = timeout or (_MAKING_SECONDS if arguments[0] in _MAKING else _SECONDS)
        return run(*lab_command(*arguments), check=check, timeout=limit * self.patience, **options)

    def up(self) -> None:
        self.lab("up", "--driver", self.driver, str(self.inventory))

    def down(self) -> None:
        self.lab("down")

    def playbook(
        self,
        playbook: str,
        *arguments: str,
        check: bool = True,
        timeout: float = 900,
        environment: dict[str, str] | None = None,
        elsewhere: bool = False,
        inside: bool = False,
    ) -> PlaybookRun:
        """Runs ansible-playbook; its whole output is kept among the artefacts. The environment is added to the test's own.

        ``elsewhere``: in a container, as far as processes are concerned. It sees none of this machine. ``inside``: in the lab's network.
        """
        self._runs += 1
        record = self.artefacts / f"{self._runs:02}-{pathlib.Path(playbook).stem}.json"
        surroundings = {
            **os.environ,
            **self._controller.environment,
            **(environment or {}),
            "ANSIBLE_CONFIG": str(self._controller.settings),
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": ",".join(["record_results", *self._controller.callbacks]),
            "RECORD_RESULTS": str(record),
            "ANSIBLE_NOCOLOR": "1",
        }
        command = [*self._controller.command(playbook), "-i", str(self.inventory), *arguments]
        started = time.monotonic()
        container = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc") if elsewhere else ()
        whole = (*container, *(lab_command("run", *command) if inside else command))
        done = run(*whole, check=False, timeout=timeout * self.patience, env=surroundings, cwd=self._controller.directory)
        output = done.stdout + done.stderr
        record.with_suffix(".log").write_text(output, encoding="utf-8")
        results = json.loads(record.read_text(encoding="utf-8")) if record.exists() else []
        outcome = PlaybookRun(done.returncode, output, results, time.monotonic() - started)
        if check and done.returncode != 0:
            raise Failure(f"ansible-playbook {playbook} ended with {done.returncode}\n{output[-8000:]}")
        return outcome

    def on(self, host: str, command: str, *, check: bool = True, timeout: float = 120) -> str:
        """The output of a shell command on a host."""
        return self.lab("exec", host, "sh", "-c", command, check=check, timeout=timeout).stdout

    def kubectl(self, *arguments: str, check: bool = True, timeout: float = 120, **options: t.Any) -> str:
        return self.lab("kubectl", *arguments, check=check, timeout=timeout, **options).stdout

    def kubectl_json(self, *arguments: str) -> dict[str, t.Any]:
        answer: dict[str, t.Any] = json.loads(self.kubectl(*arguments, "-o", "json"))
        return answer

    def curl(self, url: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """An HTTP request from the controller into the lab's network."""
        return self.lab("run", "curl", "-sS", "--max-time", str(10 * self.patience), *arguments, url, check=check)

    def status(self) -> dict[str, t.Any]:
        answer: dict[str, t.Any] = json.loads(self.lab("status", "--json").stdout)
        return answer


def eventually(probe: t.Callable[[], t.Any], *, deadline: float, wanted: str) -> t.Any:
    """Calls the probe until it returns something true; raises Failure with the last answer or error."""
    end = time.monotonic() + deadline
    last: object = None
    while time.monotonic() < end:
        try:
            last = probe()
            if last:
                return last
        except (Failure, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            last = error
        time.sleep(1)
    raise Failure(f"wanted within {deadline:.0f} s: {wanted}; last seen: {last}")
