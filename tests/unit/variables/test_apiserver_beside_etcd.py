# SPDX-License-Identifier: GPL-3.0-or-later
"""When the member of etcd restarts, the apiserver of its host stops first, unless that takes away the API and saves nothing."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import changes
groups = json.loads(sys.argv[2])
cluster = changes.Cluster({}, {"groups": groups})
print(json.dumps({host: cluster._lines("etcd", host) for host in groups["etcd"]}))
"""


def stopped(**groups: list[str]) -> dict[str, list[str]]:
    """For each member, the units that stop before it restarts."""
    command = [sys.executable, "-c", PROGRAM, str(pathlib.Path(__file__).parent), json.dumps({**groups, "minion": ["w1"]})]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {}
    for host, lines in json.loads(done.stdout).items():
        (line,) = (line for line in lines if line.startswith("dependents: "))
        found[host] = [unit["name"] for unit in json.loads(line.partition(": ")[2])]
    return found


API = ["kube-apiserver.service"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("masters", "members", "wanted"),
    [
        pytest.param(["m1"], ["m1"], {"m1": API}, id="the only member: it would wait 7 s for the watches of the apiserver"),
        pytest.param(["m1", "m2"], ["m1"], {"m1": API}, id="clients go to the other apiserver"),
        pytest.param(["m1"], ["m1", "b1", "b2"], {"m1": [], "b1": [], "b2": []}, id="the only apiserver goes to other members"),
        pytest.param(["m1"], ["b1"], {"b1": []}, id="etcd on a host of its own"),
        pytest.param(["m1", "m2"], ["m1", "m2", "b1"], {"m1": API, "m2": API, "b1": []}, id="several of both"),
    ],
)
def test_the_apiserver_stops_before_its_member(masters: list[str], members: list[str], wanted: dict[str, list[str]]) -> None:
    assert stopped(master=masters, etcd=members) == wanted
