# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and faults of the group ``certificates``: entries of the list of certificates, which has tests of its own."""

from __future__ import annotations

import typing as t

from doctor_situation import Fault, Situation

PATH = "/etc/kubernetes/pki/kubelet.crt"
FAULTS: dict[str, Fault] = {
    "certificate-ended": Fault(
        lambda s: _entry(s, state="expired", days_left=-3), f"{PATH} (CN=x, used by kubelet.service) ended", "site.yml"
    ),
    "certificate-not-yet": Fault(lambda s: _entry(s, state="not valid yet"), "is valid only from 2026-06-01", "renew-certificates.yml"),
    "certificate-ends-soon": Fault(lambda s: _entry(s, state="due", days_left=2), "ends in 2 days", "site.yml"),
    "certificate-due": Fault(lambda s: _entry(s, state="due", days_left=20), "ends in 20 days", "site.yml"),
    "certificate-missing": Fault(lambda s: _entry(s, state="missing", differences=["it is not there"]), "it is not there", "site.yml"),
    "certificate-differs": Fault(lambda s: _entry(s, state="differs", differences=["its mode is 0644"]), "its mode is 0644", "site.yml"),
    "certificate-authority-ends": Fault(
        lambda s: s.controller["entries"].append({**_one(), "kind": "authority", "state": "warning", "days_left": 200, "name": "etcd-ca"}),
        "etcd-ca ends in 200 days",
        "replace-authority.yml",
        host="",
    ),
    "certificate-not-judged": Fault(lambda s: s.controller["notes"].append("no password"), "no password", "certificates.yml", host=""),
}


def healthy(_host: str) -> dict[str, t.Any]:
    return {"certificates": {"entries": [_one()], "notes": [], "gaps": []}}


def _one() -> dict[str, t.Any]:
    return {
        "host": "w1",
        "kind": "certificate",
        "name": "kubelet",
        "path": PATH,
        "state": "ok",
        "days_left": 300,
        "not_before": "2026-06-01T00:00:00Z",
        "not_after": "2027-06-01T00:00:00Z",
        "subject": "CN=x",
        "fingerprint": "f",
        "used_by": ["kubelet.service"],
        "ends_with": "",
        "differences": [],
    }


def _entry(situation: Situation, **changes: t.Any) -> None:
    situation.groups["w1"]["certificates"]["entries"][0].update(changes)
