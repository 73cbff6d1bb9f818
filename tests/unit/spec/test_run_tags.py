# SPDX-License-Identifier: GPL-3.0-or-later
"""A misspelt tag is refused: without that, the run would do nothing, or skip nothing, and end well."""

from __future__ import annotations

import pathlib

import pytest
import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.run_tags import Known, refusal

PLAYBOOKS = pathlib.Path(__file__).parents[3] / "playbooks"
SITE = Known(frozenset(("always", "etcd", "host", "master")))


def refused(known: Known = SITE, *, only: tuple[str, ...] = ("all",), skip: tuple[str, ...] = ()) -> str:
    return refusal(known, playbooks=["playbooks/site.yml"], only=only, skip=skip)


def test_the_refusal_names_what_was_given_and_what_there_is() -> None:
    assert refused(only=("mastr", "etcd", "ectd"), skip=("hosst",)).splitlines() == [
        "No host was touched.",
        "--tags ectd: nothing has this tag. Did you mean etcd?",
        "--tags mastr: nothing has this tag. Did you mean master?",
        "--skip-tags hosst: nothing has this tag. Did you mean host?",
        "Write one of the tags of site.yml: etcd, host, master",
    ]


def test_without_a_tag_the_refusal_says_so() -> None:
    assert refused(Known(frozenset(("always",))), only=("x",), skip=("y",)).endswith(
        "Leave out --tags and --skip-tags: site.yml has no tags"
    )


@pytest.mark.parametrize("tag", ["all", "tagged", "untagged", "always", "never"])
def test_tags_with_a_meaning_of_their_own_are_taken(tag: str) -> None:
    assert not refused(only=(tag,), skip=(tag,))


def test_what_molecule_skips_everywhere_is_taken() -> None:
    assert not refused(skip=("molecule-notest", "notest"))
    assert refused(only=("notest",))


def test_an_empty_tag_is_refused() -> None:
    assert "--tags '': nothing has this tag." in refused(only=("",))


def test_what_an_include_brings_may_have_any_tag() -> None:
    assert not refused(Known(SITE.tags, complete=False), only=("mastr",))


@pytest.mark.parametrize("path", sorted(PLAYBOOKS.glob("*.yml")), ids=lambda path: path.stem)
def test_each_playbook_begins_with_the_task_that_refuses(path: pathlib.Path) -> None:
    """Whatever tags were given, and before any host is touched."""
    first = yaml.safe_load(path.read_text(encoding="utf-8"))[0]
    if "ansible.builtin.import_playbook" in first:
        return
    assert "barehost.kubernetes.cluster_spec" in first["tasks"][0]
    assert first["tasks"][0]["tags"] == ["always"]
    assert first["hosts"] == "all"
