# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks share: commands that are timed, and what is read from the output of Ansible's."""

from __future__ import annotations

import collections
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
_PROC = pathlib.Path("/proc")


class Timed(NamedTuple):
    """A command that succeeded: seconds, seconds of the processor, MB of memory at its peak, and what it printed."""

    seconds: float
    processor: float
    memory: float
    output: str


def timed(*command: str, given: str = "") -> Timed:
    """Runs a command; the program ends with its output when it fails."""
    started, before = time.monotonic(), processor_time()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, text=True)
        watch = _Memory(process.pid)
        watch.start()
        process.communicate(given)
        watch.ended.set()
        seconds, used = time.monotonic() - started, processor_time() - before
        output.seek(0)
        text = output.read()
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}\n{text}")
    return Timed(seconds, used, watch.peak, text)


def processor_time() -> float:
    """Seconds that all children of this program, and theirs, have used the processor until now."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class _Memory(threading.Thread):
    """Watches a process and all below it: the most that they have together, where a page that several share counts once."""

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
    """Megabytes of a process, of shared pages its share."""
    try:
        text = (_PROC / str(process) / "smaps_rollup").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0]) / 1000


def changed(recap: str) -> int:
    """The number of changed tasks of a playbook run, over all hosts."""
    return sum(int(count) for count in re.findall(r"\bchanged=(\d+)", recap))


def tasks_by_host(recap: str) -> dict[str, int]:
    """How many tasks a playbook run had for each host, the skipped ones too."""
    rows = re.findall(r"^(\S+)\s+: ok=(\d+) .*\bskipped=(\d+)", recap, re.MULTILINE)
    return {host: int(ok) + int(skipped) for host, ok, skipped in rows}


def calls_by_address(log: str) -> dict[str, int]:
    """How many times a run with -vvv went to each address."""
    return dict(collections.Counter(re.findall(r"^<(\S+)> SSH: EXEC ", log, re.MULTILINE)))


def copied(inventory: str, *, name: str = "") -> pathlib.Path:
    """A copy of the inventory without what was born for its cluster: a benchmark must not touch anybody's authorities."""
    source = ROOT / inventory
    target = ROOT / ".build" / "bench" / (name or source.name)
    shutil.rmtree(target, ignore_errors=True)
    born = shutil.ignore_patterns("pki", "kubeconfig", "ssh_config", "lab.yml")
    shutil.copytree(source, target, ignore=born)
    return target
