# SPDX-License-Identifier: GPL-3.0-or-later
"""The number of flannel's VXLAN is a part of the name of an interface, which roles, playbooks and checks must know by the same name."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[3]
PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import changes
cluster = changes.Cluster({"flannel_backend": json.loads(sys.argv[2])}, {})
print(json.dumps({place: cluster.text(place) for place in ("host", "firewall", "flannel", "playbooks")}))
"""


def texts(backend: dict[str, object]) -> dict[str, list[str]]:
    """What roles and playbooks say of a worker, by role."""
    command = [sys.executable, "-c", PROGRAM, str(pathlib.Path(__file__).parent), json.dumps(backend)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "name"), [({"Type": "vxlan"}, "flannel.1"), ({"Type": "vxlan", "VNI": 7}, "flannel.7")])
def test_all_know_the_tunnel_by_the_same_name(backend: dict[str, object], name: str) -> None:
    for place, lines in texts(backend).items():
        assert set(re.findall(r"\bflannel\.\d+", "\n".join(lines))) == {name}, place


def test_no_file_of_ours_writes_the_name_itself() -> None:
    files = [
        path for folder in ("roles", "playbooks", "plugins") for path in (ROOT / folder).rglob("*") if path.suffix in (".yml", ".j2", ".py")
    ]
    named = [path for path in files if re.search(r"flannel\.(\d|\{)", path.read_text(encoding="utf-8"))]
    # the documented default of an option of two modules; and a check on the host, which takes the number from what flanneld told
    assert {path.name for path in named} <= {"pod_network.py", "doctor.py", "checks_lease.py", "flannel_interface.yml"}
