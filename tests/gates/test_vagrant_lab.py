# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/vagrant_lab.py: digests and ssh_config, without Vagrant."""

from __future__ import annotations

import importlib.util
import types

import pytest

from .command import ROOT

BOX = "CentOS-Stream-Vagrant-10-latest.x86_64.vagrant-libvirt.box"
DIGEST = "0123456789abcdef" * 4
OTHER = "f" * 64
# the form of `vagrant ssh-config`
FROM_VAGRANT = """\
Host k8s.master.dev
  HostName 192.168.121.44
  User vagrant
  Port 22
  StrictHostKeyChecking no
  IdentityFile /somewhere/.vagrant/machines/k8s.master.dev/libvirt/private_key

Host k8s.minion1.dev
  HostName 127.0.0.1
  User vagrant
  Port 2222
"""


@pytest.fixture(scope="module")
def tool() -> types.ModuleType:
    specification = importlib.util.spec_from_file_location("vagrant_lab", ROOT / "tools" / "vagrant_lab.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "listing",
    [f"{DIGEST}\n", f"{OTHER}  other.box\n{DIGEST}  {BOX}\n", f"# comment\nSHA256 (other.box) = {OTHER}\nSHA256 ({BOX}) = {DIGEST}\n"],
)
def test_digest_of_a_box(tool: types.ModuleType, listing: str) -> None:
    assert tool.digest_of(listing=listing, file=BOX) == DIGEST


def test_digest_of_another_file_is_not_taken(tool: types.ModuleType) -> None:
    with pytest.raises(SystemExit, match=f"has none for {BOX}"):
        tool.digest_of(listing=f"{OTHER}  other.box\n", file=BOX)


def test_ssh_config_matches_names_and_addresses(tool: types.ModuleType) -> None:
    addresses = {"k8s.master.dev": "192.168.200.100", "k8s.minion1.dev": "192.168.200.101"}
    lines = tool.ssh_config(vagrant=FROM_VAGRANT, addresses=addresses).splitlines()
    assert [line for line in lines if line.startswith("Host ")] == [
        "Host k8s.master.dev 192.168.200.100",
        "Host k8s.minion1.dev 192.168.200.101",
    ]
    assert [line.split()[1] for line in lines if line.strip().startswith("User ")] == ["root", "root"]
    assert "  Port 2222" in lines
    assert not [line for line in lines if "vagrant" in line and "User" in line]
