# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags that a run was asked for, compared with those that its playbooks have.

Ansible takes a tag that nothing has for one that selects nothing: a misspelt one does nothing and ends well, or skips nothing. Which tags
there are is read off the playbooks of the command line, so a playbook of somebody who imports ours has its own ones, too.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import os
import typing as t

from ansible import context
from ansible.errors import AnsibleError
from ansible.playbook import Playbook
from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.playbook.role_include import IncludeRole
from ansible.playbook.task import Task
from ansible.playbook.task_include import TaskInclude
from ansible.utils.collection_loader._collection_config import AnsibleCollectionConfig
from ansible.utils.collection_loader._collection_finder import _get_collection_name_from_path, _get_collection_playbook_path

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import nearest

# These have a meaning of their own, whether something has them or not.
SPECIAL = frozenset(("all", "tagged", "untagged", "always", "never"))
# Molecule skips these in every playbook, whether something has them or not (molecule/provisioner/ansible.py).
_SKIPPED_BY_MOLECULE = frozenset(("molecule-notest", "notest", "molecule-idempotence-notest"))
# What a run has without any tag that somebody has asked for.
NONE_ASKED_FOR = _SKIPPED_BY_MOLECULE | {"all"}


@dataclasses.dataclass(frozen=True)
class Known:
    """The tags of a run. ``complete`` is false where an include brings tasks that are read only when they are to run."""

    tags: frozenset[str]
    complete: bool = True


def refusal(known: Known, *, playbooks: collections.abc.Sequence[str], only: t.Iterable[str], skip: t.Iterable[str]) -> str:
    """Why a run with these values of ``--tags`` and ``--skip-tags`` must not begin, or nothing."""
    if not known.complete:
        return ""
    there = sorted(known.tags - SPECIAL)
    faults, options = [], []
    for option, given in (("--tags", only), ("--skip-tags", set(skip) - _SKIPPED_BY_MOLECULE)):
        for tag in sorted({str(tag) for tag in given} - known.tags - SPECIAL):
            near = nearest(tag, there, cutoff=0.6)
            faults.append(f"{option} {tag or repr(tag)}: nothing has this tag.{f' Did you mean {near}?' if near else ''}")
            options.append(option)
    if not faults:
        return ""
    names = " and ".join(os.path.basename(playbook) for playbook in playbooks)
    if there:
        advice = f"Write one of the tags of {names}: {', '.join(there)}"
    else:
        advice = f"Leave out {' and '.join(dict.fromkeys(options))}: {names} has no tags"
    return "\n".join(["No host was touched.", *faults, advice])


def refusal_of_this_run(task: Task) -> str:
    """The same for the run that this task belongs to. Costs nothing where no tags were given."""
    asked = context.CLIARGS
    only, skip, playbooks = (list(asked.get(name) or ()) for name in ("tags", "skip_tags", "args"))
    if not playbooks or not (set(only) | set(skip)) - SPECIAL - _SKIPPED_BY_MOLECULE:
        return ""
    return refusal(_known(task, playbooks, only=only, skip=skip), playbooks=playbooks, only=only, skip=skip)


def _known(task: Task, playbooks: list[str], *, only: list[str], skip: list[str]) -> Known:
    """Reads the playbooks as ansible-playbook does. It runs in the process of one task, and leaves nothing behind there either."""
    loader, variables = task.get_loader(), task.get_variable_manager()
    directory, collection = loader.get_basedir(), AnsibleCollectionConfig.default_collection
    reading = _Reading(loader, variables, only=only, skip=skip)
    try:
        for playbook in playbooks:
            found = _get_collection_playbook_path(playbook)
            path = found[1] if found else playbook
            if not os.path.isfile(path):
                return Known(frozenset(), complete=False)  # a pipe gives its text once, and ansible-playbook has had it
            AnsibleCollectionConfig.default_collection = found[2] if found else _get_collection_name_from_path(playbook)
            read = Playbook.load(path, variable_manager=variables, loader=loader)
            for play in read.get_plays():
                loader.set_basedir(play._included_path or read._basedir)
                reading.play(play)
    except AnsibleError:
        # Ansible has read all of it before: what cannot be read now is no fault of the tags.
        return Known(frozenset(), complete=False)
    finally:
        loader.set_basedir(directory)
        AnsibleCollectionConfig.default_collection = collection
    return Known(frozenset(reading.tags), complete=reading.complete)


class _Reading:
    """Collects the tags of plays, tasks and handlers, in included roles too."""

    def __init__(self, loader: t.Any, variables: t.Any, *, only: list[str], skip: list[str]) -> None:
        self._loader, self._variables, self._only, self._skip = loader, variables, only, skip
        self._included: set[str] = set()
        self.tags: set[str] = set()
        self.complete = True

    def play(self, play: Play) -> None:
        self._add(play.tags)
        self._entries(play, [*play.compile(), *play.handlers])

    def _entries(self, play: Play, entries: collections.abc.Iterable[Block | Task]) -> None:
        for entry in entries:
            self._add(entry.tags)
            if isinstance(entry, Block):
                self._entries(play, [*entry.block, *entry.rescue, *entry.always])
            elif isinstance(entry, TaskInclude) and not entry.statically_loaded:
                self._include(play, entry)

    def _include(self, play: Play, include: TaskInclude) -> None:
        if not include.evaluate_tags(self._only, self._skip, {}):
            return  # and what it would bring does not run
        if not isinstance(include, IncludeRole) or "{{" in str(include.args):
            self.complete = False
            return
        role = str(sorted(include.args.items(), key=str))
        if role in self._included:
            return
        self._included.add(role)
        blocks, _handlers = include.get_block_list(play=play, variable_manager=self._variables, loader=self._loader)
        self._entries(play, blocks)

    def _add(self, tags: collections.abc.Iterable[t.Any]) -> None:
        for tag in tags:
            if isinstance(tag, list):
                self._add(tag)
            elif "{{" in str(tag):
                self.complete = False
            else:
                self.tags.add(str(tag))
