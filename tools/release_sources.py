# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Go sources of a release tell that its programs do not list: hidden flags, all feature gates, lives of API versions.

The sources are the Go modules that the lab builds the programs from. Names that are only candidates are tried on the programs.
"""

from __future__ import annotations

import collections.abc as c
import functools
import json
import pathlib
import re
import subprocess

# Modules whose packages the programs are made of, beside k8s.io/kubernetes itself.
_STAGING = (
    "api",
    "apiextensions-apiserver",
    "apiserver",
    "client-go",
    "cloud-provider",
    "component-base",
    "controller-manager",
    "kube-proxy",
    "kubelet",
)
_ETCD = "go.etcd.io/etcd/server/v3"
# A flag that --help does not show.
_HIDDEN = re.compile(r"\bMark(?:Deprecated|Hidden)\(\s*\"([a-z0-9-]+)\"")
_GATE = re.compile(r"\bFeature(?:\s*=\s*|\()\"([A-Z]\w+)\"")
_ETCD_FLAG = re.compile(r"\bfs\.\w+\(\s*(?:[^\",]+,\s*)?\"([a-z0-9-]+)\"")
_FIELD = re.compile(r"`json:\"(\w+)")
_GROUP = re.compile(r"^\s*(?:const )?GroupName\s*=\s*\"([^\"]*)\"", re.MULTILINE)
_LIFE = re.compile(r"^func \(in \*(\w+)\) APILifecycle(Introduced|Removed)\(\).*?\n\treturn (\d+), (\d+)", re.MULTILINE)
_INSTALLED = re.compile(r"\"k8s\.io/kubernetes/pkg/apis/(\w+/v\w+)\"")
_COMPANION = re.compile(r"^\s+(DefaultEtcdVersion|MinExternalEtcdVersion|CoreDNSVersion|PauseVersion)\s*=\s*\"v?([\d.-]+)\"", re.MULTILINE)
# Served by the apiserver, and described in modules of their own.
_OTHER_APIS = ("apiextensions.k8s.io/v1", "apiregistration.k8s.io/v1")


@functools.cache
def module(path: str) -> pathlib.Path:
    """The folder of a module, ``path@version``; the go command fetches it where it is not there."""
    command = ["go", "mod", "download", "-json", path]
    done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"the sources {path} cannot be had: {done.stderr.strip() or done.stdout.strip()}")
    return pathlib.Path(json.loads(done.stdout)["Dir"])


def _modules(version: str) -> list[pathlib.Path]:
    staging = f"v0.{version.partition('.')[2]}"
    return [module(f"k8s.io/kubernetes@v{version}"), *(module(f"k8s.io/{name}@{staging}") for name in _STAGING)]


def _files(version: str) -> c.Iterator[pathlib.Path]:
    for folder in _modules(version):
        for file in folder.rglob("*.go"):
            if not file.name.endswith("_test.go") and not {"test", "vendor", "hack"} & set(file.relative_to(folder).parts):
                yield file


@functools.cache
def _found(version: str) -> tuple[frozenset[str], frozenset[str]]:
    flags: set[str] = set()
    gates: set[str] = set()
    for file in _files(version):
        text = file.read_text(encoding="utf-8", errors="replace")
        if "eature" in text:
            gates.update(_GATE.findall(text))
        if "Mark" in text:
            flags.update(_HIDDEN.findall(text))
    return frozenset(flags), frozenset(gates)


def hidden_flags(version: str) -> frozenset[str]:
    """Flags that some program of this release of Kubernetes may have without showing them."""
    return _found(version)[0]


def gates(version: str) -> frozenset[str]:
    """Feature gates that some program of this release of Kubernetes may have."""
    return _found(version)[1]


def etcd_flags(version: str) -> frozenset[str]:
    folder = module(f"{_ETCD}@v{version}")
    files = [folder / "etcdmain" / "config.go", folder / "embed" / "config.go"]
    return frozenset(name for file in files for name in _ETCD_FLAG.findall(file.read_text(encoding="utf-8")))


def fields(version: str, program: str) -> frozenset[str]:
    """The fields of a program's configuration file, the outermost ones."""
    name, file, kind = {
        "kubelet": ("kubelet", "config/v1beta1/types.go", "KubeletConfiguration"),
        "kube-proxy": ("kube-proxy", "config/v1alpha1/types.go", "KubeProxyConfiguration"),
    }[program]
    text = (module(f"k8s.io/{name}@v0.{version.partition('.')[2]}") / file).read_text(encoding="utf-8")
    body = text.partition(f"type {kind} struct {{")[2].partition("\n}")[0]
    return frozenset(_FIELD.findall(body)) | {"apiVersion", "kind"}


def api_versions(version: str) -> tuple[frozenset[str], frozenset[str]]:
    """Group-versions that this release can serve, and those that it only knows: none of their kinds is served any more."""
    kubernetes, api = _modules(version)[:2]
    minor = int(version.split(".")[1])
    served, known = set(_OTHER_APIS), set[str]()
    for file in sorted((kubernetes / "pkg" / "apis").glob("*/install/install.go")):
        for place in sorted(set(_INSTALLED.findall(file.read_text(encoding="utf-8")))):
            folder = api / place
            if not folder.is_dir():
                continue
            group = _GROUP.findall((folder / "register.go").read_text(encoding="utf-8"))[0]
            name = f"{group}/{folder.name}" if group else folder.name
            (served if _is_served(folder, minor) else known).add(name)
    return frozenset(served), frozenset(known)


def companions(version: str) -> dict[str, str]:
    """What kubeadm of this release installs beside Kubernetes: a hint at what goes with it."""
    text = (_modules(version)[0] / "cmd" / "kubeadm" / "app" / "constants" / "constants.go").read_text(encoding="utf-8")
    return dict(_COMPANION.findall(text))


def _is_served(folder: pathlib.Path, minor: int) -> bool:
    """Kinds of a stable version have no end. A version of which every kind has ended is not served."""
    file = folder / "zz_generated.prerelease-lifecycle.go"
    if not file.is_file():
        return True
    lives: dict[str, dict[str, int]] = {}
    for kind, end, _major, number in _LIFE.findall(file.read_text(encoding="utf-8")):
        lives.setdefault(kind, {})[end] = int(number)
    return not lives or any(life.get("Removed", minor + 1) > minor for life in lives.values())
