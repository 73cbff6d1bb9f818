# SPDX-License-Identifier: GPL-3.0-or-later
"""Long lists in messages."""

from __future__ import annotations

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.listed import at_most


def test_what_is_left_out_is_counted() -> None:
    assert at_most(2, ["a", "b"]) == "a, b"
    assert at_most(2, ("a", "b", "c", "d")) == "a, b and 2 more"
    assert at_most(1, ["a: gone", "b: full"], between="; ") == "a: gone; and 1 more"
    assert at_most(3, []) == ""
