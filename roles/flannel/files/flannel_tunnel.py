# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes a tunnel that flanneld made for another Node than the one it is about to serve.

flanneld takes the interface that is there, with its MAC address. To other nodes a MAC address leads to one host, for one Node: when the
Node of the host's earlier name is deleted, they forget the address, and with it the way to the host's Node of today.
https://github.com/flannel-io/flannel/blob/v0.28.9/pkg/backend/vxlan/device.go (ensureLink), vxlan_network.go (lease.EventRemoved)

Without the interface flanneld makes one, with the MAC address that its Node has told before, or with a new one. So nothing is lost where
the interface was right.

usage: flannel-tunnel SETTINGS

SETTINGS is a JSON file: "node" is the Node's name, "device" the interface, and "record" where this program keeps for which Node and by
which name the interface was made. The record must not outlive the interface: a reboot removes both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys


def read(path: str) -> dict[str, str]:
    """For which Node the interface was made; empty if that is not known."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(path: str, made: dict[str, str]) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(made, file)
        file.write("\n")
    os.replace(path + ".new", path)


def ip(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False, timeout=30)


def remove(device: str) -> None:
    """Returns when there is no such interface; ends the program if it stays."""
    if ip("link", "show", "dev", device).returncode != 0:
        return
    done = ip("link", "delete", "dev", device)
    if done.returncode != 0 and ip("link", "show", "dev", device).returncode == 0:
        sys.exit(f"the interface {device} of another Node stays: {done.stderr.strip()}; remove it by `ip link delete {device}`")
    print(f"{device} was made for another Node, and is removed for flanneld to make it anew", flush=True)


def main(settings_file: str) -> None:
    with open(settings_file, encoding="utf-8") as file:
        settings = json.load(file)
    wanted = {name: str(settings[name]) for name in ("node", "device")}
    made = read(settings["record"])
    if made == wanted:
        return
    for device in sorted({wanted["device"], str(made.get("device", wanted["device"]))}):
        remove(device)
    write(settings["record"], wanted)


if __name__ == "__main__":
    main(sys.argv[1])
