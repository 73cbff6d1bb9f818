# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: claim
short_description: Claim a cluster for one run, so that no other one works on it at the same time
version_added: 0.1.0
description:
  - Notes on masters that a run works on the cluster, and refuses to begin while another one does.
  - A run that has ended without saying so is known by its process, if it ran on this machine. Of one on another machine nothing is known,
    so that the operator has to say that it has ended.
  - A run claims a master only if nobody else has done so since it has looked. Look before whatever the plan is made of.
  - Run each state in a loop over all masters, by C(delegate_to), but V(checked), which runs once.
  - The variable C(cluster) must hold the result of M(barehost.kubernetes.cluster_spec).
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Claims nothing. Another run is a warning then.
    support: full
  diff_mode:
    description: The claim is no part of what a host is described to be, so that there is no difference to show.
    support: none
options:
  state:
    description:
      - V(observed) reads the claim of a master. Register the result as C(barehost_claims).
      - V(checked) fails if another run is at work.
      - V(taken) claims the master. Register the result as C(barehost_claimed).
      - V(ended) notes that this run has ended.
    type: str
    choices: [observed, checked, taken, ended]
    required: true
  playbook:
    description: What works on the cluster, for people. Required for V(taken).
    type: str
  take_over:
    description: The run that the operator says has ended.
    type: str
    default: ''
  variable:
    description: The variable of the playbook that has O(take_over), for people. Required for V(checked).
    type: str
seealso:
  - module: barehost.kubernetes.upgrade
  - module: barehost.kubernetes.restart_node
"""

EXAMPLES = r"""
- name: Ask masters which run works on the cluster
  barehost.kubernetes.claim:
    state: observed
  loop: "{{ cluster.masters }}"
  delegate_to: "{{ item }}"
  run_once: true
  ignore_unreachable: true
  ignore_errors: true
  register: barehost_claims

- name: Refuse to begin while another run is at work
  barehost.kubernetes.claim:
    state: checked
    variable: upgrade_take_over
    take_over: "{{ upgrade_take_over | default('') }}"
  run_once: true
"""

RETURN = r"""
claim:
  description: The claim of the master; none if there was never one.
  returned: for O(state=observed)
  type: dict
taken:
  description: Whether this run has claimed the master.
  returned: for O(state=taken)
  type: bool
"""
