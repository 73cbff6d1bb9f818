# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the position of a task in its play: whether it is the last one, and whether a `rescue` handles its failure.

Ansible keeps tasks in a tree of blocks. An include adds its tasks only when it runs, so the functions walk from a task to its parents.
"""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible import constants
from ansible.playbook.block import Block
from ansible.playbook.handler import Handler
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible.playbook.task_include import TaskInclude


class Positions:
    """The positions of the tasks of one play. Each is computed once, however many hosts run the task."""

    def __init__(self, play: Play) -> None:
        self._final = _final_block(play)
        self._ends: dict[str, bool] = {}

    def ends_play(self, task: Task) -> bool:
        """Whether no task follows. Tasks that --tags excludes count too, so it can be False for the last task that runs."""
        if task._uuid not in self._ends:
            self._ends[task._uuid] = self._is_last(task)
        return self._ends[task._uuid]

    def _is_last(self, task: Task) -> bool:
        # handlers usually run at the end of a play
        if isinstance(task, Handler):
            return True
        node: t.Any = task
        parent = task._parent
        while parent is not None:
            if isinstance(parent, Block):
                if not _last_in_block(node, parent):
                    return False
                node = parent
            elif not parent.statically_loaded:
                # the task comes from an include: a role's blocks are known, those of a task file are not
                if not _last_of_role(node):
                    return False
                node = parent
            parent = parent._parent
        return bool(node._uuid == self._final)


def rescued(task: Task) -> bool:
    """Whether a `rescue` handles the failure of a task."""
    node: t.Any = task
    parent = task._parent
    while parent is not None:
        if isinstance(parent, Block):
            if parent.rescue and _index(parent.block, node) is not None:
                return True
            node = parent
        elif not parent.statically_loaded:
            node = parent
        parent = parent._parent
    return False


def brings_tasks(task: Task) -> bool:
    """Whether the task is an include, which only adds other tasks."""
    return isinstance(task, TaskInclude)


def _index(section: c.Sequence[t.Any], node: t.Any) -> int | None:
    """The index of a task, include or block in a list, found by ID: a copy has the ID of its original."""
    return next((place for place, other in enumerate(section) if other._uuid == node._uuid), None)


def _last_in_block(node: t.Any, block: Block) -> bool:
    sections = [_without_meta(section) for section in (block.block, block.rescue, block.always)]
    for section in sections:
        place = _index(section, node)
        if place is not None:
            follows = sections[2] if section is not sections[2] else []
            return place == len(section) - 1 and not follows
    return True


def _without_meta(section: c.Sequence[t.Any]) -> list[t.Any]:
    return [node for node in section if getattr(node, "action", None) not in constants._ACTION_META]


def _last_of_role(node: t.Any) -> bool:
    blocks = node._role.get_task_blocks() if getattr(node, "_role", None) else []
    place = _index(blocks, node)
    return place is None or place == len(blocks) - 1


def _final_block(play: Play) -> str | None:
    """The ID of the last block of a play."""
    sections = (play.post_tasks, play.tasks, *(role.get_task_blocks() for role in reversed(play.roles) if not role.from_include))
    return next((section[-1]._uuid for section in sections if section), None)
