# SPDX-License-Identifier: GPL-3.0-or-later
"""The membership of real etcd processes follows the inventory: the quorum is never lost, and no key."""

from __future__ import annotations

import collections.abc as c
import os
import random
import shutil
import time
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import membership
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import member_list
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import look
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.plan_members import Policy
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

from .etcd_processes import Client, Cluster, Machine, Writer

# No new change is begun after so many seconds; etcd itself wants five seconds of peace before each addition.
_SECONDS = 22.0
# An election after a killed leader, on a machine that does other things too
_LONGEST_GAP = 8.0


def first_start(cluster: Cluster, members: int) -> None:
    cluster.inventory = [cluster.machine().name for _member in range(members)]
    assert cluster.converge() == [("start", name) for name in cluster.inventory]
    assert cluster.voters() == sorted(cluster.inventory)


def expect_keys(cluster: Cluster, keys: dict[str, str]) -> None:
    for name in cluster.inventory:
        assert Client(cluster.machines[name].client_url, cluster.access).all() == keys, f"{name} has not what was acknowledged"
    hashes = cluster.hashes()
    assert len(hashes) == len(cluster.inventory)
    assert len(set(hashes.values())) == 1, f"members differ: {hashes}"


class Host:
    """A machine as ``etcd_members`` sees it: systemd is played, the process and its data are real."""

    def __init__(self, cluster: Cluster, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cluster, self.machine = cluster, machine
        self._files = cluster.directory / "host"
        self._files.mkdir()
        for name in ("initial-cluster.conf", "member-started"):
            (self._files / name).touch()
        monkeypatch.setattr(host_lock, "PATH", str(self._files / "lock"))
        monkeypatch.setattr(membership, "must", lambda argv, **_options: self._systemctl(argv[1]))
        monkeypatch.setattr(membership, "run_program", lambda _argv: None)

    def _systemctl(self, command: str) -> None:
        self.machine.kill()
        if command == "restart":
            lines = (self._files / "initial-cluster.conf").read_text(encoding="utf-8").splitlines()
            settings = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
            initial, state = (settings[f"ETCD_INITIAL_CLUSTER{suffix}"].strip('"') for suffix in ("", "_STATE"))
            self.machine.start(self.cluster.etcd, initial_cluster=initial, state=state)

    def perform(self, actions: t.Sequence[PlannedAction]) -> None:
        member = {
            "host": self.machine.name,
            "unit": "etcd.service",
            "data_directory": str(self.machine.data),
            "initial_cluster_file": str(self._files / "initial-cluster.conf"),
            "started_file": str(self._files / "member-started"),
            "token": "tested",
            "url": self.machine.client_url,
            "deadline": 60.0,
        }
        asked = {"access": self.cluster.access._asdict(), "endpoints": self.cluster.endpoints}
        membership.run("perform", {**asked, "member": member, "actions": [action.for_host() for action in actions]})


class Changes:
    """What an operator and the world do; each leaves a quorum alive."""

    def __init__(self, cluster: Cluster, dice: random.Random) -> None:
        self.cluster, self.dice = cluster, dice
        self._left = self._shuffled()

    def add(self) -> str:
        """A new host anywhere in the list, or one that was a member once and still has its old data."""
        cluster = self.cluster
        former = [name for name, machine in cluster.machines.items() if name not in cluster.inventory and machine.data.exists()]
        name = self.dice.choice(former) if former and self.dice.random() < 0.5 else cluster.machine().name
        cluster.inventory.insert(self.dice.randint(0, len(cluster.inventory)), name)
        return name

    def remove(self) -> str:
        name = self.dice.choice(self.cluster.inventory)
        self.cluster.inventory.remove(name)
        return name

    def replace_first(self) -> str:
        return self._replace(0)

    def replace_dead(self) -> str:
        index = self.dice.randrange(len(self.cluster.inventory))
        self.cluster.machines[self.cluster.inventory[index]].kill()
        return self._replace(index)

    def _replace(self, index: int) -> str:
        name, self.cluster.inventory[index] = self.cluster.inventory[index], self.cluster.machine().name
        return name

    def lose_data(self) -> str:
        name = self.dice.choice(self.cluster.inventory)
        self.cluster.machines[name].lose_data()
        return name

    def move(self) -> str:
        name = self.dice.choice(self.cluster.inventory)
        self.cluster.machines[name].peer_port = self.cluster.port()
        return name

    def stop(self) -> str:
        name = self.dice.choice(self.cluster.inventory)
        self.cluster.machines[name].kill()
        return name

    def next(self) -> c.Callable[[], str]:
        """Every kind once before any comes again; with three members none goes, with five none comes."""
        size = len(self.cluster.inventory)
        for _kind in range(2):
            for index, kind in enumerate(self._left):
                if not (kind == self.add and size >= 5) and not (kind == self.remove and size <= 3):
                    return self._left.pop(index)
            self._left = self._shuffled()
        raise AssertionError("no change is possible")

    def _shuffled(self) -> list[c.Callable[[], str]]:
        kinds = [self.add, self.remove, self.replace_first, self.replace_dead, self.lose_data, self.move, self.stop]
        return self.dice.sample(kinds, len(kinds))


def test_random_changes_keep_quorum_and_keys(cluster: Cluster) -> None:
    seed = int(os.environ.get("BAREHOST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"BAREHOST_SEED={seed}")
    dice = random.Random(seed)
    first_start(cluster, 3)
    changes, history, end = Changes(cluster, dice), [], time.monotonic() + _SECONDS
    writer = Writer(cluster)
    writer.start()
    try:
        while time.monotonic() < end:
            change = changes.next()
            began, history = time.monotonic(), [*history, f"{change.__name__} {change()}"]
            done = cluster.converge()
            print(f"{history[-1]}: {done} in {time.monotonic() - began:.1f} s")
            assert done, f"nothing was done after {history}"
            assert cluster.voters() == sorted(cluster.inventory), f"after {history}"
    finally:
        writer.finish()
    print(f"{len(history)} changes, {len(writer.acknowledged)} keys, longest time without a write {writer.longest_gap:.2f} s")
    assert len(history) >= 3
    assert writer.longest_gap < _LONGEST_GAP, f"no write for {writer.longest_gap:.1f} s: {history}"
    expect_keys(cluster, writer.acknowledged)


def test_a_lost_quorum_is_refused_and_rebuilt_when_told(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    # there will be no election to wait for
    monkeypatch.setattr(member_list, "_ELECTION", 1.0)
    first_start(cluster, 3)
    Client(cluster.endpoints[0], cluster.access).put("k", "kept")
    survivor, *lost = cluster.inventory[::-1]
    for name in lost:
        cluster.machines[name].lose_data()
    with pytest.raises(PlanError, match=r"0 of 3 voters are healthy and the quorum of 3 is 2"):
        cluster.converge()
    done = cluster.converge(Policy(disaster_recovery=True))
    assert done[0] == ("rebuild", survivor)
    assert cluster.voters() == sorted(cluster.inventory)
    expect_keys(cluster, {"k": "kept"})


def test_a_first_start_that_was_cut_short_goes_on(cluster: Cluster) -> None:
    cluster.inventory = [cluster.machine().name for _member in range(3)]
    first, *others = cluster.planned().actions
    machine = cluster.machines[first.target]
    machine.start(cluster.etcd, initial_cluster=first.data["initial_cluster"], state="new")
    end = time.monotonic() + 20
    while cluster.local(machine).committed is None:
        assert time.monotonic() < end, "the process does not tell what it has committed"
        time.sleep(0.1)
    assert cluster.converge() == [(action.operation, action.target) for action in others]
    assert cluster.voters() == sorted(cluster.inventory)


def test_a_voter_on_deleted_files_is_replaced_by_the_other_of_two(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """F8: its vote is needed for its own removal, so it is not stopped before. The steps are those of a host, with its real process."""
    first_start(cluster, 2)
    Client(cluster.endpoints[0], cluster.access).put("k", "kept")
    # the leader, whose removal is the harder one
    leader = next(
        name
        for name in cluster.inventory
        if (said := look(cluster.machines[name].client_url, cluster.access))["leader"] == said["member_id"]
    )
    machine = cluster.machines[leader]
    shutil.rmtree(machine.data)
    host = Host(cluster, machine, monkeypatch)
    actions = cluster.planned().actions
    assert [(action.operation, action.target) for action in actions] == [(step, leader) for step in ("remove", "add", "start", "promote")]
    host.perform(actions)
    assert cluster.voters() == sorted(cluster.inventory)
    expect_keys(cluster, {"k": "kept"})
    assert cluster.planned().actions == ()
