# SPDX-License-Identifier: GPL-3.0-or-later
"""What upstream releases look like: versions, paths, inner layout of archives, and the Go packages they are built from."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import platform
import typing as t

import yaml

from barelab.errors import LabError

LAB = pathlib.Path(__file__).resolve().parent.parent
VERSIONS_FILE = LAB / "versions.yml"
BUILDS = LAB / "builds"

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class Versions(t.TypedDict):
    programs: dict[str, list[str]]
    defaults: dict[str, str]
    # Version of Docker -> part -> version of the part.
    docker: dict[str, dict[str, str]]
    images: dict[str, str]


def versions() -> Versions:
    return t.cast("Versions", yaml.safe_load(VERSIONS_FILE.read_text()))


def architecture() -> str:
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        raise LabError(f"this machine is {machine}; the lab's programs are built for {' and '.join(_ARCHITECTURES)}")
    return _ARCHITECTURES[machine]


@dataclasses.dataclass(frozen=True)
class Artifact:
    """One file that upstream publishes, at its address without the scheme."""

    path: str
    # Inside the archive: member name -> program. Empty: the file is the program itself.
    members: t.Mapping[str, str]
    checksum_path: str
    # A bare digest, or lines "<digest>  <file name>".
    checksum_style: t.Literal["bare", "list"]
    # False: upstream publishes no checksum, the lab makes one of the file it has.
    checksum_published: bool = True
    # The program that the file is, where it is not called like it.
    program: str | None = None

    def programs(self) -> list[str]:
        return list(self.members.values()) or [self.program or self.path.rsplit("/", 1)[1]]


@dataclasses.dataclass(frozen=True)
class Program:
    """A program that upstream releases, and how to build the same from its Go modules."""

    name: str
    # The first one carries the version in go.mod.
    modules: tuple[str, ...]
    # program -> Go package
    packages: t.Mapping[str, str]
    artifacts: t.Callable[[str, str], list[Artifact]]
    # What must appear in the output of the first program when asked for its version; None: it cannot be asked.
    version_command: tuple[str, ...]
    version_output: str
    link_variables: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    # Upstream's programs are static. With cgo that takes the external linker and Go's own resolver:
    # glibc's one needs the very glibc it was linked with at run time.
    cgo: bool = False
    # Versions to use instead of those that upstream's go.mod asks for, where these cannot be had.
    replacements: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    tags: tuple[str, ...] = ()
    # Debian packages of the C libraries that it is linked with.
    libraries: tuple[str, ...] = ()
    # The module is none by Go's rules ("+incompatible"): what it depends on stands in its vendor.mod.
    vendored: bool = False
    # What the program calls itself, by the module's version.
    called: t.Callable[[str], str] = lambda version: version

    @property
    def is_packed(self) -> bool:
        """Hosts get it as RPM packages, which are made of other programs: see releases_docker.py."""
        return not self.modules

    def build_directory(self, version: str) -> pathlib.Path:
        """One directory per minor version, so that upgrades can be tested."""
        return BUILDS / f"{self.name}-{minor(version)}"


def minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def github(repository: str, tag: str, name: str) -> str:
    return f"github.com/{repository}/releases/download/{tag}/{name}"


def _kubernetes(version: str, arch: str) -> list[Artifact]:
    folder = f"dl.k8s.io/release/v{version}/bin/linux/{arch}"
    return [
        Artifact(path=f"{folder}/{name}", members={}, checksum_path=f"{folder}/{name}.sha256", checksum_style="bare")
        for name in _KUBERNETES_PROGRAMS
    ]


def _etcd(version: str, arch: str) -> list[Artifact]:
    top = f"etcd-v{version}-linux-{arch}"
    return [
        Artifact(
            path=github("etcd-io/etcd", f"v{version}", f"{top}.tar.gz"),
            members={f"{top}/{name}": name for name in ("etcd", "etcdctl", "etcdutl")},
            checksum_path=github("etcd-io/etcd", f"v{version}", "SHA256SUMS"),
            checksum_style="list",
        )
    ]


def _cri_dockerd(version: str, arch: str) -> list[Artifact]:
    path = github("Mirantis/cri-dockerd", f"v{version}", f"cri-dockerd-{version}.{arch}.tgz")
    return [
        Artifact(
            path=path,
            members={"cri-dockerd/cri-dockerd": "cri-dockerd"},
            checksum_path=f"{path}.sha256",
            checksum_style="list",
            checksum_published=False,
        )
    ]


def _cni_plugins(version: str, arch: str) -> list[Artifact]:
    path = github("containernetworking/plugins", f"v{version}", f"cni-plugins-linux-{arch}-v{version}.tgz")
    return [
        Artifact(
            path=path,
            members={f"./{name}": name for name in _CNI_PLUGINS},
            checksum_path=f"{path}.sha256",
            checksum_style="list",
        )
    ]


def _flannel(version: str, arch: str) -> list[Artifact]:
    path = github("flannel-io/flannel", f"v{version}", f"flannel-v{version}-linux-{arch}.tar.gz")
    return [
        Artifact(
            path=path,
            members={"flanneld": "flanneld"},
            checksum_path=f"{path}.sha256",
            checksum_style="list",
            checksum_published=False,
        )
    ]


def _coredns(version: str, arch: str) -> list[Artifact]:
    path = github("coredns/coredns", f"v{version}", f"coredns_{version}_linux_{arch}.tgz")
    return [Artifact(path=path, members={"coredns": "coredns"}, checksum_path=f"{path}.sha256", checksum_style="list")]


_KUBERNETES_PROGRAMS = ("kubelet", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubectl")

_CNI_PLUGINS = {
    **{name: f"main/{name}" for name in ("bridge", "dummy", "host-device", "ipvlan", "loopback", "macvlan", "ptp", "tap", "vlan")},
    **{name: f"ipam/{name}" for name in ("dhcp", "host-local", "static")},
    **{name: f"meta/{name}" for name in ("bandwidth", "firewall", "portmap", "sbr", "tuning", "vrf")},
}

# {version}, {minor_number}: of the version that is built.
_KUBERNETES_LINK_VARIABLES = {
    f"{package}.{name}": value
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    for name, value in {
        "gitVersion": "v{version}",
        "gitMajor": "1",
        "gitMinor": "{minor_number}",
        "gitTreeState": "archive",
    }.items()
}


@functools.cache
def programs() -> dict[str, Program]:
    table = (
        Program(
            name="kubernetes",
            modules=("k8s.io/kubernetes",),
            packages={name: f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES_PROGRAMS},
            artifacts=_kubernetes,
            version_command=("kubelet", "--version"),
            version_output="Kubernetes v{version}",
            link_variables=_KUBERNETES_LINK_VARIABLES,
        ),
        Program(
            name="etcd",
            modules=("go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/etcdctl/v3", "go.etcd.io/etcd/etcdutl/v3"),
            packages={
                "etcd": "go.etcd.io/etcd/server/v3",
                "etcdctl": "go.etcd.io/etcd/etcdctl/v3",
                "etcdutl": "go.etcd.io/etcd/etcdutl/v3",
            },
            artifacts=_etcd,
            version_command=("etcd", "--version"),
            version_output="etcd Version: {version}\n",
        ),
        Program(
            name="cri-dockerd",
            modules=("github.com/Mirantis/cri-dockerd",),
            packages={"cri-dockerd": "github.com/Mirantis/cri-dockerd"},
            artifacts=_cri_dockerd,
            version_command=("cri-dockerd", "--version"),
            version_output="cri-dockerd {version} ",
            link_variables={"github.com/Mirantis/cri-dockerd/cmd/version.Version": "{version}"},
        ),
        Program(
            name="cni-plugins",
            modules=("github.com/containernetworking/plugins",),
            packages={name: f"github.com/containernetworking/plugins/plugins/{path}" for name, path in _CNI_PLUGINS.items()},
            artifacts=_cni_plugins,
            version_command=("bridge", "--version"),
            version_output="CNI bridge plugin v{version}\n",
            link_variables={"github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion": "v{version}"},
        ),
        Program(
            name="flannel",
            modules=("github.com/flannel-io/flannel",),
            packages={"flanneld": "github.com/flannel-io/flannel"},
            artifacts=_flannel,
            version_command=("flanneld", "--version"),
            version_output="v{version}\n",
            link_variables={"github.com/flannel-io/flannel/pkg/version.Version": "v{version}"},
            cgo=True,  # its udp backend is C
            replacements={"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc": "v1.3.75"},
        ),
        Program(
            name="coredns",
            modules=("github.com/coredns/coredns",),
            packages={"coredns": "github.com/coredns/coredns"},
            artifacts=_coredns,
            version_command=("coredns", "--version"),
            version_output="CoreDNS-{version}\n",
        ),
        Program(name="docker", modules=(), packages={}, artifacts=lambda _version, _arch: [], version_command=(), version_output=""),
    )
    return {program.name: program for program in table}


def program(name: str) -> Program:
    if name not in programs():
        raise LabError(f"unknown program {name!r}; the lab has {', '.join(programs())}")
    return programs()[name]
