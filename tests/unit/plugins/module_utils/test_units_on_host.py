# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error says of a unit, and how a unit is disabled. Runs on Python 3.9 too."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import Completed

TIME = "2026-11-28T15:00:00+0000 one etcd[12]: "
KEY = "MHcCAQEEIBase64OfAKeyThatIsSixtyCharactersLongOrMoreToBeTakenForOne+/="
SECRET = (f"{TIME}{KEY}", f"{TIME}-----BEGIN PRIVATE KEY-----", f"{TIME}GET /?token=abc", KEY)
PLAIN = (f"{TIME}started", f"{TIME}digest sha256:{'0' * 64}", f"{TIME}{'a' * 59}")


class Systemctl:
    """Answers for systemctl and journalctl, and remembers what was asked."""

    def __init__(self, journal: t.Sequence[str] = ()) -> None:
        self.journal = journal
        self.calls: list[list[str]] = []

    def run(self, argv: list[str], **_options: t.Any) -> Completed:
        self.calls.append(argv)
        return Completed(0, "\n".join(self.journal) if argv[0] == "journalctl" else "", "")

    def must(self, argv: list[str], **options: t.Any) -> Completed:
        return self.run(argv)


def test_f36_lines_with_key_material_are_left_out_though_each_begins_with_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "run", Systemctl([*SECRET, *PLAIN]).run)
    details = units.failure("etcd.service", "it failed").details
    assert details.count("(a line that may hold a secret is left out)") == len(SECRET)
    assert not [line for line in SECRET if line in details]
    assert all(line in details for line in PLAIN)


def test_f38_what_is_enabled_for_this_boot_only_is_disabled_too(monkeypatch: pytest.MonkeyPatch) -> None:
    systemctl = Systemctl()
    monkeypatch.setattr(units, "must", systemctl.must)
    units.apply([{"kind": "unit", "operation": "disable", "target": "a.service", "data": {"runtime": True}}])
    assert ["systemctl", "disable", "--runtime", "--no-reload", "--", "a.service"] in systemctl.calls
