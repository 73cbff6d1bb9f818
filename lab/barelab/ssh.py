# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's ssh: its key pair, the hosts' keys, and the client configuration that Ansible and people use."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterable

from barelab import line, network, state
from barelab.errors import LabError
from barelab.inventory import Host
from barelab.process import run

_KEY = state.DIRECTORY / "id_ed25519"
_KNOWN_HOSTS = state.DIRECTORY / "known_hosts"
_HOST_KEYS = state.DIRECTORY / "host_keys"
CONFIGURATION = state.DIRECTORY / "ssh_config"
_PROXY = pathlib.Path(__file__).resolve().parent.parent / "ssh_proxy.py"


def create_keys(hosts: Iterable[Host]) -> None:
    """New keys for the lab's user and for every host, and the configuration that uses them."""
    _HOST_KEYS.mkdir(mode=0o700, exist_ok=True)
    for path in (_KEY, *(_HOST_KEYS / host.name for host in hosts)):
        for old in (path, _public_of(path)):
            old.unlink(missing_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "barehost-lab", "-f", str(path)])
    _describe(hosts)


def copy_keys_to(folder: pathlib.Path) -> None:
    """Keep the keys of the lab's user and of all hosts."""
    shutil.copytree(_HOST_KEYS, folder / _HOST_KEYS.name)
    for path in (_KEY, _public_of(_KEY)):
        shutil.copy2(path, folder)


def take_keys_from(folder: pathlib.Path, hosts: Iterable[Host]) -> None:
    """Use keys that were kept, and write the configuration that uses them."""
    shutil.copytree(folder / _HOST_KEYS.name, _HOST_KEYS)
    for path in (_KEY, _public_of(_KEY)):
        shutil.copy2(folder / path.name, path)
    _describe(hosts)


def _describe(hosts: Iterable[Host]) -> None:
    lines = [f"{host.name},{host.address} {_public(_HOST_KEYS / host.name)}" for host in hosts]
    _KNOWN_HOSTS.write_text("".join(lines), encoding="utf-8")
    CONFIGURATION.write_text(configuration(hosts), encoding="utf-8")


def _public_of(key: pathlib.Path) -> pathlib.Path:
    return key.with_name(key.name + ".pub")


def _public(key: pathlib.Path) -> str:
    return _public_of(key).read_text(encoding="utf-8")


def admit(root: pathlib.Path, host: Host) -> None:
    """Put the host's own key and the lab's user into a root file system."""
    for old in (root / "etc/ssh").glob("ssh_host_*"):
        old.unlink()
    key = root / "etc/ssh/ssh_host_ed25519_key"
    key.touch(mode=0o600)
    key.write_bytes((_HOST_KEYS / host.name).read_bytes())
    _public_of(key).write_text(_public(_HOST_KEYS / host.name), encoding="utf-8")
    folder = root / "root/.ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    allowed = folder / "authorized_keys"
    allowed.touch(mode=0o600)
    allowed.write_text(_public(_KEY), encoding="utf-8")


def configuration(hosts: Iterable[Host]) -> str:
    """The ssh_config by which the hosts are reached, under their names and under their addresses."""
    hosts = list(hosts)
    blocks = [f"Host {host.name} {host.address}\n  HostName {host.address}\n" for host in hosts]
    names = " ".join(word for host in hosts for word in (host.name, host.address))
    proxy = " ".join(network.inside([sys.executable, "-IS", str(_PROXY), "%h", "%p", str(line.FILE)]))
    settings = {
        "User": "root",
        "IdentityFile": _KEY,
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "PreferredAuthentications": "publickey",
        "UserKnownHostsFile": _KNOWN_HOSTS,
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "Compression": "no",
        "ConnectTimeout": "10",
        # a host that lost its power says nothing
        "ServerAliveInterval": "10",
        "ServerAliveCountMax": "6",
        "LogLevel": "ERROR",
        "ProxyCommand": proxy,
    }
    common = f"Host {names}\n" + "".join(f"  {name} {value}\n" for name, value in settings.items())
    return "# Written by lab/lab up; removed by lab/lab down.\n" + "".join(blocks) + common


def answers(host: Host) -> bool:
    """Whether one can log in, and need not wait long for it."""
    try:
        return run(["ssh", "-F", str(CONFIGURATION), "-o", "BatchMode=yes", host.name, "true"], check=False, timeout=30).returncode == 0
    except LabError:
        return False


def command(host: Host, words: Iterable[str] = (), *, terminal: bool = False) -> list[str]:
    """``terminal``: a command that is given has one, too."""
    return ["ssh", "-F", str(CONFIGURATION), *(["-t"] if terminal else []), host.name, *words]


def forget() -> None:
    for path in (_KEY, _public_of(_KEY), _KNOWN_HOSTS, CONFIGURATION):
        path.unlink(missing_ok=True)
    subprocess.run(["rm", "-rf", str(_HOST_KEYS)], check=True)
