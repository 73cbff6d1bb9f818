# SPDX-License-Identifier: GPL-3.0-or-later
"""What Docker's packages are made of: the engine, the client, containerd and runc, each a program with modules of its own.

Which versions of these make which version of Docker stands in versions.yml. A version without parts is that of Debian's packages.
"""

from __future__ import annotations

import functools

from barelab.errors import LabError
from barelab.releases import Artifact, Program, github, programs, versions

# As upstream names architectures in its folders.
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def parts_of(docker: str) -> list[tuple[Program, str]]:
    """The programs that this version of Docker is packed from; none for Debian's."""
    return [(part(name), version) for name, version in versions()["docker"].get(docker, {}).items()]


def part(name: str) -> Program:
    return _parts()[name]


def any_program(name: str) -> Program:
    """A program that has pins: one that the lab offers, or a part of Docker."""
    found = {**{name: item for name, item in programs().items() if not item.is_packed}, **_parts()}
    if name not in found:
        raise LabError(f"there are no modules to pin of {name!r}; there are of {', '.join(found)}")
    return found[name]


def _docker_of(moby: str) -> str:
    """The engine's module counts by itself; what it calls itself is the version of Docker that is released from the same commit."""
    return next((docker for docker, parts in versions()["docker"].items() if parts.get("moby") == moby), moby)


def _engine(docker: str, arch: str) -> list[Artifact]:
    return _static(docker, arch, programs_of=("dockerd", "docker-proxy"))


def _moby(moby: str, arch: str) -> list[Artifact]:
    return _engine(_docker_of(moby), arch)


def _cli(docker: str, arch: str) -> list[Artifact]:
    return _static(docker, arch, programs_of=("docker",))


def _static(docker: str, arch: str, *, programs_of: tuple[str, ...]) -> list[Artifact]:
    path = f"download.docker.com/linux/static/stable/{_MACHINES[arch]}/docker-{docker}.tgz"
    return [
        Artifact(
            path=path,
            members={f"docker/{name}": name for name in programs_of},
            checksum_path=f"{path}.sha256",
            checksum_style="list",
            checksum_published=False,
        )
    ]


def _containerd(version: str, arch: str) -> list[Artifact]:
    path = github("containerd/containerd", f"v{version}", f"containerd-{version}-linux-{arch}.tar.gz")
    members = {f"bin/{name}": name for name in ("containerd", "containerd-shim-runc-v2", "ctr")}
    return [Artifact(path=path, members=members, checksum_path=f"{path}.sha256sum", checksum_style="list")]


def _runc(version: str, arch: str) -> list[Artifact]:
    path = github("opencontainers/runc", f"v{version}", f"runc.{arch}")
    checksums = github("opencontainers/runc", f"v{version}", "runc.sha256sum")
    return [Artifact(path=path, members={}, checksum_path=checksums, checksum_style="list", program="runc")]


@functools.cache
def _parts() -> dict[str, Program]:
    moby, docker, cli = "github.com/moby/moby/v2", "github.com/docker/docker", "github.com/docker/cli"
    table = (
        Program(
            name="moby",
            modules=(moby,),
            packages={name: f"{moby}/cmd/{name}" for name in ("dockerd", "docker-proxy")},
            artifacts=_moby,
            version_command=("dockerd", "--version"),
            version_output="Docker version {version},",
            link_variables={f"{moby}/dockerversion.Version": "{version}"},
            called=_docker_of,
        ),
        # The same before Docker 29.
        Program(
            name="docker-engine",
            modules=(docker,),
            packages={name: f"{docker}/cmd/{name}" for name in ("dockerd", "docker-proxy")},
            artifacts=_engine,
            version_command=("dockerd", "--version"),
            version_output="Docker version {version},",
            link_variables={f"{docker}/dockerversion.Version": "{version}"},
            vendored=True,
        ),
        Program(
            name="docker-cli",
            modules=(cli,),
            packages={"docker": f"{cli}/cmd/docker"},
            artifacts=_cli,
            version_command=("docker", "--version"),
            version_output="Docker version {version},",
            link_variables={f"{cli}/cli/version.Version": "{version}"},
            vendored=True,
        ),
        Program(
            name="containerd",
            modules=("github.com/containerd/containerd/v2",),
            packages={name: f"github.com/containerd/containerd/v2/cmd/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")},
            artifacts=_containerd,
            version_command=("containerd", "--version"),
            version_output=" v{version} ",
            link_variables={"github.com/containerd/containerd/v2/version.Version": "v{version}"},
            tags=("no_btrfs", "no_devmapper"),
        ),
        Program(
            name="runc",
            modules=("github.com/opencontainers/runc",),
            packages={"runc": "github.com/opencontainers/runc"},
            artifacts=_runc,
            version_command=("runc", "--version"),
            version_output="runc version {version}\n",
            cgo=True,
            tags=("seccomp",),
            libraries=("libseccomp-dev",),
        ),
    )
    return {program.name: program for program in table}
