# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab's network offers to its hosts: the mirror, the registry and the time, on this machine's side of the bridge."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import typing as t

from barelab import images, network, registry, repositories, services_ntp, state
from barelab.artifacts_progress import report
from barelab.errors import LabError
from barelab.ingredients import Making
from barelab.releases import LAB

MIRROR_PORT = 8080
DEFAULT_ADDRESS = "192.168.200.1"
_READY_SECONDS = 15.0
_STOP_SECONDS = 5.0


@dataclasses.dataclass(frozen=True)
class Service:
    name: str
    command: list[str]
    protocol: t.Literal["tcp", "udp"]
    port: int


def variables(address: str) -> dict[str, t.Any]:
    """The Ansible variables of a cluster whose hosts use these services."""
    return {
        # the hosts of two labs may have the same names
        "ansible_control_path_dir": str(state.DIRECTORY / "ssh"),
        "cluster_mirror": f"http://{address}:{MIRROR_PORT}",
        # Programs are built from modules: other files than upstream's. Another build of them is none that somebody has changed, so their
        # digests go with the lab. The mirror is in the lab's network, where no controller asks.
        "cluster_mirror_own_builds": True,
        "cluster_checksums_asked_by": "hosts",
        "cluster_checksums_file": str(state.DIRECTORY / "checksums.txt"),
        "cluster_image_registry": f"{address}:{registry.PORT}",
        "host_ntp_servers": [address],
        "docker_repository_baseurl": "",
        # No names outside the cluster can be looked up.
        "addons_coredns_forward": [],
    }


def host_files(state_dir: pathlib.Path, address: str = DEFAULT_ADDRESS) -> dict[str, bytes]:
    """Files that a host must have to use the services, by path. They are of the machine, not of the ``state_dir``."""
    del state_dir
    authority = registry.certificates(address) / "ca.crt"
    return {f"/etc/docker/certs.d/{address}:{registry.PORT}/ca.crt": authority.read_bytes()}


def start(state_dir: pathlib.Path, address: str, making: Making) -> list[int]:
    """Wait until everything is made, and serve it; gives the servers' process ids. Those that run already are left alone."""
    made = making.all()
    folder = state_dir / "services"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _link_mirror(folder / "mirror", programs=made.programs, packages=repositories.folders(made.packages, made.docker))
    services = _services(folder, address=address)
    processes = [_ensure_running(folder, service) for service in services]
    for pid, service in zip(processes, services, strict=True):
        _await_listening(folder, pid=pid, service=service, address=address)
    _push(made.images, address=address)
    return processes


def stop(state_dir: pathlib.Path) -> None:
    """End the servers and forget them; what they served stays in the cache."""
    folder = state_dir / "services"
    for file in sorted(folder.glob("*.json")):
        _end(file)
    shutil.rmtree(folder, ignore_errors=True)


def _services(folder: pathlib.Path, *, address: str) -> list[Service]:
    settings = folder / "registry.yml"
    settings.write_text(registry.configuration(address=address), encoding="utf-8")
    python = [sys.executable, "-m"]
    mirror = [*python, "barelab.mirror", "--folder", str(folder / "mirror"), "--address", address, "--port", str(MIRROR_PORT)]
    return [
        Service(name="mirror", command=mirror, protocol="tcp", port=MIRROR_PORT),
        Service(name="registry", command=registry.command(settings), protocol="tcp", port=registry.PORT),
        Service(name="ntp", command=[*python, "barelab.services_ntp", "--address", address], protocol="udp", port=services_ntp.PORT),
    ]


def _link_mirror(folder: pathlib.Path, *, programs: t.Sequence[pathlib.Path], packages: t.Mapping[pathlib.Path, pathlib.Path]) -> None:
    """Links, at upstream's paths, to what is in the cache; those to what is no longer there go."""
    links = {file.relative_to(program): file for program in programs for file in program.rglob("*") if file.is_file()}
    for name, target in {**links, **packages}.items():
        link = folder / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.is_symlink() and link.readlink() == target:
            continue
        fresh = link.with_name(f".{link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(link)
    for link in folder.rglob("*"):
        if link.is_symlink() and not link.exists():
            link.unlink()


def _ensure_running(folder: pathlib.Path, service: Service) -> int:
    file = folder / f"{service.name}.json"
    pid = _running(file)
    if pid is not None and json.loads(file.read_text(encoding="utf-8"))["command"] == service.command:
        return pid
    _end(file)
    with (folder / f"{service.name}.log").open("wb") as log:
        process = subprocess.Popen(
            network.inside(service.command),
            cwd="/",
            env=os.environ | {"PYTHONPATH": str(LAB)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    file.write_text(json.dumps({"pid": process.pid, "command": service.command}), encoding="utf-8")
    return process.pid


def _running(file: pathlib.Path) -> int | None:
    """The process of the record, if it is still that one and not another that got its number."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        arguments = pathlib.Path(f"/proc/{record['pid']}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    # It may not have got beyond nsenter yet, whose last arguments are the command.
    command = [os.fsencode(word) for word in record["command"]]
    return record["pid"] if arguments[:-1][-len(command) :] == command else None


def _end(file: pathlib.Path) -> None:
    pid = _running(file)
    if pid is not None:
        for sign, seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, _STOP_SECONDS)):
            os.kill(pid, sign)
            deadline = time.monotonic() + seconds
            while _alive(pid) and time.monotonic() < deadline:
                time.sleep(0.02)
            if not _alive(pid):
                break
    file.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    """A zombie is not: it is ours to wait for where we are its parent, and has let go of everything."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _await_listening(folder: pathlib.Path, *, pid: int, service: Service, address: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not listens(_sockets(pid, service.protocol), address=address, port=service.port, protocol=service.protocol):
        if not _alive(pid) or time.monotonic() > deadline:
            said = (folder / f"{service.name}.log").read_text(encoding="utf-8", errors="replace").splitlines()[-10:]
            state = "does not listen" if _alive(pid) else "has ended"
            raise LabError(f"the lab's {service.name} {state} ({address} port {service.port}); its last words:\n" + "\n".join(said))
        time.sleep(0.02)


def _sockets(pid: int, protocol: str) -> str:
    """The sockets of the process's network, which is not ours. Go's servers bind an IPv4 address as such, too."""
    try:
        return pathlib.Path(f"/proc/{pid}/net/{protocol}").read_text(encoding="ascii")
    except OSError:
        return ""


def listens(table: str, *, address: str, port: int, protocol: str) -> bool:
    """Whether /proc/net/tcp or udp shows a server at the address."""
    place = f"{struct.unpack('=I', socket.inet_aton(address))[0]:08X}:{port:04X}"
    rows = [line.split() for line in table.splitlines()[1:]]
    return any(row[1] == place and (protocol == "udp" or row[3] == "0A") for row in rows)


def _push(wanted: t.Sequence[images.Image], *, address: str) -> None:
    authority = registry.certificates(address) / "ca.crt"
    command = [sys.executable, "-m", "barelab.registry_push", "--registry", f"{address}:{registry.PORT}", "--ca", str(authority)]
    command += [f"{image.reference}={image.folder}" for image in wanted]
    done = subprocess.run(
        network.inside(command),
        env=os.environ | {"PYTHONPATH": str(LAB)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LabError(f"the registry was not filled: {done.stderr.strip()[-2000:]}")
    for line in done.stdout.splitlines():
        report(f"registry: {line}")
