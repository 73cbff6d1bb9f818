# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the CNI configuration of this node from the subnet and the MTU that flanneld has got for it.

usage: flannel-cni SETTINGS

SETTINGS is a JSON file: "subnet_file" is where flanneld writes its lease, "target" is the CNI configuration.
"""

from __future__ import annotations

import ipaddress
import json
import os
import sys
import typing as t


def read_lease(path: str) -> dict[str, str]:
    """The variables in the file of flanneld."""
    with open(path, encoding="utf-8") as file:
        pairs = [line.strip().partition("=") for line in file if "=" in line]
    return {name: value for name, _equals, value in pairs}


def configuration(lease: dict[str, str]) -> dict[str, t.Any]:
    """A bridge for the pods of this node, with addresses of its subnet."""
    # FLANNEL_SUBNET is the address of the bridge with the prefix length; host-local refuses host bits.
    subnet = ipaddress.ip_interface(lease["FLANNEL_SUBNET"]).network
    return {
        "cniVersion": "1.0.0",
        "name": "flannel",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isDefaultGateway": True,
                "hairpinMode": True,
                "mtu": int(lease["FLANNEL_MTU"]),
                "ipam": {"type": "host-local", "ranges": [[{"subnet": str(subnet)}]]},
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def main(settings_file: str) -> None:
    with open(settings_file, encoding="utf-8") as file:
        settings = json.load(file)
    target = settings["target"]
    conflist = configuration(read_lease(settings["subnet_file"]))
    with open(target + ".new", "w", encoding="utf-8") as file:
        json.dump(conflist, file, indent=2)
        file.write("\n")
    os.replace(target + ".new", target)


if __name__ == "__main__":
    main(sys.argv[1])
