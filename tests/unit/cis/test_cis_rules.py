# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the CIS benchmark's rules: each look finds a fault where there is one."""

from __future__ import annotations

import pathlib
import sys
import typing as t

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "tools"))

import cis

NOTHING = cis.Facts([], {}, {})


def test_each_rule_has_one_number_and_one_look() -> None:
    rules = cis.rules()
    assert len({rule["id"] for rule in rules}) == len(rules) > 90
    for rule in rules:
        looks = [kind for kind in (*cis.LOOKS, "by_hand") if kind in rule]
        assert len(looks) == 1, rule["id"]
        assert rule["group"] in ("etcd", "master", "minion")


def test_a_host_without_anything_keeps_no_rule() -> None:
    kept = [rule["id"] for rule in cis.rules() if "by_hand" not in rule and not cis.fault(rule, NOTHING)]
    assert kept == []


@pytest.mark.parametrize(
    ("look", "value", "fault"),
    [
        ({"is": "false"}, "false", False),
        ({"is": "false"}, "true", True),
        ({"is": "false"}, None, True),
        ({"set": True}, "/a", False),
        ({"set": True}, "", True),
        ({"set": True}, None, True),
        ({"unset": True}, None, False),
        ({"unset": True}, "/a", True),
        ({"has": "RBAC"}, "Node,RBAC", False),
        ({"has": "RBAC"}, "Node,RBACX", True),
        ({"lacks": "AlwaysAllow"}, "Node", False),
        ({"lacks": "AlwaysAllow"}, "Node,AlwaysAllow", True),
        ({"at_least": 30}, "30", False),
        ({"at_least": 30}, "9", True),
        ({"at_least": 30}, None, True),
    ],
)
def test_flags_and_settings(look: dict[str, t.Any], value: str | None, fault: bool) -> None:
    known = {"kubelet": {"other": "x", **({} if value is None else {"name": value})}}
    for kind in ("flag", "setting"):
        rule = {kind: {"of": "kubelet", "name": "name", **look}}
        assert bool(cis.fault(rule, cis.Facts([], known, known))) == fault


def test_a_field_within_fields() -> None:
    rule = {"setting": {"of": "kubelet", "name": "authentication.anonymous.enabled", "is": False}}
    for found, fault in ((False, False), (True, True)):
        known: dict[str, t.Any] = {"kubelet": {"authentication": {"anonymous": {"enabled": found}}}}
        assert bool(cis.fault(rule, cis.Facts([], {}, known))) == fault


@pytest.mark.parametrize(
    ("file", "found", "fault"),
    [
        ({"mode": "0600"}, (0o600, "root:root"), ""),
        ({"mode": "0600"}, (0o400, "root:root"), ""),
        ({"mode": "0600"}, (0o640, "root:root"), "/a has the mode 0640"),
        ({"mode": "0640"}, (0o604, "root:root"), "/a has the mode 0604"),
        ({"owner": "root:root"}, (0o777, "root:root"), ""),
        ({"owner": "root:root"}, (0o600, "kube:kube"), "/a is of kube:kube"),
        ({"owner": "root:root"}, None, "/a is not there"),
    ],
)
def test_files(file: dict[str, str], found: tuple[int, str] | None, fault: str) -> None:
    files = [(*found, "/a")] if found else []
    assert cis.fault({"file": {"path": "/a", **file}}, cis.Facts(files, {}, {})) == fault


def test_one_of_many_files_is_enough() -> None:
    facts = cis.Facts([(0o600, "root:root", "/pki/a.key"), (0o644, "root:root", "/pki/b.key")], {}, {})
    assert cis.fault({"file": {"glob": "/pki/*.key", "mode": "0600"}}, facts) == "/pki/b.key has the mode 0644"


def test_the_documented_command_skips_what_kube_bench_fails_for() -> None:
    page = (pathlib.Path(__file__).parents[3] / "docs/tasks/cis.md").read_text(encoding="utf-8")
    assert f"--skip {','.join(cis.not_for_kube_bench())}" in page
    for rule in cis.rules():
        assert rule.get("kube_bench") != "fails" or {"deviates", "why"} & rule.keys(), rule["id"]
