# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller whose clock is ahead issues nothing that its hosts would take for not valid yet."""

from __future__ import annotations

import pathlib
import time
import types

import pytest
from test_identity_of_hosts import ABSENT, Answers, converge

from ansible_collections.barehost.kubernetes.plugins.action import component
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs

MINUTES = 60.0


def test_a_controller_that_is_20_minutes_ahead_makes_no_authority(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    host = Answers(ABSENT, ABSENT, behind=20 * MINUTES)
    with pytest.raises(certs.PkiError, match=r"Nothing was issued for one: its clock is 20 minutes behind .*'timedatectl' here"):
        converge(monkeypatch, tmp_path / "pki", host, check_mode=False)
    assert host.written == []
    assert not (tmp_path / "pki").exists()


@pytest.mark.parametrize("behind", [4 * MINUTES, 0.0, -20 * MINUTES])
def test_a_clock_that_does_no_harm_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, behind: float) -> None:
    host = Answers(ABSENT, ABSENT, behind=behind)
    converge(monkeypatch, tmp_path / "pki", host, check_mode=False)
    assert host.written != []
    # What is made now is valid on that host now.
    authority = x509.load_pem_x509_certificate((tmp_path / "pki/etcd-ca.crt").read_bytes())
    assert authority.not_valid_before_utc.timestamp() <= time.time() - behind


def test_a_controller_that_is_hours_behind_makes_no_authority(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """What it issues would end too soon, and it would find out too late what ends."""
    host = Answers(ABSENT, ABSENT, behind=-90 * MINUTES)
    with pytest.raises(certs.PkiError, match=r"Nothing was issued for one: its clock is 1\.5 hours ahead of the controller's"):
        converge(monkeypatch, tmp_path / "pki", host, check_mode=False)
    assert host.written == []


def test_check_mode_does_not_ask_for_a_clock_that_the_run_would_set(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    converge(monkeypatch, tmp_path / "pki", Answers(ABSENT, ABSENT, behind=20 * MINUTES), check_mode=True)


def test_a_certificate_is_not_issued_either(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """Of a cluster that has its authorities."""
    converge(monkeypatch, tmp_path / "pki", Answers(ABSENT, ABSENT), check_mode=False)
    issue = types.SimpleNamespace(kind="certificate", operation="issue")
    monkeypatch.setattr(component.planner, "plan", lambda **_given: [issue])
    with pytest.raises(certs.PkiError, match="Nothing was issued for one"):
        converge(monkeypatch, tmp_path / "pki", Answers(ABSENT, ABSENT, behind=20 * MINUTES), check_mode=False)
