# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks of the roles that a survey looks at, and those that it need not look at."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import order_of_roles
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import role_tasks

CLUSTER: dict[str, t.Any] = {"api": {"proxies": ["h"]}, "node_hosts": ["h"], "etcd_hosts": ["h"], "masters": ["h"], "nodes": {}}
ROLES = order_of_roles.of_host(CLUSTER, "h")
COMPONENT = "barehost.kubernetes.component"
# Tasks that do no more where the component, the members of etcd and the objects of the API are as described.
OTHERS = {
    # only after a change of the component
    "host": {"Wait for the clock"},
    # gathers what the description needs; the survey does so, too
    "balancer": {"Look at the interfaces"},
    # the members of etcd are a part of the survey of their own
    "etcd": {"Observe the members", "Plan the member of this host", "Bring the members to the inventory"},
    # only after a Node that is not ready, which is never settled
    "addons": {"Bring the Nodes of this run to the inventory"},
}


@pytest.mark.parametrize("role", ROLES)
def test_each_component_can_be_followed(role: str) -> None:
    tasks = role_tasks.tasks_of(role, COMPONENT)
    assert tasks
    assert not [task.others for task in tasks if task.others]


@pytest.mark.parametrize("role", [*ROLES, "addons"])
def test_a_survey_looks_at_every_task_of_a_role(role: str) -> None:
    """A new kind of task in a role needs a part of the survey, or a reason here."""
    tasks = yaml.safe_load((role_tasks.ROLES / role / "tasks" / "main.yml").read_text(encoding="utf-8"))
    looked_at = {COMPONENT, "barehost.kubernetes.api_objects"}
    assert {task["name"] for task in tasks if not looked_at & set(task)} == OTHERS.get(role, set())


def test_the_order_of_roles_is_that_of_the_playbook() -> None:
    plays = yaml.safe_load((role_tasks.ROLES.parent / "playbooks" / "site.yml").read_text(encoding="utf-8"))
    names = [
        (task.get("ansible.builtin.import_role") or task.get("ansible.builtin.include_role") or {})
        for play in plays
        if play["name"] in ("Prepare hosts and start the control plane", "Start the nodes")
        for task in play["tasks"]
    ]
    names = [role for role in names if "tasks_from" not in role]
    assert [str(role["name"]).rpartition(".")[2] for role in names if role] == ROLES


def test_a_host_has_only_its_roles() -> None:
    assert order_of_roles.of_host({**CLUSTER, "node_hosts": [], "masters": [], "api": {"proxies": []}}, "h") == ["host", "firewall", "etcd"]


def test_a_keyword_of_a_block_counts_as_one_of_its_tasks(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "s" / "tasks" / "main.yml"
    file.parent.mkdir(parents=True)
    file.write_text(f"- name: Both\n  when: false\n  block:\n    - name: Converge it\n      {COMPONENT}: {{name: s}}\n", encoding="utf-8")
    monkeypatch.setattr(role_tasks, "ROLES", tmp_path)
    (task,) = role_tasks.tasks_of("s", COMPONENT)
    with pytest.raises(ComponentError, match="has block when"):
        task.wanted(None)


def test_a_keyword_that_only_ansible_follows_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "r" / "tasks" / "main.yml"
    file.parent.mkdir(parents=True)
    file.write_text(f"- name: Converge it\n  {COMPONENT}: {{name: r}}\n  loop: [1]\n", encoding="utf-8")
    monkeypatch.setattr(role_tasks, "ROLES", tmp_path)
    (task,) = role_tasks.tasks_of("r", COMPONENT)
    with pytest.raises(ComponentError, match="'Converge it' has loop"):
        task.wanted(None)
