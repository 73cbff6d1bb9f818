# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_access
short_description: Bring etcd's users, roles and keys to a described state
version_added: 0.1.0
description:
  - Makes etcd ask who somebody is, after the users and roles that are described are there. Users have no passwords; who shows
    a certificate of etcd's authority is the user of its common name.
  - A described role may touch exactly what is described, a described user has exactly the described roles. Others are left alone.
  - Asks and changes by C(etcdctl) on the host, because etcd's JSON API does not take the name of a certificate for a user.
  - In check mode, when etcd is not there yet, everything is predicted as new.
  - One call of the host when nothing is to be done.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Predicts what the run changes.
    support: full
  diff_mode:
    description: Shows what roles may touch, which roles users have, and values of keys.
    support: full
options:
  name:
    description: What messages call this.
    type: str
    default: etcd_access
  endpoints:
    description: Client addresses of the members; one that answers is enough.
    type: list
    elements: str
    required: true
  roles:
    description:
      - What may be touched, as C(name) and C(permissions). Each permission has either C(prefix) or C(key), and C(access),
        which is V(readwrite), V(read) or V(write).
    type: list
    elements: dict
    default: []
  users:
    description: C(name) and C(roles). One must be V(root) with etcd's own role V(root).
    type: list
    elements: dict
    required: true
  keys:
    description: Keys with their values, as C(key) and C(value).
    type: list
    elements: dict
    default: []
  deadline:
    description: How many seconds etcd may take to answer.
    type: float
    default: 60
  ca:
    description: The authority of the members' certificates, on the host.
    type: path
    default: /etc/etcd/pki/ca.crt
  cert:
    description: The certificate of the user V(root), on the host.
    type: path
    default: /etc/etcd/pki/root.crt
  key:
    description: Its key, on the host.
    type: path
    default: /etc/etcd/pki/root.key
"""

EXAMPLES = r"""
- name: Let flannel touch its prefix and nothing else
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
