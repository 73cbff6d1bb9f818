# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates of the Ansible world."""

from __future__ import annotations

import collections.abc
import sys
import typing as t

import pytest
import yaml

from .command import ROOT, run

LINEAR, FREE = "ansible.builtin.linear", "ansible.builtin.free"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "pythons",
    [
        pytest.param(f"3.9 {VERSION}", id="the oldest and this one"),
        pytest.param("", id="every Python", marks=pytest.mark.long),
    ],
)
def test_ansible_test_sanity(pythons: str) -> None:
    """All sanity tests but pslint: there is no PowerShell, in the collection or on the machine."""
    command = ("tools/offline_ansible_test.py", "sanity", "--requirements", "--color", "no", "--skip-test", "pslint")
    run(sys.executable, *command, BAREHOST_TEST_PYTHONS=pythons)


@pytest.mark.slow
@pytest.mark.long
def test_ansible_test_units() -> None:
    """The unit tests as contributors of other collections run them. pytest itself runs the same ones in make test."""
    output = run(sys.executable, "tools/offline_ansible_test.py", "units", "--venv", "--python", VERSION, "--requirements", "--color", "no")
    assert " passed in " in output


@pytest.mark.slow
def test_ansible_lint() -> None:
    run("ansible-lint", "--offline", "--profile", "production", "--nocolor")


@pytest.mark.slow
def test_antsibull_docs() -> None:
    configuration = ("--config-file", "tools/docsite/antsibull-docs.cfg")
    run("antsibull-docs", *configuration, "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=all", ".")


@pytest.mark.slow
def test_antsibull_changelog() -> None:
    run("antsibull-changelog", "lint")


def _tasks(entries: list[dict[str, t.Any]] | None) -> collections.abc.Iterator[dict[str, t.Any]]:
    """All tasks of a file, also those of plays and blocks."""
    for entry in entries or []:
        yield entry
        for part in ("pre_tasks", "tasks", "post_tasks", "block", "rescue", "always"):
            yield from _tasks(entry.get(part))


def test_a_host_that_may_be_away_ends_no_play() -> None:
    """With run_once, Ansible marks all hosts as failed if one did not answer, unless errors are ignored, too (strategy/linear.py)."""
    files = [*(ROOT / "playbooks").rglob("*.yml"), *(ROOT / "roles").glob("*/tasks/*.yml")]
    wrong = [
        f"{file.relative_to(ROOT)}: {task['name']}"
        for file in files
        for task in _tasks(yaml.safe_load(file.read_text(encoding="utf-8")))
        if task.get("run_once") and task.get("ignore_unreachable") and not task.get("ignore_errors")
    ]
    assert wrong == []


def _plays() -> collections.abc.Iterator[tuple[str, dict[str, t.Any]]]:
    for file in sorted((ROOT / "playbooks").rglob("*.yml")):
        for play in yaml.safe_load(file.read_text(encoding="utf-8")):
            if "hosts" in play:
                yield f"{file.name}: {play['name']}", play


def _with_those_of_roles(play: dict[str, t.Any]) -> collections.abc.Iterator[dict[str, t.Any]]:
    """All tasks of a play, and those of the files of roles that it imports."""
    for task in _tasks([play]):
        yield task
        if role := task.get("ansible.builtin.import_role"):
            file = ROOT / "roles" / role["name"].rpartition(".")[2] / "tasks" / f"{role.get('tasks_from', 'main')}.yml"
            yield from _tasks(yaml.safe_load(file.read_text(encoding="utf-8")))


def test_every_play_names_its_strategy() -> None:
    """Otherwise it has that of the user's ansible.cfg. Ansible's free strategy knows no run_once, and hosts do not wait for each other."""
    plays = list(_plays())
    assert plays
    assert [name for name, play in plays if play.get("strategy") not in (LINEAR, FREE)] == []


def test_no_play_of_the_free_strategy_has_a_task_for_one_host() -> None:
    """It would run on each. This is why .ansible-lint leaves run-once[task] out."""
    free = [(name, list(_with_those_of_roles(play))) for name, play in _plays() if play.get("strategy") == FREE]
    assert free and all(tasks for _name, tasks in free)
    assert [name for name, tasks in free if any(task.get("run_once") for task in tasks)] == []
