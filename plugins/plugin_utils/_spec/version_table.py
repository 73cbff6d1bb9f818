# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions go together: the one table, read by the spec resolver.

``TESTED`` were installed on lab hosts, and upgraded from one to the next, with programs that this table takes. The newest of them is the
default, and what the tests run. Other patch releases of a minor in the table are taken with a warning.

It imports nothing of ours: the lab reads it where there is no Ansible.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

Version = tuple[int, ...]

_RELEASE = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_MINOR = re.compile(r"([1-9]\d*)\.(0|[1-9]\d*)")


def parse(text: str) -> Version | None:
    """``1.37.1`` as numbers; None for anything else, ``v1.37.1`` and ``1.37`` included."""
    return _parsed(_RELEASE, text)


def parse_minor(text: str) -> Version | None:
    """``1.37`` as numbers; None for anything else."""
    return _parsed(_MINOR, text)


def _parsed(form: re.Pattern[str], text: str) -> Version | None:
    match = form.fullmatch(text)
    return numbers_of(text) if match else None


def numbers_of(text: str) -> Version:
    """Of a text that is known to be a version."""
    return tuple(int(number) for number in text.split("."))


def text_of(version: Version) -> str:
    return ".".join(map(str, version))


def minor_of(version: str | Version) -> str:
    """``1.37`` of ``1.37.1``; empty for an empty text."""
    text = version if isinstance(version, str) else text_of(version)
    return ".".join(text.split(".")[:2])


@dataclasses.dataclass(frozen=True)
class Allowed:
    """The releases of a program that a Kubernetes minor takes: ``low <= version < below``."""

    default: str
    low: str
    below: str

    def takes(self, version: Version) -> bool:
        return numbers_of(self.low) <= version < numbers_of(self.below)

    def __str__(self) -> str:
        return f">= {self.low} and < {self.below}"


@dataclasses.dataclass(frozen=True)
class Minor:
    """One Kubernetes minor release and what it is run with."""

    programs: t.Mapping[str, Allowed]
    docker_minimum: str


_COMMON: t.Mapping[str, Allowed] = {
    # CRI v1 with RuntimeConfig (Mirantis/cri-dockerd#222, #302, #425), which newer kubelets ask for. 0.4.4 is what the tests run,
    # 0.3.26 the last of the 0.3 line; 0.4.10 is the newest release known when this was written.
    "cri_dockerd": Allowed(default="0.4.4", low="0.3.26", below="0.5.0"),
    # The plugins speak CNI 1.0 since 1.0.0; 1.9.1 is what the tests run.
    "cni_plugins": Allowed(default="1.9.1", low="1.0.0", below="2.0.0"),
    # 0.28.9 is what the tests run; other lines are not tried.
    "flannel": Allowed(default="0.28.9", low="0.28.0", below="0.29.0"),
    # kubernetes/kubernetes#140497 ships 1.14.6 with 1.37, #141462 1.14.7 with 1.38; other lines are not tried.
    "coredns": Allowed(default="1.14.7", low="1.14.0", below="1.15.0"),
    # The sandbox image is not bound to a Kubernetes version; 3.10 is cri-dockerd's own default.
    "pause": Allowed(default="3.10.2", low="3.9.0", below="4.0.0"),
}
# The oldest Docker that was run with cri-dockerd 0.4.4 and kubelet 1.37; 20.10 does not work.
_DOCKER_MINIMUM = "26.1.0"

MINORS: t.Mapping[str, Minor] = {
    # Released with etcd 3.7.0 (kubernetes/kubernetes#140333). etcd 3.6 before 3.6.11 is no stepping stone to 3.7 (etcd's upgrade guide).
    "1.37": Minor({**_COMMON, "etcd": Allowed(default="3.7.2", low="3.6.11", below="3.8.0")}, docker_minimum=_DOCKER_MINIMUM),
    # kubeadm of 1.36 refuses etcd before 3.6; was run on 3.6.16 and on 3.7.2.
    "1.36": Minor({**_COMMON, "etcd": Allowed(default="3.7.2", low="3.6.0", below="3.8.0")}, docker_minimum=_DOCKER_MINIMUM),
    # Was run on 3.6.16; not known to have been run on 3.7, and 3.5 is left out because it cannot go on to 1.36.
    "1.35": Minor({**_COMMON, "etcd": Allowed(default="3.6.16", low="3.6.0", below="3.7.0")}, docker_minimum=_DOCKER_MINIMUM),
}

TESTED: tuple[str, ...] = ("1.37.1", "1.36.3", "1.35.4")
DEFAULT_KUBERNETES = TESTED[0]


def features(*, kubernetes: Version, cri_dockerd: Version, emulated: Version | None = None) -> dict[str, t.Any]:
    """What this combination asks of the programs' configuration.

    ``emulated``: the minor version that the control plane emulates. It knows the feature gates of that one.
    """
    gates: dict[str, bool] = {}
    # Since 1.36 the apiserver hands exec and attach over to the kubelet as WebSockets; cri-dockerd answers with an address
    # without a scheme, on which that fails (Mirantis/cri-dockerd#569, mended by #576, in no release up to 0.4.10).
    if (emulated or kubernetes) >= (1, 36) and cri_dockerd < (0, 4, 11):
        gates["ExtendWebSocketsToKubelet"] = False
    return {
        "apiserver_feature_gates": gates,
        "docker_minimum": MINORS[minor_of(kubernetes)].docker_minimum,
    }
