# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts have registered."""

from __future__ import annotations

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import registered

HOSTVARS = {"h1": {"seen": {"members": [1]}}, "h2": {"seen": {"unreachable": True}}, "h3": {}, "h4": {"seen": {"members": [2]}}}


def test_hosts_that_registered_nothing_have_nothing() -> None:
    found = registered({"hostvars": HOSTVARS}, ["h1", "h2", "h3"], "seen")
    assert found == {"h1": {"members": [1]}, "h2": {"unreachable": True}, "h3": {}}


def test_results_without_the_field_are_left_out() -> None:
    assert registered({"hostvars": HOSTVARS}, ["h4", "h3", "h2"], "seen", having="members") == {"h4": {"members": [2]}}
