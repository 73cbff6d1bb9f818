# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the health of the cluster, as the apiserver on the host sees it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_health
short_description: Show the health of a cluster
version_added: 0.1.0
description:
  - Asks the apiserver on the host whether it is ready, and for the leaders, the nodes, and the pods of C(kube-system) that are not ready.
  - Changes nothing. Does not fail if the cluster is not healthy or has no API yet. Check RV(ignore:healthy).
extends_documentation_fragment:
  - barehost.kubernetes._reads_only
  - barehost.kubernetes._api_access
author:
  - The barehost.kubernetes authors (@barehost)
options:
  deadline:
    description: The time in seconds that the API may take to become ready.
    type: float
    default: 0
"""

EXAMPLES = r"""
- name: Check the cluster
  barehost.kubernetes.cluster_health:
  register: health
  run_once: true

- name: Show it
  ansible.builtin.debug:
    msg: "{{ health.summary }}"
  run_once: true
"""

RETURN = r"""
healthy:
  description: Whether the API is ready, both leaders renew their leases, and all nodes and the pods of C(kube-system) are ready.
  returned: success
  type: bool
summary:
  description: The result as lines for people.
  returned: success
  type: list
  elements: str
api:
  description: The apiserver that was asked.
  returned: success
  type: dict
  sample: {server: "https://127.0.0.1:6443", ready: true, fault: ""}
nodes:
  description: Every node.
  returned: success
  type: list
  elements: dict
  sample:
    - name: node1.example.com
      ready: true
      fault: ""
      schedulable: true
      roles: [control-plane]
      version: v1.37.1
      runtime: docker://29.0.0
      addresses: {InternalIP: 192.0.2.11, Hostname: node1.example.com}
leaders:
  description: The leaders of the controller managers and of the schedulers, and whether they renew their leases.
  returned: success
  type: list
  elements: dict
  sample:
    - name: kube-scheduler
      holder: node1.example.com
      renewed: "2026-11-21T10:00:00.000000Z"
      age: 1.2
      alive: true
pods:
  description: The pods of C(kube-system) that are not ready.
  returned: success
  type: list
  elements: dict
  sample:
    - name: coredns-6d4b75cb6d-abcde
      node: node1.example.com
      phase: Pending
      fault: "container coredns waits: ImagePullBackOff"
requests:
  description: The serving certificates that kubelets have asked for a minute ago or more, and nobody has approved.
  returned: success
  type: list
  elements: dict
  sample:
    - name: csr-5nkmr
      of: system:node:node1.example.com
pod_count:
  description: The number of pods in C(kube-system), ready or not.
  returned: success
  type: int
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import health
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "deadline": {"type": "float", "default": 0},
            "server": {"type": "str"},
            "ca": {"type": "path", "default": "/etc/kubernetes/pki/ca.crt"},
            "cert": {"type": "path", "default": "/etc/kubernetes/pki/admin.crt"},
            "key": {"type": "path", "default": "/etc/kubernetes/pki/admin.key", "no_log": False},
        },
        supports_check_mode=True,
    )
    options = module.params
    server = options["server"] or "https://127.0.0.1:6443"
    api = KubeApi(server=server, ca=options["ca"], cert=options["cert"], key=options["key"])
    try:
        found = health.look(api, deadline=options["deadline"])
    except HostError as error:
        module.fail_json(msg=error.message, details=error.details)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
