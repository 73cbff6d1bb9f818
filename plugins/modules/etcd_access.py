# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_access
short_description: Manage etcd's users, roles and keys
version_added: 0.1.0
description:
  - Creates the described users and roles and then enables authentication in etcd. Users have no passwords. The holder of a client
    certificate of etcd's authority is the user with its common name.
  - A described role gets exactly the described permissions, a described user exactly the described roles. Others are left alone.
  - Uses C(etcdctl) on the host, because etcd's JSON API does not take the name of a certificate for a user.
  - In check mode, if etcd is not installed yet, everything is predicted as new.
  - Calls the host once if there is nothing to do.
extends_documentation_fragment:
  - barehost.kubernetes._etcd_access
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Predicts what the run changes.
    support: full
  diff_mode:
    description: Shows the permissions of roles, the roles of users, and the values of keys.
    support: full
options:
  name:
    description: The name of this task in messages.
    type: str
    default: etcd_access
  endpoints:
    description: Client addresses of the members. One that answers is enough.
    type: list
    elements: str
    required: true
  roles:
    description:
      - Roles, as C(name) and C(permissions). Each permission has either C(prefix) or C(key), and C(access),
        which is V(readwrite), V(read) or V(write).
    type: list
    elements: dict
    default: []
  users:
    description: Users, as C(name) and C(roles). One must be V(root) with etcd's own role V(root).
    type: list
    elements: dict
    required: true
  keys:
    description: Keys and their values, as C(key) and C(value).
    type: list
    elements: dict
    default: []
  deadline:
    description: The time in seconds that etcd may take to answer.
    type: float
    default: 60
"""

EXAMPLES = r"""
- name: Restrict flannel to its prefix
  barehost.kubernetes.etcd_access:
    endpoints: "{{ cluster.etcd.client_urls }}"
    roles:
      - name: flannel
        permissions:
          - prefix: /k8s/network/
    users:
      - name: root
        roles: [root]
      - name: flannel
        roles: [flannel]
    keys:
      - key: /k8s/network/config
        value: '{"Network": "10.255.0.0/16"}'
  run_once: true
"""

RETURN = r"""
actions:
  description: What was, or in check mode would be, done.
  returned: success
  type: list
  elements: dict
  sample:
    - kind: etcd_role
      action: create
      path: flannel
      reason: missing
"""
