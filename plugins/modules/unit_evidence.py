# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: unit_evidence
short_description: Read the state and the last journal lines of units
version_added: 0.1.0
description:
  - Reads what a host says of some units, for the message of a task that fails on another host.
  - Of units that run, other than the first, it tells only that they run.
  - Leaves out lines of the journal that may hold key material. Changes nothing.
extends_documentation_fragment:
  - barehost.kubernetes._reads_only
author:
  - The barehost.kubernetes authors (@barehost)
options:
  units:
    description: The units, first the one whose journal tells most. Those that the host does not have are left out.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Ask the host of the node
  barehost.kubernetes.unit_evidence:
    units: [kubelet.service]
  delegate_to: node1.example.com
  register: evidence
"""

RETURN = r"""
evidence:
  description: The state of each unit, and the last lines of the journals.
  returned: success
  type: str
"""
