# SPDX-License-Identifier: GPL-3.0-or-later
"""EL finding 1: nodes need modules that EL 10 has in a package of its own. A host that runs no pods does not."""

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
cluster = changes.Cluster(json.loads(sys.argv[2]), {})
print(json.dumps({host: cluster._lines("host", host) for host in ("m1", "w1")}))
"""
OF_NODES = ("br_netfilter", "xt_comment", "nft_compat", "net.bridge.bridge-nf-call-iptables")


def host_role(**variables: object) -> dict[str, str]:
    command = [sys.executable, "-c", PROGRAM, str(pathlib.Path(__file__).parent), json.dumps(variables)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {host: "\n".join(lines) for host, lines in json.loads(done.stdout).items()}


@pytest.mark.slow
def test_only_nodes_need_modules_of_iptables_and_bridges() -> None:
    found = host_role(master_registers_node=False)
    assert all(name in found["w1"] for name in OF_NODES)
    assert not any(name in found["m1"] for name in OF_NODES)
    assert "net.ipv4.ip_forward" in found["m1"]
    # a master that is a node, as by default
    assert all(name in host_role()["m1"] for name in OF_NODES)
