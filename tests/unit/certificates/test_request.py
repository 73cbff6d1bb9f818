# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the playbook: each mistake is told before a host is asked."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.request import Request, request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError


def test_the_defaults() -> None:
    assert request({"days": None, "json": None, "html": ""}) == Request(30, None, None)
    assert request({}, variables=["certificates_days", "certified", "barehost_certificates"]) == Request()


def test_values(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert request({"days": "60", "json": "a.json", "html": f"{tmp_path}/b.HTM"}) == Request(60, tmp_path / "a.json", tmp_path / "b.HTM")
    assert request({"days": 0}).days == 0


@pytest.mark.parametrize("days", [True, "", "-1", -1, "ten", 3651, "1.5", 2.5, [], "٣"])
def test_days_that_are_none(days: t.Any) -> None:
    with pytest.raises(ComponentError, match=r"No host was asked: certificates_days is .*, wanted a whole number of days from 0 to 3650"):
        request({"days": days})


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("json", 7, "wanted the path of a file: -e certificates_json=certificates.json"),
        ("html", "nowhere/a.html", "there is no directory"),
        ("html", ".", "is a directory"),
        ("json", "pki/kubernetes-ca.key", "wanted a name that ends in .json"),
        ("json", "a.html", "wanted a name that ends in .json"),
    ],
)
def test_paths_that_are_none(name: str, value: t.Any, told: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pki").mkdir()
    with pytest.raises(ComponentError, match=f"certificates_{name} is .*{told}"):
        request({name: value})


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ComponentError) as error:
        request({"days": "x", "json": 7}, variables=["certificates_day"])
    told = str(error.value)
    assert "did you mean certificates_days?" in told and "certificates_days is 'x'" in told and "certificates_json is 7" in told
