# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags on the command line of real runs. Ansible itself ends well where nothing has a tag."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess

import pytest
from spec_controller import Controller
from spec_inventory import TESTS

# Starting ansible-playbook takes seconds.
pytestmark = pytest.mark.slow

PLAYBOOKS = TESTS.parent / "playbooks"

PLAYBOOK = """
- name: Resolve
  hosts: all
  gather_facts: false
  tasks:
    - name: Resolve the cluster
      barehost.kubernetes.cluster_spec:
      run_once: true
      register: cluster
      tags: [always]
- name: Work
  hosts: m1
  gather_facts: false
  tags: [work]
  tasks:
    - name: A block
      tags: [outer]
      block:
        - name: Part
          ansible.builtin.debug:
            msg: PART
          tags: part, piece
      rescue:
        - name: Rescue
          ansible.builtin.debug:
            msg: RESCUE
          tags: [mended]
    - name: More
      ansible.builtin.include_tasks: more.yml
      tags: [more]
    - name: A role
      ansible.builtin.include_role:
        name: own
      tags: [own, inside]
  handlers:
    - name: Handle
      ansible.builtin.debug:
        msg: HANDLED
      tags: [handled]
"""


def told(run: subprocess.CompletedProcess[str]) -> str:
    return " ".join((run.stdout + run.stderr).split())


@pytest.fixture
def own(controller: Controller) -> Controller:
    """With a playbook of somebody that has tags in all places."""
    (controller.directory / "playbook.yml").write_text(PLAYBOOK, encoding="utf-8")
    (controller.directory / "more.yml").write_text("[{debug: {msg: MORE}, tags: [deep]}]", encoding="utf-8")
    (controller.directory / "roles/own/tasks").mkdir(parents=True)
    (controller.directory / "roles/own/tasks/main.yml").write_text("[{debug: {msg: OWN}, tags: [inside]}]", encoding="utf-8")
    return controller


# Without the aliases, whose names have underscores.
PATHS = [path for path in sorted(PLAYBOOKS.glob("*.yml")) if "_" not in path.stem]


@pytest.mark.parametrize(("path", "option"), [*((path, "--tags") for path in PATHS), (PLAYBOOKS / "site.yml", "--skip-tags")])
def test_a_misspelt_tag_is_refused_by_each_playbook(controller: Controller, good: pathlib.Path, path: pathlib.Path, option: str) -> None:
    run = controller.run(good, option, "mastr", playbook=path)
    assert run.returncode == 2, run.stdout + run.stderr
    # An upgrade may include tasks of the user, whose tags are not known. It takes no tags at all.
    refused = ("tags (mastr) divide no upgrade", f"No host was touched. {option} mastr: nothing has this tag.")
    assert any(text in told(run) for text in refused[path.stem != "upgrade" :])
    assert not controller.was_reached


def test_the_refusal_names_the_tags_of_site(controller: Controller, good: pathlib.Path) -> None:
    """All those that the documentation names."""
    run = controller.run(good, "--tags", "etcd,mastr", playbook=PLAYBOOKS / "site.yml")
    page = (TESTS.parent / "docs/tasks/run-partly.md").read_text(encoding="utf-8")
    documented = re.findall(r"`(?:--skip-tags )?(\w+)`", page[page.index("The tags are") : page.index("nodes do not check")])
    assert "Did you mean master?" in told(run)
    named = told(run).partition("Write one of the tags of site.yml: ")[2].partition(" Origin")[0].split(", ")
    assert set(named) == set(documented)


@pytest.mark.parametrize(
    "arguments",
    [
        *(("--tags", tag) for tag in ("work", "outer", "part", "piece", "mended", "handled", "own,inside")),
        *(("--tags", tag) for tag in ("all", "tagged", "untagged", "always", "never")),
        ("--skip-tags", "part,own"),
        ("--skip-tags", "molecule-notest,notest"),
    ],
    ids=" ".join,
)
def test_a_tag_that_something_has_is_taken(own: Controller, good: pathlib.Path, arguments: tuple[str, ...]) -> None:
    run = own.run(good, *arguments)
    assert run.returncode == 0, run.stdout + run.stderr


def test_an_unread_include_may_have_any_tag(own: Controller, good: pathlib.Path) -> None:
    """As long as it is to run."""
    run = own.run(good, "--tags", "more,deep")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "MORE" in run.stdout
    assert own.run(good, "--tags", "deep").returncode == 2


def test_the_tags_of_all_playbooks_count(own: Controller, good: pathlib.Path) -> None:
    """Of the one that the command line names first, of one that it imports, and of those that follow."""
    (own.directory / "whole.yml").write_text(
        f"- import_playbook: playbook.yml\n- import_playbook: {PLAYBOOKS}/backup.yml\n", encoding="utf-8"
    )
    assert own.run(good, "--tags", "piece", playbook=pathlib.Path("whole.yml")).returncode == 0
    run = own.run(good, str(PLAYBOOKS / "site.yml"), "--tags", "part,pod_networ")
    assert run.returncode == 2, run.stdout + run.stderr
    assert "--tags pod_networ: nothing has this tag. Did you mean pod_network?" in told(run)
    assert "Write one of the tags of playbook.yml and site.yml: addons, balancer" in told(run)


def test_the_collections_own_name_of_a_playbook_is_known(controller: Controller, good: pathlib.Path) -> None:
    run = controller.run(good, "--tags", "mastr", playbook=pathlib.Path("barehost.kubernetes.site"))
    assert run.returncode == 2, run.stdout + run.stderr
    assert "Did you mean master?" in told(run)


def test_a_playbook_from_a_pipe_is_not_waited_for(own: Controller, good: pathlib.Path) -> None:
    """Its text comes once. Nothing can be said of its tags then."""
    pipe = own.directory / "pipe.yml"
    os.mkfifo(pipe)
    with subprocess.Popen(["cp", str(own.directory / "playbook.yml"), str(pipe)]) as writer:
        run = own.run(good, "--tags", "mastr", playbook=pathlib.Path("pipe.yml"))
        assert writer.wait(timeout=10) == 0
    assert run.returncode == 0, run.stdout + run.stderr
