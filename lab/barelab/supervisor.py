# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine under one host: plugs it in, boots it, and boots it again when it asks for a reboot.

Runs detached, inside the host's cgroups: a power cut ends it with the host. Its output is the host's console.
"""

from __future__ import annotations

import os
import subprocess
import sys

from barelab import cgroups, disks, driver, state


def main(name: str, lock: int) -> int:
    lab = state.require()
    host = lab.host(name)
    kind = driver.of(lab)
    console = disks.console(lab, host)
    cgroups.create(host.name)
    cgroups.join(host.name)
    os.close(lock)  # from here on whoever cleans up finds this process in the cgroups
    while True:
        kind.plug_in(lab, host)
        begin = console.stat().st_size
        status = subprocess.run(kind.command(lab, host), env=os.environ | kind.environment(), check=False).returncode
        said = console.read_bytes()[begin:].decode("utf-8", "replace")
        print(f"lab: {host.name} has ended with status {status}", flush=True)
        if not kind.asked_for_reboot(status, said):
            return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
