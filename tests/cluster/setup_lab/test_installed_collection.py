# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as a user has it: built, installed elsewhere, run by its name with nothing of the checkout."""

from __future__ import annotations

import os
import pathlib
import re
import sys

from ..driver import Cluster, run

BIN = pathlib.Path(sys.executable).parent


def test_site_runs_from_the_installed_collection(cluster: Cluster, tmp_path: pathlib.Path) -> None:
    collections = tmp_path / "collections"
    run(str(BIN / "ansible-galaxy"), "collection", "build", "--output-path", str(tmp_path))
    (archive,) = tmp_path.glob("*.tar.gz")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment |= {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_NOCOLOR": "1"}
    install = [str(BIN / "ansible-galaxy"), "collection", "install", "--offline", str(archive), "--collections-path", str(collections)]
    run(*install, env=environment, cwd=tmp_path)
    inventory = str(cluster.inventory / "hosts.yml")
    done = run(str(BIN / "ansible-playbook"), "barehost.kubernetes.site", "-i", inventory, env=environment, cwd=tmp_path)
    assert not (tmp_path / "ansible.cfg").exists()
    counts = re.findall(r"changed=(\d+) +unreachable=(\d+) +failed=(\d+)", done.stdout)
    assert counts == [("0", "0", "0")] * 4, done.stdout[-4000:]
