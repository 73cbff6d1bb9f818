# SPDX-License-Identifier: GPL-3.0-or-later
"""The molecule scenario `default`: what molecule's Vagrant driver would create is what the inventory says.

Molecule, its driver and the driver's module really run; only the program `vagrant` is a stand-in. The Vagrantfile that the module
writes is evaluated as the committed one is.
"""

from __future__ import annotations

import collections.abc
import json
import pathlib
import shutil
import sys
import typing as t

import pytest
import yaml

from .command import ROOT, run
from .test_vagrant import BOXES, DIGEST, RECORDER, SIZES, groups_of

HERE = pathlib.Path(__file__).parent
SCENARIO = ROOT / "molecule" / "default" / "molecule.yml"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A home with the driver's collection, the stand-in first on the path, and a working directory for molecule."""
    home = tmp_path_factory.mktemp("home")
    packages = home / "packages"
    command = ["pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target", str(packages), "--requirement"]
    run(sys.executable, "-m", *command, str(HERE / "vagrant_driver.txt"))
    collection = home / ".ansible" / "collections" / "ansible_collections" / "community" / "vagrant"
    modules = collection / "plugins" / "modules"
    modules.mkdir(parents=True)
    manifest = {"collection_info": {"namespace": "community", "name": "vagrant", "version": "1.0.1"}}
    (collection / "MANIFEST.json").write_text(json.dumps(manifest), encoding="utf-8")
    # away from the path of Python's packages, too: molecule itself takes the driver of today's release
    (packages / "molecule_plugins" / "vagrant" / "modules" / "vagrant.py").rename(modules / "vagrant.py")
    shutil.rmtree(packages / "molecule_plugins")
    programs = home / "bin"
    programs.mkdir()
    (programs / "vagrant").symlink_to(HERE / "vagrant_stand_in.sh")
    return {
        "HOME": str(home),
        "PATH": f"{pathlib.Path(sys.executable).parent}:{programs}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(packages),
        "BAREHOST_BOX_SHA256": DIGEST,
        "MOLECULE_GLOB": "molecule/*/molecule.yml",
        "MOLECULE_EPHEMERAL_DIRECTORY": str(home / "ephemeral"),
    }


@pytest.fixture(scope="module")
def created(environment: dict[str, str]) -> collections.abc.Iterator[pathlib.Path]:
    """Molecule's directory of the scenario after `molecule create`, which `molecule destroy` removes again."""
    run("molecule", "create", "--scenario-name", "default", **environment)
    yield pathlib.Path(environment["MOLECULE_EPHEMERAL_DIRECTORY"])
    run("molecule", "destroy", "--scenario-name", "default", **environment)


def machines(vagrantfile: pathlib.Path) -> dict[str, dict[str, t.Any]]:
    """What a Vagrantfile sets for each machine, by its name."""
    calls = json.loads(run("ruby", str(RECORDER), str(vagrantfile)))["children"]["vm"]["calls"]
    return {call["arguments"][0]: call["block"]["children"]["vm"] for call in calls if call["name"] == "define"}


def the_call(machine: dict[str, t.Any], name: str, first: str) -> dict[str, t.Any]:
    """The one call of this name with this first argument."""
    (found,) = [call for call in machine["calls"] if call["name"] == name and call["arguments"][0] == first]
    return t.cast(dict[str, t.Any], found)


@pytest.mark.slow
def test_the_scenario_is_the_inventory() -> None:
    assert SCENARIO.read_text(encoding="utf-8") == run(sys.executable, "tools/vagrant_platforms.py", "--print")


@pytest.mark.slow
@pytest.mark.parametrize("release", ["10", "9"])
@pytest.mark.parametrize("provider", ["libvirt", "virtualbox"])
def test_other_boxes_can_be_generated(release: str, provider: str) -> None:
    text = run(sys.executable, "tools/vagrant_platforms.py", "--print", BAREHOST_EL=release, VAGRANT_DEFAULT_PROVIDER=provider)
    scenario = yaml.safe_load(text)
    assert scenario["driver"]["provider"] == {"name": provider}
    assert {platform["box_url"] for platform in scenario["platforms"]} == {BOXES[release][provider]["url"]}
    assert {"provider_options" in platform for platform in scenario["platforms"]} == {provider == "libvirt"}


@pytest.mark.slow
def test_machines_are_the_hosts_of_the_inventory(created: pathlib.Path) -> None:
    addresses, groups = groups_of("lab")
    found = machines(created / "Vagrantfile")
    assert set(found) == set(addresses)
    for name, machine in found.items():
        libvirt = the_call(machine, "provider", "libvirt")["block"]["settings"]
        assert machine["settings"]["hostname"] == name
        assert the_call(machine, "network", "private_network")["options"] == {"ip": addresses[name]}
        assert libvirt["memory"] == max(SIZES[group]["memory"] for group in groups[name])
        assert libvirt["cpus"] == max(SIZES[group]["cpus"] for group in groups[name])
        assert libvirt["cpu_mode"] == "host-passthrough"


@pytest.mark.slow
def test_the_box_is_checked_and_shares_no_folder(created: pathlib.Path) -> None:
    for machine in machines(created / "Vagrantfile").values():
        settings = machine["settings"]
        assert settings["box_url"] == BOXES["10"]["libvirt"]["url"]
        assert (settings["box_download_checksum_type"], settings["box_download_checksum"]) == ("sha256", DIGEST)
        assert the_call(machine, "synced_folder", ".")["options"] == {"disabled": True}
        assert "/root/.ssh" in the_call(machine, "provision", "shell")["options"]["inline"]


@pytest.mark.slow
def test_ansible_reaches_the_machines_at_the_addresses_of_the_inventory(created: pathlib.Path, environment: dict[str, str]) -> None:
    """Molecule's inventory and the lab's together, as molecule gives them to ansible-playbook."""
    # molecule writes its inventory, with the connections that the driver knows, at the begin of the next command
    run("molecule", "syntax", "--scenario-name", "default", **environment)
    sources = ["--inventory", str(created / "inventory"), "--inventory", str(ROOT / "inventories" / "lab")]
    listing = json.loads(run("ansible-inventory", *sources, "--list", ANSIBLE_CONFIG=str(ROOT / "ansible.cfg")))
    addresses, groups = groups_of("lab")
    variables = listing["_meta"]["hostvars"]
    assert {name: variables[name]["ansible_host"] for name in addresses} == addresses
    assert {name: variables[name]["ansible_private_key_file"].rpartition("/")[2] for name in addresses} == {
        name: f"{name}.key" for name in addresses
    }
    assert set(variables) == set(addresses)
    assert {group: listing[group]["hosts"] for group in ("etcd", "master", "minion")} == {
        group: [name for name in addresses if group in groups[name]] for group in ("etcd", "master", "minion")
    }


@pytest.mark.slow
def test_a_box_without_a_digest_is_refused(environment: dict[str, str], tmp_path: pathlib.Path) -> None:
    without = {**environment, "BAREHOST_BOX_SHA256": "", "MOLECULE_EPHEMERAL_DIRECTORY": str(tmp_path / "ephemeral")}
    with pytest.raises(pytest.fail.Exception) as failure:
        run("molecule", "create", "--scenario-name", "default", **without)
    assert "box_download_checksum and box_download_checksum_type must be used together" in " ".join(str(failure.value).split())
