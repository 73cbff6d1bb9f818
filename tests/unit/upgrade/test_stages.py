# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways between two versions."""

from __future__ import annotations

import pathlib
import re

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import version_table
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import minor_of, numbers_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import rules
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.stages import Running, Stage, stages

ROOT = pathlib.Path(__file__).parents[3]


def running(lowest: str, highest: str = "") -> Running:
    return Running(numbers_of(lowest), numbers_of(highest or lowest))


def told(kubernetes: Running, etcd: Running | None, goal: tuple[str, str]) -> list[str]:
    return [f"{stage.kubernetes} {stage.etcd}" for stage in stages(kubernetes, etcd, Stage(*goal))]


@pytest.mark.parametrize(
    ("kubernetes", "etcd", "goal", "way"),
    [
        pytest.param(running("1.37.0"), running("3.7.2"), ("1.37.1", "3.7.2"), ["1.37.1 3.7.2"], id="a patch"),
        pytest.param(running("1.36.3"), running("3.6.16"), ("1.37.1", "3.7.2"), ["1.37.1 3.7.2"], id="a minor version of both"),
        pytest.param(
            running("1.35.4"), running("3.6.14"), ("1.37.1", "3.7.2"), ["1.36.3 3.6.14", "1.37.1 3.7.2"], id="two, etcd as late as possible"
        ),
        pytest.param(running("1.35.4", "1.36.9"), running("3.7.2"), ("1.37.1", "3.7.2"), ["1.36.9 3.7.2", "1.37.1 3.7.2"], id="goes on"),
        pytest.param(
            running("1.36.3"), running("3.6.4"), ("1.37.1", "3.7.2"), ["1.36.3 3.6.16", "1.37.1 3.7.2"], id="etcd's stepping stone first"
        ),
        pytest.param(running("1.37.1"), running("3.6.16"), ("1.37.1", "3.7.2"), ["1.37.1 3.7.2"], id="etcd alone"),
        pytest.param(running("1.37.1"), None, ("1.37.1", "3.7.2"), ["1.37.1 3.7.2"], id="nodes alone"),
        pytest.param(running("1.34.4"), running("3.6.14"), ("1.36.3", "3.6.16"), None, id="no tested release in between"),
    ],
)
def test_ways(kubernetes: Running, etcd: Running | None, goal: tuple[str, str], way: list[str] | None) -> None:
    if way is not None:
        assert told(kubernetes, etcd, goal) == way
    elif any(release.startswith("1.35.") for release in version_table.TESTED):
        assert len(told(kubernetes, etcd, goal)) == 2
    else:
        with pytest.raises(PlanError, match=r"the way is through 1\.35, of which this version of the collection has tested no release"):
            told(kubernetes, etcd, goal)


def test_each_stage_goes_together_by_the_table() -> None:
    for low in ("1.34.4", "1.35.4", "1.36.3"):
        for store in ("3.6.0", "3.6.11", "3.6.14"):
            try:
                found = stages(running(low), running(store), Stage("1.37.1", "3.7.2"))
            except PlanError:
                continue
            for stage in found:
                allowed = version_table.MINORS[minor_of(stage.kubernetes)].programs["etcd"]
                assert allowed.takes(numbers_of(stage.etcd))


def test_the_playbook_has_as_many_stages_as_the_longest_way() -> None:
    """From the oldest release of the table, and from an etcd that needs its stepping stone first."""
    text = (ROOT / "playbooks" / "upgrade.yml").read_text(encoding="utf-8")
    numbers = [int(number) for number in re.findall(r"__upgrade_stage: (\d+)", text)]
    minors = len(version_table.MINORS)
    stones = len({stone[:2] for stone in rules.ETCD_STEPPING_STONES} & {(3, 6)})
    assert numbers == list(range(minors - 1 + stones))
