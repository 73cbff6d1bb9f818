# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions of all benchmarks: run and measure commands, and read the output of Ansible."""

from __future__ import annotations

import collections
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
_PROC = pathlib.Path("/proc")


class Timed(NamedTuple):
    """The measures of a command: seconds, seconds of the processor, peak memory in MB if asked for, and its output."""

    seconds: float
    processor: float
    memory: float
    output: str


def timed(
    *command: str,
    given: str = "",
    folder: pathlib.Path = ROOT,
    memory: bool = False,
    environment: Mapping[str, str] | None = None,
    attempts: int = 1,
) -> Timed:
    """Runs a command. If it fails so many times, the program ends and prints its output. To measure memory costs time of the processor."""
    for _attempt in range(attempts):
        run, status = _run(command, given, folder, environment, memory=memory)
        if status == 0:
            return run
    sys.exit(f"{' '.join(command)} ended with {status}\n{run.output}")


def ping(inventory: pathlib.Path) -> Timed:
    """Ansible's own, the least that it does with a host."""
    return timed(str(BIN / "ansible"), "all", "-m", "ansible.builtin.ping", "--inventory", str(inventory))


def _run(
    command: tuple[str, ...], given: str, folder: pathlib.Path, environment: Mapping[str, str] | None, *, memory: bool
) -> tuple[Timed, int]:
    """The measures, and the exit status."""
    started, before = time.monotonic(), processor_time()
    with tempfile.TemporaryFile("w+") as output:
        settings = {**os.environ, **(environment or {})}
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, text=True, env=settings
        )
        watch = _Memory(process.pid)
        if memory:
            watch.start()
        process.communicate(given)
        watch.ended.set()
        seconds, used = time.monotonic() - started, processor_time() - before
        output.seek(0)
        text = output.read()
    return Timed(seconds, used, watch.peak, text), process.returncode


def say(run: Timed, title: str) -> None:
    """Tells of a run as soon as it has ended."""
    load = (_PROC / "loadavg").read_text(encoding="ascii").split()[0]
    memory = f", {run.memory:5.0f} MB" if run.memory else ""
    print(f"{run.seconds:8.2f} s, {run.processor:6.2f} s of the processor{memory}; load {load}; {title}", file=sys.stderr, flush=True)


def processor_time() -> float:
    """Processor seconds that all ended descendants of this process have used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class _Memory(threading.Thread):
    """Measures the peak memory of a process and its descendants together. A page that several share counts once."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self._process = process
        self.peak = 0.0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.5):
            self.peak = max(self.peak, sum(_proportional(process) for process in _family(self._process)))


def _family(first: int) -> list[int]:
    children: dict[int, list[int]] = collections.defaultdict(list)
    for folder in _PROC.glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        children[parent].append(int(folder.name))
    found = [first]
    for process in found:
        found.extend(children[process])
    return found


def _proportional(process: int) -> float:
    """Memory of a process in MB, with its part of the shared pages."""
    try:
        text = (_PROC / str(process) / "smaps_rollup").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0]) / 1000


def changed(recap: str) -> int:
    """The number of changed tasks of a playbook run, over all hosts."""
    return sum(int(count) for count in re.findall(r"\bchanged=(\d+)", recap))


def tasks_by_host(recap: str) -> dict[str, int]:
    """The number of tasks of each host, skipped ones included."""
    rows = re.findall(r"^(\S+)\s+: ok=(\d+) .*\bskipped=(\d+)", recap, re.MULTILINE)
    return {host: int(ok) + int(skipped) for host, ok, skipped in rows}


def calls_by_address(log: str) -> dict[str, int]:
    """The number of remote calls to each address, from the output of a run with -vvv."""
    return dict(collections.Counter(re.findall(r"^<(\S+)> SSH: EXEC ", log, re.MULTILINE)))


def copied(inventory: str, *, name: str = "") -> pathlib.Path:
    """Copies the inventory without the files of its cluster, so that a benchmark does not use the CAs of an existing cluster."""
    source = ROOT / inventory
    target = ROOT / ".build" / "bench" / (name or source.name)
    shutil.rmtree(target, ignore_errors=True)
    of_cluster = shutil.ignore_patterns("pki", "kubeconfig", "ssh_config", "lab.yml")
    shutil.copytree(source, target, ignore=of_cluster)
    return target
