# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a PKI directory and a kubeconfig once for each of their mutations, and dies at that one: in FOLDER/1, FOLDER/2, …

Prints the mutations before which the processes died, as JSON. Forks, so it is a process without threads.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys

import mutations

from ansible_collections.barehost.kubernetes.plugins.action import admin_kubeconfig
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import administrator
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import (
    AUTHORITIES,
    ENCRYPTION,
    SERVICE_ACCOUNT_KEY,
    SERVICE_ACCOUNT_PUBLIC,
    Pki,
)


def make_everything(folder: pathlib.Path) -> None:
    """All that is born on the controller, in the order of a run."""
    pki = Pki(folder / "inventory" / "pki")
    for authority in AUTHORITIES:
        pki.certificate(authority)
    for name in (SERVICE_ACCOUNT_PUBLIC, SERVICE_ACCOUNT_KEY, ENCRYPTION):
        pki.read(name)
    certificate, key = admin_kubeconfig._new_client(pki, administrator.CLIENT)
    authority = pki.certificate("kubernetes")
    wanted = administrator.Wanted({"lab": "https://192.0.2.1:6443"}, authority, authority)
    admin_kubeconfig._write(folder / "inventory" / "kubeconfig", wanted.config(certificate, key))


def die_at(number: int, folder: pathlib.Path) -> list[str]:
    """What the process was about to do, up to the mutation it died at; nothing if it came to its end."""
    folder.mkdir()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        executioner = mutations.Executioner(lambda what: os.write(writer, f"{what}\n".encode()), kill_at=number)
        sys.addaudithook(executioner)
        make_everything(folder)
        executioner.end()
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as stream:
        said = stream.read().splitlines()
    status = os.waitpid(child, 0)[1]
    if status not in (0, 9):
        sys.exit(f"the process for {number} ended with {status} after {said}")
    return said if status else []


def main(base: pathlib.Path) -> None:
    died = []
    while said := die_at(len(died) + 1, base / str(len(died) + 1)):
        died.append(said[-1])
    print(json.dumps(died))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
