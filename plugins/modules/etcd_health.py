# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_health
short_description: Show whether etcd's members are healthy
version_added: 0.1.0
description:
  - Asks each member from one host of etcd for a linearizable read, which needs a quorum, and for its alarms.
  - Changes nothing. Fails if a member does not answer, has no quorum, or has raised an alarm.
extends_documentation_fragment:
  - barehost.kubernetes._reads_only
  - barehost.kubernetes._etcd_access
author:
  - The barehost.kubernetes authors (@barehost)
options:
  endpoints:
    description: Client addresses of the members.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Ask every member
  barehost.kubernetes.etcd_health:
    endpoints: "{{ cluster.etcd.client_urls }}"
  register: etcd
  run_once: true

- name: Show the members
  ansible.builtin.debug:
    msg: "{{ etcd.summary }}"
  run_once: true
"""

RETURN = r"""
healthy:
  description: Whether all members are healthy.
  returned: when the host can be asked
  type: bool
summary:
  description: One line for each member, in the words of C(etcdctl endpoint health), and one for each alarm with what to do.
  returned: when the host can be asked
  type: list
  elements: str
  sample:
    - "https://192.0.2.11:2379 is healthy: successfully committed proposal: took = 2.4ms"
members:
  description: What each member answers. RV(ignore:seconds) is the time of the linearizable read.
  returned: when the host can be asked
  type: list
  elements: dict
  sample:
    - url: https://192.0.2.11:2379
      healthy: true
      fault: ""
      seconds: 0.0024
"""
