# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster's spec where no task has registered one: what makes a role work alone."""

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_spec
short_description: The spec of the cluster, resolved from its inventory
version_added: 0.1.0
description:
  - The same as M(barehost.kubernetes.cluster_spec) registers as C(cluster), resolved where it is used.
  - Every role of the collection has it as its variable C(cluster), so that the role works alone. A registered C(cluster) takes
    precedence, and costs less where several roles follow each other.
author:
  - The barehost.kubernetes authors (@barehost)
options: {}
seealso:
  - module: barehost.kubernetes.cluster_spec
"""

EXAMPLES = r"""
- name: Show where the API is
  ansible.builtin.debug:
    msg: "{{ lookup('barehost.kubernetes.cluster_spec').api.url }}"
"""

RETURN = r"""
_raw:
  description: One map, with the keys that M(barehost.kubernetes.cluster_spec) returns. Warnings are shown by Ansible.
  type: list
  elements: dict
"""

import multiprocessing
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.cluster_inputs import spec_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import SpecError

_of_this_task: list[dict[str, t.Any]] = []


class LookupModule(LookupBase):
    """Reads variables of every host of the inventory; reaches none of them."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **options: t.Any) -> list[dict[str, t.Any]]:
        if _of_this_task:
            return _of_this_task
        try:
            spec = spec_of(self._templar, variables or {})
        except SpecError as error:
            raise AnsibleLookupError(str(error)) from error
        for warning in spec.pop("warnings", []):
            Display().warning(warning)
        if multiprocessing.parent_process() is not None:
            # A process that Ansible has forked ends with the task, and a task reads `cluster` many times.
            _of_this_task.append(spec)
        return [spec]
