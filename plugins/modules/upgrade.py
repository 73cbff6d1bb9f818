# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade
short_description: Plan an upgrade of a running cluster, and verify it
version_added: 0.1.0
description:
  - Compares the versions of C(cluster) with those that hosts have and run, and plans the stages between them. A stage is one minor
    version of Kubernetes, of etcd, or of both.
  - Fails if the upgrade must not begin. Reaches no host itself. It reads what earlier tasks have registered as C(barehost_versions),
    C(barehost_master_versions), C(barehost_workloads) and C(barehost_etcd_databases).
  - The variable C(cluster) must hold the result of M(barehost.kubernetes.cluster_spec).
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Plans. The plays that perform the plan have no hosts then.
    support: full
  diff_mode:
    description: Changes nothing, so that there is no difference to show.
    support: none
options:
  state:
    description:
      - V(checked) fails for wrong options, before any host is asked.
      - V(planned) plans. Run it once, after all hosts were asked, and register the result as C(barehost_upgrade).
      - V(verified) plans again, and fails if anything is left to do.
    type: str
    choices: [checked, planned, verified]
    required: true
  only:
    description: V(all), V(masters) or V(nodes). V(masters) are masters with the members of etcd. Without it, V(all).
    type: raw
  drain:
    description: Whether nodes are drained, as they are by default. Without it, the kubelet cannot go to another minor version.
    type: raw
  unmanaged_pods:
    description: Whether pods that no controller replaces may be lost. By default they may not.
    type: raw
  wait_for_pods:
    description: Whether the pods of a node, and those that have left it, must be ready before the next node. By default they must.
    type: raw
  batch:
    description: How many nodes are upgraded at the same time. A number, or a percentage of the nodes. Without it, one.
    type: raw
  timeout:
    description: Seconds for the pods of a node to leave, and to be ready again. Without it, 300.
    type: raw
  pause:
    description: Seconds after each batch. Without it, none.
    type: raw
  before_node:
    description: A file with tasks of the user, which run before each node.
    type: raw
  after_node:
    description: A file with tasks of the user, which run after each node.
    type: raw
seealso:
  - module: barehost.kubernetes.versions
  - module: barehost.kubernetes.workloads
"""

EXAMPLES = r"""
- name: Plan the upgrade
  barehost.kubernetes.upgrade:
    state: planned
  run_once: true
  register: barehost_upgrade
"""

RETURN = r"""
summary:
  description: The plan for people, by lines.
  returned: for O(state=planned) and O(state=verified)
  type: list
  elements: str
stages:
  description: Of each stage its versions, and the hosts that it changes.
  returned: for O(state=planned)
  type: list
  elements: dict
settings:
  description: The options that plays use, with absolute paths.
  returned: for O(state=planned)
  type: dict
through:
  description: The master by whose API nodes are drained.
  returned: for O(state=planned)
  type: str
performs:
  description: Whether the plays after the plan perform it.
  returned: for O(state=planned)
  type: bool
complete:
  description: Whether nothing is left to do, and no node was left out.
  returned: for O(state=planned)
  type: bool
ignored:
  description: Controllers that have pods which are not ready, by their uids. Their pods are not waited for.
  returned: for O(state=planned)
  type: list
  elements: str
"""
