# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: workloads
short_description: Read what drains of Nodes will meet
version_added: 0.1.0
description:
  - Asks the API for Nodes, for pods that no controller replaces, for pods that are not ready, and for budgets that let no pod go.
  - Run it on a master, because it asks the apiserver on its host.
extends_documentation_fragment:
  - barehost.kubernetes._reads_only
  - barehost.kubernetes._api_access
author:
  - The barehost.kubernetes authors (@barehost)
options:
  deadline:
    description: How many seconds the API may take to be ready.
    type: float
    default: 10
"""

EXAMPLES = r"""
- name: Ask what drains will meet
  barehost.kubernetes.workloads:
  run_once: true
  register: barehost_workloads
"""

RETURN = r"""
unready:
  description: Why the API is not ready. Nothing else is returned then.
  returned: success
  type: str
nodes:
  description: By name of the Node, whether it takes pods and is ready, who cordoned it for a while, and the version of its kubelet.
  returned: if the API is ready
  type: dict
unmanaged:
  description: Pods that run, and that no controller replaces.
  returned: if the API is ready
  type: list
  elements: dict
unready_owners:
  description: The uids of controllers that have pods which are not ready, and of such pods that have no controller.
  returned: if the API is ready
  type: list
  elements: str
budgets:
  description: PodDisruptionBudgets that let no pod go now, with their pods.
  returned: if the API is ready
  type: list
  elements: dict
"""
