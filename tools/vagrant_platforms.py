#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes molecule/default/molecule.yml, or prints it: the hosts of an inventory as platforms of molecule's Vagrant driver.

usage: vagrant_platforms.py [--print]

Names, addresses and groups are those of BAREHOST_INVENTORY (inventories/lab), memory and processors those of vagrant/sizes.yml, the box
that of vagrant/boxes.yml for BAREHOST_EL (10) and VAGRANT_DEFAULT_PROVIDER (libvirt). A gate compares the committed file with this.
"""

from __future__ import annotations

import os
import pathlib
import sys
import typing as t

import vagrant_lab
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "molecule" / "default" / "molecule.yml"
# What the committed Vagrantfile does, too: the inventories log in as root, with the key that Vagrant made for the machine.
ROOT_LOGIN = "install -d -m 0700 /root/.ssh && install -m 0600 ~vagrant/.ssh/authorized_keys /root/.ssh && restorecon -R /root/.ssh"
SCENARIO = """\
---
# SPDX-License-Identifier: GPL-3.0-or-later
# A whole cluster on virtual machines that molecule's Vagrant driver starts.
# Written by `make platforms` (tools/vagrant_platforms.py) from {inventory} and vagrant/; do not edit it: a gate compares.
driver:
  name: vagrant
  provider:
    name: {provider}
  provision: true
ansible:
  executor:
    args:
      ansible_playbook:
        - --inventory=${{MOLECULE_PROJECT_DIRECTORY}}/{inventory}
        # by root and at the inventory's address, where the driver has user vagrant and the address or port that Vagrant uses
        - --extra-vars=ansible_user=root
        - --extra-vars=ansible_port=22
  playbooks:
    # not there: molecule falls back to the driver's
    create: create.yml
    destroy: destroy.yml
    converge: ../shared/converge.yml
    verify: ../shared/verify.yml
scenario:
  # molecule fetches the driver's collection by `dependency`; the driver's own `prepare` has nothing to do on these boxes
  create_sequence: [dependency, create]
  converge_sequence: [dependency, create, converge]
  test_sequence: [dependency, destroy, create, check, converge, idempotence, verify, destroy]
platforms:
"""
PLATFORM = """\
  - name: {name}
    hostname: {name}
    groups: [{groups}]
    box: barehost-centos-stream-{release}
    box_url: {url}
    box_download_checksum_type: sha256
    box_download_checksum: {digest}
    memory: {memory}
    cpus: {cpus}
    interfaces:
      - network_name: private_network
        ip: {address}
    config_options:
      vm.boot_timeout: 600
      vm.box_check_update: false
    instance_raw_config_args:
      - 'vm.provision "shell", inline: "{root_login}"'
"""
# EL 10 wants x86-64-v3, which libvirt's default model does not promise
OF_PROVIDER = {"libvirt": "    provider_options:\n      cpu_mode: host-passthrough\n"}


def machines(listing: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """Name, address, groups and size of each host; a host in several groups gets the largest size."""
    sizes = yaml.safe_load((ROOT / "vagrant" / "sizes.yml").read_text(encoding="utf-8"))
    found = []
    for name, address in vagrant_lab.addresses_of(listing).items():
        groups = [group for group in sizes if name in listing.get(group, {}).get("hosts", [])]
        if not groups:
            raise SystemExit(f"{name} is in none of the groups {', '.join(sizes)} that vagrant/sizes.yml knows")
        size = {word: max(sizes[group][word] for group in groups) for word in ("memory", "cpus")}
        found.append({"name": name, "address": address, "groups": ", ".join(groups), **size})
    return found


def scenario(inventory: str) -> str:
    release, provider = vagrant_lab.chosen()
    box = vagrant_lab.box_of(release=release, provider=provider)
    box = {"release": release, "url": box["url"], "digest": box.get("sha256", "${BAREHOST_BOX_SHA256}")}
    platforms = [
        PLATFORM.format(**machine, **box, root_login=ROOT_LOGIN) + OF_PROVIDER.get(provider, "")
        for machine in machines(vagrant_lab.listing_of(ROOT / inventory))
    ]
    return SCENARIO.format(inventory=inventory, provider=provider) + "".join(platforms)


def main() -> int:
    if sys.argv[1:] not in ([], ["--print"]):
        raise SystemExit("usage: vagrant_platforms.py [--print]")
    text = scenario(os.environ.get("BAREHOST_INVENTORY", "inventories/lab"))
    if sys.argv[1:]:
        sys.stdout.write(text)
    else:
        TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
