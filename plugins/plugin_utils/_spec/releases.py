# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs and images of the cluster: where they come from and what proves that they are the right ones."""

from __future__ import annotations

import dataclasses
import re
import typing as t
import urllib.parse

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import component_table, release_digests
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.checksums import Checksums
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Reader

ARCHITECTURES = ("amd64", "arm64")
BIN = component_table.PATHS["programs"]
CNI_BIN = component_table.PATHS["cni_programs"]
KUBERNETES_PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubectl")
# Their version may be older than that of the others.
NODE_PROGRAMS = ("kube-proxy", "kubelet")
# Those that people call with sudo, which on EL looks into the directories of packages alone (secure_path).
PEOPLES_PROGRAMS = ("kubectl",)
SUDO_BIN = "/usr/bin"
# bridge, host-local, loopback and portmap are what a node's configuration names; the others are meta-plugins to chain to them.
CNI_PLUGINS = ("bridge", "host-local", "loopback", "portmap", "bandwidth", "firewall", "tuning")


@dataclasses.dataclass(frozen=True)
class Release:
    """One download. ``checksum`` is the address of upstream's checksum file, empty where upstream publishes none."""

    name: str
    version: str
    url: str
    checksum: str
    install: tuple[t.Mapping[str, str], ...]
    store: str = ""

    @property
    def file_name(self) -> str:
        return self.url.rpartition("/")[2]

    @property
    def checksum_source(self) -> str:
        """Upstream's checksum file, else GitHub's description of the release, which has a digest of every file.

        https://github.blog/changelog/2025-06-03-releases-now-expose-digests-for-release-assets/
        https://docs.github.com/en/rest/releases/releases#get-a-release-by-tag-name
        """
        if self.checksum:
            return self.checksum
        repository, _path, download = self.url.removeprefix("https://github.com/").partition("/releases/download/")
        return f"https://api.github.com/repos/{repository}/releases/tags/{download.partition('/')[0]}"


def releases(versions: t.Mapping[str, str], *, architecture: str) -> list[Release]:
    """Every download of the cluster, where upstream has it."""
    kubernetes, etcd, cri = versions["kubernetes"], versions["etcd"], versions["cri_dockerd"]
    cni, flannel = versions["cni_plugins"], versions["flannel"]
    github = "https://github.com"
    etcd_base, etcd_top = f"{github}/etcd-io/etcd/releases/download/v{etcd}", f"etcd-v{etcd}-linux-{architecture}"
    cni_url = f"{github}/containernetworking/plugins/releases/download/v{cni}/cni-plugins-linux-{architecture}-v{cni}.tgz"
    found = []
    for program in KUBERNETES_PROGRAMS:
        version = versions["node"] if program in NODE_PROGRAMS else kubernetes
        url = f"https://dl.k8s.io/release/v{version}/bin/linux/{architecture}/{program}"
        also = {"also": f"{SUDO_BIN}/{program}"} if program in PEOPLES_PROGRAMS else {}
        found.append(Release(program, version, url, f"{url}.sha256", ({"path": f"{BIN}/{program}", **also},)))
    etcd_programs = tuple({"member": f"{etcd_top}/{program}", "path": f"{BIN}/{program}"} for program in ("etcd", "etcdctl", "etcdutl"))
    cni_programs = tuple({"member": program, "path": f"{CNI_BIN}/{program}"} for program in CNI_PLUGINS)
    return [
        *found,
        Release("etcd", etcd, f"{etcd_base}/{etcd_top}.tar.gz", f"{etcd_base}/SHA256SUMS", etcd_programs),
        Release(
            "cri-dockerd",
            cri,
            f"{github}/Mirantis/cri-dockerd/releases/download/v{cri}/cri-dockerd-{cri}.{architecture}.tgz",
            "",
            ({"member": "cri-dockerd/cri-dockerd", "path": f"{BIN}/cri-dockerd"},),
        ),
        Release("cni-plugins", cni, cni_url, f"{cni_url}.sha256", cni_programs, store=f"/opt/cni/cni-plugins-{cni}/bin"),
        Release(
            "flannel",
            flannel,
            f"{github}/flannel-io/flannel/releases/download/v{flannel}/flannel-v{flannel}-linux-{architecture}.tar.gz",
            "",
            ({"member": "flanneld", "path": f"{BIN}/flanneld"},),
        ),
    ]


