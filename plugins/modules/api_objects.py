# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: api_objects
short_description: Manage objects of the Kubernetes API
version_added: 0.1.0
description:
  - Compares the described objects with those of the apiserver on the host, and changes only what differs. Needs only Python on the host.
  - Objects are applied by the server (server-side apply, with force). What would differ is asked from the server too, by a dry run,
    so that its defaults and the fields of other managers are no differences.
  - If the API refuses one of the objects, nothing is changed.
  - Absent objects go first, then namespaces and custom resource definitions are applied, then the rest in the given order.
  - In check mode, if there is no API yet, every object is predicted as new.
  - Calls the host once if there is nothing to do.
extends_documentation_fragment:
  - barehost.kubernetes._api_access
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Predicts what the run changes; it does not wait for conditions.
    support: full
  diff_mode:
    description: Shows each object as YAML, without the fields that the server keeps for itself; never a value of a Secret.
    support: full
options:
  name:
    description: What messages call this set of objects.
    type: str
    default: api_objects
  objects:
    description: Objects as data.
    type: list
    elements: dict
    default: []
  template:
    description: Templates of manifests (YAML of one or many documents), rendered on the controller.
    type: list
    elements: str
    default: []
  src:
    description: Manifests on the controller, used as they are.
    type: list
    elements: str
    default: []
  absent:
    description:
      - Objects that must not be there, as C(kind), C(name), C(namespace) and C(apiVersion).
      - Waits until they are gone.
    type: list
    elements: dict
    default: []
  wait:
    description:
      - What to wait for afterwards, as C(kind), C(name) or C(names), C(namespace), C(apiVersion), C(condition),
        and C(deadline) in seconds (60).
      - The condition is the type of a condition in the object's status in any case, C(exists) or C(absent). By default it is C(Available)
        for workloads, C(Complete) for a Job, C(Established) for a CustomResourceDefinition, else C(Ready).
      - C(Available) of a workload means that its roll-out is complete, so that no old replica is left.
      - At the deadline the error tells conditions, events and the containers that do not start.
    type: list
    elements: dict
    default: []
  deadline:
    description: How many seconds the API may take to be ready.
    type: float
    default: 60
  field_manager:
    description: The name under which the server remembers which fields are ours.
    type: str
    default: barehost
"""

EXAMPLES = r"""
- name: Converge CoreDNS
  barehost.kubernetes.api_objects:
    name: coredns
    template: coredns.yaml.j2
    wait:
      - kind: Deployment
        namespace: kube-system
        name: coredns
        deadline: 120
  run_once: true

- name: Remove what an older version made
  barehost.kubernetes.api_objects:
    absent:
      - kind: ConfigMap
        namespace: kube-system
        name: old
  run_once: true

- name: Wait for the nodes
  barehost.kubernetes.api_objects:
    wait:
      - kind: Node
        names: [node1.example.com, node2.example.com]
        condition: Ready
  run_once: true
"""

RETURN = r"""
actions:
  description: What was, or in check mode would be, done.
  returned: success
  type: list
  elements: dict
  sample:
    - kind: api_object
      action: patch
      path: Deployment kube-system/coredns
      reason: "spec.replicas: found 1, wanted 2"
"""
