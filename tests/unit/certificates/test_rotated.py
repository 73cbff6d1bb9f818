# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of certificates where kubelets renew theirs."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from made import DAY, NOW, OF_ROOT, Made, entries_of

from ansible_collections.barehost.kubernetes.plugins.module_utils._certificates import looks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import entries
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.described import of_items, of_kubelet
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

CLIENT, SERVER = of_kubelet({"name": "n1", "address": "192.0.2.11"})
LEAF = {"organizations": ["system:nodes"], "common_name": "system:node:n1", "dns": [], "ips": []}
LINK = {**OF_ROOT, "type": "link", "mode": "0777", "target": "/var/lib/kubelet/pki/kubelet-client-2026-11-29-08-16-38.pem"}


@pytest.fixture
def made(tmp_path: pathlib.Path) -> Made:
    found = Made(tmp_path / "pki")
    pki = Pki(found.directory, now=NOW)
    found.keys["node"] = pki.key("node-ca.key") if pki.read("node-ca.key")[0] else certs.new_key()
    found.roots["node"] = t.cast(t.Any, certs.load(pki.read("node-ca.crt")[0] or ""))
    return found


def one(made: Made, item: dict[str, t.Any], *, at: float = NOW, now: float = NOW, **leaf: t.Any) -> entries.Entry:
    certificate = made.leaf(at=at, **{"by": "node", **LEAF, "usages": item["usages"], **leaf})
    answer = {"found": LINK, "fault": "", "pem": [certs.pem(certificate)], "holds_key": True, "same": None}
    (_own, entry) = entries_of(made, {"certificates": [no_pair()], "files": [answer]}, files=[item], now=now)
    return entries.judged(entry, days=30, now=now)


def no_pair() -> dict[str, t.Any]:
    return {"found": {"type": "absent"}, "fault": "", "pem": [], "holds_key": False, "key": "unknown", "key_found": {"type": "absent"}}


def test_what_a_kubelet_has_rotated(made: Made) -> None:
    entry = one(made, CLIENT)
    assert (entry.kind, entry.state, entry.issuer, entry.days_left, entry.differences) == ("rotated certificate", "ok", "node-ca", 364, ())
    assert one(made, SERVER, dns=["n1"], ips=["192.0.2.11"]).state == "ok"


@pytest.mark.parametrize(
    ("age", "days", "state"), [(80, 90, "ok"), (86, 90, "due"), (91, 90, "expired"), (340, 365, "ok"), (350, 365, "due")]
)
def test_the_days_are_a_part_of_its_life(made: Made, age: int, days: int, state: str) -> None:
    """A kubelet renews at 70 to 90 percent: of a short life, few days are left by then."""
    assert one(made, CLIENT, now=NOW + age * DAY, days=days, renew_before_days=1).state == state


@pytest.mark.parametrize(
    ("leaf", "told"),
    [
        ({"by": "kubernetes"}, "it was not issued by the present node-ca"),
        ({"common_name": "system:node:n2"}, "its subject is O=system:nodes, CN=system:node:n2"),
        ({"ips": ["192.0.2.99"], "dns": ["n1"]}, "its alternative names lack IP:192.0.2.11 and have IP:192.0.2.99 besides"),
    ],
)
def test_what_differs(made: Made, leaf: dict[str, t.Any], told: str) -> None:
    assert any(text.startswith(told) for text in one(made, SERVER, **leaf).differences)


def test_until_its_first_rotation_a_kubelet_has_the_issued_client_certificate(made: Made) -> None:
    absent = {"found": {"type": "absent"}, "fault": "", "pem": [], "holds_key": False, "same": None}
    found = entries_of(made, {"certificates": [no_pair()], "files": [absent, absent]}, files=[CLIENT, SERVER])
    assert [(entry.path, entry.state) for entry in found[1:]] == [(SERVER["path"], "missing")]


def test_a_host_sends_the_certificate_and_not_the_key_beside_it(made: Made, tmp_path: pathlib.Path) -> None:
    key = certs.private_pem(certs.new_key())
    (tmp_path / "dated.pem").write_text(certs.pem(made.leaf()) + key)
    (tmp_path / "current.pem").symlink_to(tmp_path / "dated.pem")
    items = {**CLIENT, "path": str(tmp_path / "current.pem")}
    known = of_items([], [], faults=[], stored=lambda _name: None, rotated=[items])
    answer = looks.run("collect", {**known.request(), "directories": []})
    assert [len(found["pem"]) for found in answer["files"]] == [1]
    assert "PRIVATE" not in str(answer)