def read_architecture(reader: Reader) -> str | None:
    text = reader.text("cluster_architecture")
    if text is None or text in ARCHITECTURES:
        return text
    meant = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"}.get(text, "")
    reader.fault("cluster_architecture", f"is not one of {', '.join(ARCHITECTURES)}", f"Write {meant or 'amd64 or arm64'}")
    return None


_NO_ADDRESS = "is not an http or https address"
# Not shown with the value, in which a password may be.
_TOO_MUCH = "holds a user, a query or a fragment, which no mirror path can have"


def mirror_fault(text: str) -> str:
    """Why files cannot be mirrored under this address; empty if they can."""
    try:
        parts = urllib.parse.urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return _NO_ADDRESS
    if not valid or any(character.isspace() for character in text):
        return _NO_ADDRESS
    return _TOO_MUCH if parts.query or parts.fragment or parts.username is not None else ""


def is_registry(text: str) -> bool:
    """Whether it is host, port and path of a registry, without a scheme."""
    return bool(re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]([-a-z0-9._]*[a-z0-9])?)*", text))


def read_mirror(reader: Reader) -> str | None:
    """The mirror's address without a slash at its end; empty for upstream's own."""
    text = reader.text("cluster_mirror")
    if not text:
        return text
    fault = mirror_fault(text)
    instead = "Write the address under which dl.k8s.io and github.com are mirrored, e.g. https://mirror.example.org/kubernetes"
    if fault == _TOO_MUCH:
        reader.problem(reader.where("cluster_mirror"), fault, instead)
    elif fault:
        reader.fault("cluster_mirror", fault, instead)
    return None if fault else text.rstrip("/")


def read_registry(reader: Reader) -> str | None:
    """The registry that images come from instead of upstream's; empty for upstream's own."""
    text = reader.text("cluster_image_registry")
    if not text or is_registry(text):
        return text
    reader.fault(
        "cluster_image_registry",
        "is not the name of a registry",
        "Write host, port and path without http:// and without a slash at the end, e.g. registry.example.org:5000",
    )
    return None


def _mirrored(url: str, mirror: str) -> str:
    return f"{mirror}/{url.removeprefix('https://')}" if mirror else url


def items(found: t.Sequence[Release], *, architecture: str, mirror: str, checksums: Checksums) -> dict[str, dict[str, t.Any]]:
    """``cluster.binaries``: the releases as a component's ``binaries`` take them."""
    result: dict[str, dict[str, t.Any]] = {}
    for release in found:
        url = _mirrored(release.url, mirror)
        item: dict[str, t.Any] = {
            "name": release.name,
            "version": release.version,
            "url": url,
            "install": [dict(entry) for entry in release.install],
        }
        if release.store:
            item["store"] = release.store
        given = checksums.given.get(release.file_name) or checksums.given.get(release.name)
        pinned = "" if checksums.own_builds else pin(release.name, release.version, architecture)
        if given or pinned:
            item["sha256"] = given or pinned
            item["pinned_by"] = "inventory" if given else "collection"
        elif mirror:
            item["checksum_url"] = _mirrored(release.checksum, mirror) if release.checksum else f"{url}.sha256"
        else:
            item["checksum_url"] = release.checksum_source
        result[release.name] = item
    return result


def pin(program: str, version: str, architecture: str) -> str:
    """The sha256 of the file that upstream publishes; empty if the collection does not know it."""
    found = release_digests.DIGESTS.get(program, {}).get(version, {}).get(architecture)
    return found[0] if found else ""


def unproven(binaries: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[str]:
    """The programs whose digest comes over the network in clear text, as they do: who can change the one can change the other."""
    return [name for name, item in binaries.items() if item.get("checksum_url", "").startswith("http://")]


def images(versions: t.Mapping[str, str], *, registry: str) -> dict[str, str]:
    """``cluster.images``: a registry of one's own has them under upstream's paths."""
    base = registry or "registry.k8s.io"
    return {"pause": f"{base}/pause:{versions['pause']}", "coredns": f"{base}/coredns/coredns:v{versions['coredns']}"}
