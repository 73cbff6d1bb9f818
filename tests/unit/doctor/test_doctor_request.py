# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the playbook: each mistake is told before a host is asked."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import registry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.request import request

KNOWN = registry.checks()


def test_the_defaults() -> None:
    found = request({}, KNOWN, variables=["doctors", "barehost_doctor", "doctor_skip"])
    assert (found.checks, found.fail_on, found.details, found.json) == (tuple(KNOWN), "error", frozenset(), None)


@pytest.mark.parametrize("value", ["unit-down,disk-full", ["unit-down", "disk-full"], " unit-down , disk-full,"])
def test_checks_that_are_skipped(value: t.Any) -> None:
    assert set(KNOWN) - set(request({"skip": value}, KNOWN).checks) == {"unit-down", "disk-full"}


def test_groups_and_details(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = request({"groups": "etcd", "skip": "etcd-alarm", "details": "etcd-silent", "junit": "a.xml"}, KNOWN)
    assert {KNOWN[name].group for name in found.checks} == {"etcd"} and "etcd-alarm" not in found.checks
    assert (found.details, found.junit) == ({"etcd-silent"}, tmp_path / "a.xml")
    assert request({"details": True}, KNOWN).details == set(KNOWN) == request({"details": "yes"}, KNOWN).details
    assert request({"details": "false"}, KNOWN).details == frozenset()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"skip": "disk-ful"}, "doctor_skip has 'disk-ful', and there is no such check: did you mean disk-full"),
        ({"skip": "etcd"}, "etcd is a group; leave it out of doctor_groups instead"),
        ({"groups": "etdc"}, "doctor_groups has 'etdc', and there is no such group: did you mean etcd"),
        ({"groups": {"a": 1}}, "wanted names with commas between them: -e doctor_groups="),
        ({"fail_on": "warnings"}, "doctor_fail_on is 'warnings', wanted one of error, warning, never: did you mean warning"),
        ({"fail_on": True}, "doctor_fail_on is 'True', wanted one of"),
        ({"details": "unit-dwon"}, "doctor_details has 'unit-dwon'"),
        ({"json": "a.txt"}, "doctor_json is 'a.txt', wanted a name that ends in .json"),
        ({"junit": "nowhere/a.xml"}, "there is no directory"),
        ({"html": 7}, "wanted the path of a file: -e doctor_html=doctor.html"),
        ({"page": "a.txt"}, "report_html is 'a.txt', wanted a name that ends in .html: -e report_html=report.html"),
        ({"page": "a.html", "html": "a.html"}, "doctor_html and report_html are the same file"),
        ({"groups": "capacity", "skip": ",".join(name for name, one in KNOWN.items() if one.group == "capacity")}, "leaves no check"),
    ],
)
def test_mistakes(given: dict[str, t.Any], told: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ComponentError) as error:
        request(given, KNOWN)
    assert str(error.value).startswith("No host was asked: ") and told in str(error.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ComponentError) as error:
        request({"skip": "x-y-z", "fail_on": "maybe"}, KNOWN, variables=["doctor_fail", "doctor_skip"])
    told = str(error.value)
    assert "did you mean doctor_fail_on?" in told and "'x-y-z'" in told and "'maybe'" in told
