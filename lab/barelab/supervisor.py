# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine under one host: plugs it in, boots it, and boots it again when it asks for a reboot.

Runs detached, inside the host's cgroups: a power cut ends it with the host.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

from barelab import cgroups, network, state
from barelab.inventory import Host
from barelab.state import Lab

_REBOOT = 133
# Each host must see its own subtree as the root of every hierarchy, on the mounts too: else all hosts' systemds would share
# one tree of units, and none could tell when a unit of its own is empty. And what systemd-nspawn notes in /run would stay
# after a power cut.
_ENTER = """
for pair in $1; do mount --bind "${pair#*=}" "${pair%%=*}"; done
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
shift
exec "$@"
"""
_LEGACY = "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"


def folder(lab: Lab, host: Host) -> pathlib.Path:
    """The disk of a host."""
    return lab.data / host.name


def command(lab: Lab, host: Host) -> list[str]:
    """What boots the host, from its cgroups and in namespaces of its own."""
    disk = folder(lab, host)
    pairs = " ".join(f"{place.parent.parent}={place}" for place in cgroups.folders(host.name))
    return [
        *("unshare", "--mount", "--propagation", "slave", "--cgroup", "--", "sh", "-euc", _ENTER, "enter", pairs),
        *("systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--capability=all", "--system-call-filter=@known"),
        f"--directory={disk / 'root'}",
        f"--machine={host.name}",
        f"--network-namespace-path={network.path(network.host_namespace(host))}",
        # Docker's and etcd's data must not lie on an overlay; and a reset must be able to remove what lies below this
        f"--bind={disk / 'var-lib'}:/var/lib",
        "--bind=/dev/kmsg",
        *("--resolv-conf=off", "--timezone=off", "--link-journal=no"),
        f"--setenv=SYSTEMD_PROC_CMDLINE=systemd.unified_cgroup_hierarchy=0 {_LEGACY}",
        f"--setenv={_LEGACY}",
        "--setenv=TERM=dumb",  # the console is read as a file
    ]


def main(name: str, lock: int) -> int:
    lab = state.require()
    host = lab.host(name)
    cgroups.create(host.name)
    cgroups.join(host.name)
    os.close(lock)  # from here on whoever cleans up finds this process in the cgroups
    environment = os.environ | {"SYSTEMD_NSPAWN_API_VFS_WRITABLE": "1", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE": "1"}
    while True:
        network.plug_in(host, gateway=lab.bridge_address)
        status = subprocess.run(command(lab, host), env=environment, check=False).returncode
        print(f"lab: {host.name} has ended with status {status}", flush=True)
        if status != _REBOOT:
            return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
