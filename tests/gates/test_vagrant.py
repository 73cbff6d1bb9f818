# SPDX-License-Identifier: GPL-3.0-or-later
"""The Vagrantfile, as far as it can be proven without virtual machines: its syntax, and what it asks of Vagrant."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
import yaml

from .command import ROOT, run

INVENTORIES = sorted(path.parent.name for path in (ROOT / "inventories").glob("*/hosts.yml"))
RECORDER = pathlib.Path(__file__).parent / "vagrant_recorder.rb"
SIZES = yaml.safe_load((ROOT / "vagrant" / "sizes.yml").read_text(encoding="utf-8"))
BOXES = yaml.safe_load((ROOT / "vagrant" / "boxes.yml").read_text(encoding="utf-8"))
DIGEST = "0123456789abcdef" * 4


def record(inventory: str, **environment: str) -> dict[str, t.Any]:
    """What the Vagrantfile sets for all machines."""
    output = run("ruby", str(RECORDER), "Vagrantfile", BAREHOST_INVENTORY=f"inventories/{inventory}", **environment)
    settings: dict[str, t.Any] = json.loads(output)["children"]["vm"]
    return settings


def machines(inventory: str) -> dict[str, dict[str, t.Any]]:
    """What it sets for each machine: address, and memory and processors by provider."""
    result = {}
    for call in record(inventory)["calls"]:
        if call["name"] != "define":
            continue
        machine = call["block"]["children"]["vm"]
        calls = {(entry["name"], entry["arguments"][0]): entry for entry in machine["calls"]}
        result[call["arguments"][0]] = {
            "hostname": machine["settings"]["hostname"],
            "address": calls["network", "private_network"]["options"]["ip"],
            **{provider: calls["provider", provider]["block"]["settings"] for provider in ("libvirt", "virtualbox")},
        }
    return result


def groups_of(inventory: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Addresses and groups as Ansible reads the inventory."""
    listing = json.loads(run("ansible-inventory", "--inventory", f"inventories/{inventory}", "--list"))
    addresses = {name: variables["ansible_host"] for name, variables in listing["_meta"]["hostvars"].items()}
    groups: dict[str, list[str]] = {name: [] for name in addresses}
    for group in SIZES:
        for name in listing.get(group, {}).get("hosts", []):
            groups[name].append(group)
    return addresses, groups


@pytest.mark.slow
@pytest.mark.parametrize("file", ["Vagrantfile", "vagrant/inventory.rb", "tests/gates/vagrant_recorder.rb"])
def test_ruby_syntax(file: str) -> None:
    assert run("ruby", "-c", file) == "Syntax OK\n"


@pytest.mark.slow
@pytest.mark.parametrize("inventory", INVENTORIES)
def test_machines_are_the_hosts_of_the_inventory(inventory: str) -> None:
    addresses, groups = groups_of(inventory)
    found = machines(inventory)
    assert {name: machine["address"] for name, machine in found.items()} == addresses
    assert {name: machine["hostname"] for name, machine in found.items()} == {name: name for name in addresses}
    for name, machine in found.items():
        for provider in ("libvirt", "virtualbox"):
            assert machine[provider]["memory"] == max(SIZES[group]["memory"] for group in groups[name])
            assert machine[provider]["cpus"] == max(SIZES[group]["cpus"] for group in groups[name])


@pytest.mark.slow
@pytest.mark.parametrize("release", ["10", "9"])
@pytest.mark.parametrize("provider", ["libvirt", "virtualbox"])
def test_the_box_is_of_the_release_and_checked(release: str, provider: str) -> None:
    environment = {"BAREHOST_EL": release, "VAGRANT_DEFAULT_PROVIDER": provider, "BAREHOST_BOX_SHA256": DIGEST}
    settings = record("lab", **environment)["settings"]
    assert settings["box_url"] == BOXES[release][provider]["url"]
    assert f"/{release}-stream/" in settings["box_url"]
    assert settings["box_url"].startswith("https://")
    assert (settings["box_download_checksum_type"], settings["box_download_checksum"]) == ("sha256", DIGEST)


@pytest.mark.slow
def test_no_folder_of_the_controller_is_shared() -> None:
    calls = [call for call in record("lab")["calls"] if call["name"] == "synced_folder"]
    assert [(call["arguments"], call["options"]) for call in calls] == [([".", "/vagrant"], {"disabled": True})]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "environment", "wanted"),
    [
        (["up"], {}, "No digest for https://"),
        ([], {"BAREHOST_INVENTORY": "inventories/none"}, "hosts.yml is not there"),
        ([], {"BAREHOST_EL": "8"}, "BAREHOST_EL=8 is none of 10, 9"),
        ([], {"VAGRANT_DEFAULT_PROVIDER": "hyperv"}, "no box of EL 10 for hyperv"),
    ],
)
def test_what_cannot_work_is_refused(arguments: list[str], environment: dict[str, str], wanted: str) -> None:
    with pytest.raises(pytest.fail.Exception) as failure:
        run("ruby", str(RECORDER), "Vagrantfile", *arguments, **environment)
    assert wanted in str(failure.value)
