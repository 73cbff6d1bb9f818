# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pod_network
short_description: Check from a node that the pod network works
version_added: 0.1.0
description:
  - Asks other nodes through flannel's tunnel, with a request longer than a packet, and connects to the pods of CoreDNS.
  - Each node asks those 1, 2, 4, 8 … places after it in the ring of all nodes, so that up to five nodes every pair is asked.
    Nodes that are not ready are left out.
  - Fails with both hosts, the port and the size of packets that must pass. Changes nothing, and needs no image.
  - The variable C(cluster) must hold the result of M(barehost.kubernetes.cluster_spec).
extends_documentation_fragment:
  - barehost.kubernetes._reads_only
author:
  - The barehost.kubernetes authors (@barehost)
options:
  device:
    description: The interface of flannel's tunnel.
    type: str
    default: flannel.1
  deadline:
    description: How many seconds the pod network may take to work.
    type: float
    default: 15
"""

EXAMPLES = r"""
- name: Check the pod network
  barehost.kubernetes.pod_network:
"""

RETURN = r"""
reached:
  description: The nodes that were asked and answered.
  returned: success
  type: list
  elements: str
"""
