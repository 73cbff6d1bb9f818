# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts as such: there are no facts of their own."""

from __future__ import annotations

import typing as t

from doctor_situation import Fault, Situation


def healthy(_host: str) -> dict[str, t.Any]:
    return {}


def _not_root(situation: Situation) -> None:
    situation.root["w1"] = False
    situation.gaps["w1"]["certificates"] = "permission denied"


FAULTS: dict[str, Fault] = {
    "host-away": Fault(lambda s: s.silent.update(w1="does not answer: no route"), "no route", "ansible w1 -m ansible.builtin.ping"),
    "host-without-root": Fault(_not_root, "another user", "ansible_become: true"),
    "look-failed": Fault(lambda s: s.gaps["w1"].update(machine="it did not end in time"), "the group machine is not known", "mend"),
    "look-incomplete": Fault(lambda s: s.groups["w1"]["disks"]["gaps"].append("/x: no"), "in the group disks: /x: no", "mend"),
    "wanted-unknown": Fault(lambda s: s.uncompared.update(w1=("what role host describes is not known",)), "role host", "site.yml"),
    "hosts-left-out": Fault(lambda s: setattr(s, "left_out", ("w2",)), "left out: w2", "--limit", host=""),
}
