# SPDX-License-Identifier: GPL-3.0-or-later
"""The measures of tools/bench: one or two trees in turns on the same hosts of the lab."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Iterator

import bench_hosts
import bench_upgrade
import waterfall
from bench_results import Results, listed, rows
from bench_rows import table
from bench_runs import ROOT, Timed, calls_by_address, changed, copied, ping, say, tasks_by_host, timed
from bench_trees import Tree

# Name in a row, and the options of `lab/lab line`.
SLOW_LINES = {"100 ms": ("--round-trip", "100"), "10 Mbit/s": ("--bandwidth", "10")}
# A flag whose value nothing else depends on, with a value that is new each time.
_FLAG, _FIRST_VALUE = "min-request-timeout", 1801
_ATTEMPTS = 3


class Bench:
    """Hosts of the lab, the trees that are measured on them, and what has been measured so far."""

    def __init__(self, inventory: str, trees: list[Tree], *, rounds: int) -> None:
        self._source = inventory
        self._trees = trees
        self._rounds = rounds
        self._inventory = copied(inventory)
        self._values = iter(range(_FIRST_VALUE, 10_000))
        self._hosts: list[bench_hosts.LabHost] = []
        self.results = {tree.name: Results() for tree in trees}
        self.pings: list[float] = []
        self.restarts: list[float] = []
        self.by_hand: list[float] = []
        self.upgrades: list[bench_upgrade.Upgraded] = []

    def run(self, *, firsts: int) -> None:
        try:
            for attempt in range(firsts):
                for tree in self._turn(attempt):
                    self._first(tree)
            self._second_runs()
            self._changed_flags()
            for tree in self._trees:
                self._counts(tree)
            for _attempt in range(firsts):
                self._by_hand()
                self.upgrades.append(bench_upgrade.measure(copied(self._source)))
        finally:
            timed("lab/lab", "down")

    def report(self) -> list[str]:
        now, *others = self._trees
        several = len(bench_hosts.masters(self._hosts)) > 1
        shown = rows(self, self.results[now.name], self.results[others[0].name] if others else None, several_masters=several)
        lines = table(shown, before=others[0].name if others else None)
        for tree in self._trees:
            result = self.results[tree.name]
            lines += [f"{tree.name}: tasks of the second run: {listed(result.tasks)}"]
            lines += [f"{tree.name}: remote calls of the second run: {listed(result.calls)}"]
            lines += [f"{tree.name}: waterfalls: {', '.join(str(path.relative_to(ROOT)) for path in result.pictures)}"]
        return lines

    def _turn(self, number: int) -> Iterator[Tree]:
        """All trees; every second time the last one first, so that none has the better place."""
        return iter(self._trees if number % 2 == 0 else self._trees[::-1])

    def _bare(self) -> None:
        """Bare hosts, and an inventory without anything of an earlier cluster. Connections of ssh are there."""
        self._inventory = copied(self._source)
        say(timed("lab/lab", "up", str(self._inventory)), "lab/lab up, until ssh answers")
        self._hosts = bench_hosts.of_lab()
        ping(self._inventory)

    def _first(self, tree: Tree) -> None:
        self._bare()
        profile = self._profile("first", tree)
        run = tree.site(self._inventory, environment={"BAREHOST_PROFILE": str(profile)})
        say(run, f"{tree.name}: bare hosts, until all nodes are Ready")
        result = self.results[tree.name]
        result.first.append(run.seconds)
        self._draw(tree, profile, "first run")

    def _unchanged(self, tree: Tree) -> tuple[Timed, float]:
        """A run that changes nothing, and what its commands cost the workers. Before it, the other tree may leave something to do."""
        workers = bench_hosts.workers(self._hosts)
        for _attempt in range(_ATTEMPTS):
            before = bench_hosts.used_by_commands(workers)
            run = tree.site(self._inventory)
            used = bench_hosts.used_by_commands(workers) - before
            if not changed(run.output):
                return run, used
        sys.exit(f"{tree.name}: {_ATTEMPTS} runs changed something, so there is no run without changes to measure:\n{run.output}")

    def _second_runs(self) -> None:
        """On a fast line and on slow ones within one round, because what else the machine does changes from minute to minute."""
        for number in range(self._rounds):
            for tree in self._turn(number):
                run, used = self._unchanged(tree)
                say(run, f"{tree.name}: a run that changes nothing")
                result = self.results[tree.name]
                result.tasks = tasks_by_host(run.output)
                result.second.append(run.seconds)
                result.controller.append(run.processor / len(result.tasks))
                if workers := bench_hosts.workers(self._hosts):
                    result.looks.append(used / len(workers))
            self.pings.append(ping(self._inventory).seconds)
            for name, options in SLOW_LINES.items():
                timed("lab/lab", "line", *options)
                for tree in self._turn(number):
                    run, _used = self._unchanged(tree)
                    say(run, f"{tree.name}: the same on a line of {name}")
                    self.results[tree.name].slow.setdefault(name, []).append(run.seconds)
            timed("lab/lab", "line")

    def _changed_flags(self) -> None:
        """A new value for a flag of the apiserver. The run ends when the apiserver is healthy."""
        masters = bench_hosts.masters(self._hosts)
        settings = self._inventory / "group_vars" / "all" / "bench.yml"
        for number in range(self._rounds):
            for tree in self._turn(number):
                if len(self._trees) > 1:
                    self._unchanged(tree)
                settings.write_text(f"master_apiserver_arguments: {{{_FLAG}: '{next(self._values)}'}}\n", encoding="utf-8")
                run = tree.site(self._inventory)
                bench_hosts.apiservers_are_ready(masters)
                say(run, f"{tree.name}: one changed flag of the apiserver, until it is healthy")
                if not changed(run.output):
                    sys.exit(f"{tree.name}: a changed flag changed nothing:\n{run.output}")
                self.results[tree.name].flag.append(run.seconds)
            self.restarts.append(bench_hosts.restart_apiservers(masters))

    def _counts(self, tree: Tree) -> None:
        """One run for the waterfall, and one whose log is counted."""
        self._unchanged(tree)
        profile = self._profile("second", tree)
        tree.site(self._inventory, environment={"BAREHOST_PROFILE": str(profile)})
        self._draw(tree, profile, "second run")
        self.results[tree.name].calls = calls_by_address(tree.site(self._inventory, "-vvv").output)

    def _by_hand(self) -> None:
        arguments = bench_hosts.by_hand_arguments(self._hosts, self._inventory)
        if arguments is None:
            return
        self._bare()
        run = timed("tools/by-hand/install", *arguments)
        say(run, "by hand: bare hosts, until all nodes are Ready")
        self.by_hand.append(run.seconds)

    def _profile(self, which: str, tree: Tree) -> pathlib.Path:
        return ROOT / ".build" / "bench" / f"{self._inventory.name}-{which}-{tree.name}.json"

    def _draw(self, tree: Tree, profile: pathlib.Path, title: str) -> None:
        picture = profile.with_suffix(".html")
        waterfall.draw(profile, picture, f"{self._source}, {title}, {tree.name}")
        pictures = self.results[tree.name].pictures
        if picture not in pictures:
            pictures.append(picture)
