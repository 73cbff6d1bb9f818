# SPDX-License-Identifier: GPL-3.0-or-later
"""How many hosts go together."""

from __future__ import annotations

import typing as t

import pytest
from ansible.utils.helpers import pct_to_int

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.batch import Batch, read


@pytest.mark.parametrize(
    ("given", "batch"), [(3, Batch(3)), ("3", Batch(3)), (" 20% ", Batch(20, per_cent=True)), ("100%", Batch(100, per_cent=True))]
)
def test_a_number_or_a_percentage_is_read(given: t.Any, batch: Batch) -> None:
    assert read(given) == batch
    assert read(str(batch)) == batch


@pytest.mark.parametrize("given", [0, -1, "0%", "120%", "some", "1.5", "", True, None, [2], "100000"])
def test_anything_else_is_refused(given: t.Any) -> None:
    with pytest.raises(ValueError, match="not a batch"):
        read(given)


def test_batches_are_at_least_one_host() -> None:
    assert [Batch(20, per_cent=True).of(hosts) for hosts in (0, 3, 10, 14)] == [1, 1, 2, 2]
    assert [Batch(2).of(hosts) for hosts in (0, 3)] == [2, 2]


def test_a_percentage_is_what_ansible_makes_of_it() -> None:
    for number in range(1, 101):
        batch = Batch(number, per_cent=True)
        assert [batch.of(hosts) for hosts in range(1, 200)] == [pct_to_int(str(batch), hosts) for hosts in range(1, 200)]
