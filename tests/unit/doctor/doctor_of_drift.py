# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and faults of the group ``drift``."""

from __future__ import annotations

import typing as t

from doctor_situation import Fault, Situation

CHANGE = {"kind": "file", "action": "write", "path": "/etc/kubernetes/kubelet.yaml", "reason": "its content differs"}
FAULTS: dict[str, Fault] = {
    "drift-pending": Fault(
        lambda s: _component(s, changes=[CHANGE]),
        "site.yml would change kubelet: file /etc/kubernetes/kubelet.yaml: its content differs",
        "run site.yml with --check --diff",
    ),
    "drift-refused": Fault(
        lambda s: _component(s, refused="/etc/kubernetes/kubelet.yaml: a directory was found where a file is wanted"),
        "would refuse to change kubelet: /etc/kubernetes/kubelet.yaml: a directory was found",
        "mend what is found",
    ),
    "drift-unknown": Fault(lambda s: _component(s, unknown="'x' is undefined"), "kubelet was not compared: 'x' is undefined", "--check"),
}


def healthy(_host: str) -> dict[str, t.Any]:
    return {"drift": {"components": [_told("host"), _told("kubelet")]}}


def _told(name: str, **changes: t.Any) -> dict[str, t.Any]:
    return {"name": name, "changes": [], "units": [], "refused": "", "unknown": "", **changes}


def _component(situation: Situation, **changes: t.Any) -> None:
    situation.groups["w1"]["drift"]["components"][1].update(changes)
