# SPDX-License-Identifier: GPL-3.0-or-later
"""Every run tells of an authority that ends within a year; nothing else of a PKI directory is judged by that."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import authorities, certs, issuing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

DAY = 86400
NOW = 1_800_000_000.0
END = NOW - certs.CLOCK_SKEW.total_seconds() + issuing.AUTHORITY_DAYS * DAY


@pytest.fixture
def pki(tmp_path: pathlib.Path) -> pathlib.Path:
    Pki(tmp_path / "pki", now=NOW).certificate("etcd")
    return tmp_path / "pki"


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (365 * DAY, ""),
        (365 * DAY - 1, "ends on 2037-01-12, in 364 days, and all that it has signed ends with it"),
        (DAY - 1, "ends on 2037-01-12, in 0 days"),
        (0, "ended on 2037-01-12, and nothing that it has signed is accepted any more"),
        (-5 * DAY, "ended on 2037-01-12"),
    ],
)
def test_the_last_year_of_an_authority(pki: pathlib.Path, before: float, text: str) -> None:
    found = authorities.warnings(pki, END - before)
    assert len(found) == bool(text)
    assert all(warning.startswith(f"{pki}/etcd-ca.crt: this authority {text}") for warning in found)


def test_days_are_whole_days_on_either_side(pki: pathlib.Path) -> None:
    certificate = authorities.of_directory(pki)["etcd"].certificate
    assert certificate is not None
    found = [authorities.days_left(certificate, END - before) for before in (DAY, DAY - 1, 0, -1, -DAY, -10.5 * DAY)]
    assert found == [1, 0, 0, 0, -1, -10]


@pytest.mark.parametrize("make", ["nothing", "rubbish", "a directory", "a key", "vault"])
def test_what_is_no_certificate_is_told_by_who_needs_it(pki: pathlib.Path, make: str) -> None:
    path = pki / "etcd-ca.crt"
    content = {"rubbish": "rubbish", "a key": (pki / "etcd-ca.key").read_text(), "vault": "$ANSIBLE_VAULT;1.1;AES256\n00"}
    path.unlink()
    if make == "a directory":
        path.mkdir()
    elif make in content:
        path.write_text(content[make])
    assert authorities.warnings(pki, END) == []
    found = authorities.of_directory(pki)["etcd"]
    assert found.certificate is None
    assert bool(found.fault) == (make != "nothing")


def test_nothing_is_created(tmp_path: pathlib.Path) -> None:
    assert authorities.warnings(tmp_path / "pki", NOW) == []
    assert list(tmp_path.iterdir()) == []
