# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does all the work, on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: admin_kubeconfig
short_description: Write the cluster administrator's kubeconfig on the controller
version_added: 0.1.0
description:
  - Writes a self-contained kubeconfig (authority, client certificate and key) on the controller, readable by its owner only.
  - The key is made on the controller. It is sent to no host, and appears in no diff and no result.
  - The user is C(kubernetes-admin) of the group C(system:masters). The API server lets this group do everything without asking RBAC,
    so that the file still works when RBAC objects are missing or broken. Guard it like a root password, and give people certificates
    of M(barehost.kubernetes.user_kubeconfig), or tokens of their own.
  - A valid file is left alone. The certificate (C(cluster_admin_certificate_days), 90 by default) is renewed before it ends, and when the
    authority, the server or a name differs from what is wanted.
  - Where the key of the authority is not in the PKI directory, a missing file is a warning. A new certificate that the file needs is an
    error.
  - The file is written as a whole. Copy it instead of adding contexts to it.
  - In the endpoint mode V(local), where nothing stands before the masters for other machines, the file has a context for each master;
    C(kubectl config use-context) chooses, and a run leaves the choice alone.
  - Runs once for all hosts of the play.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Says what it would do; an authority that does not exist yet is not made.
    support: full
  diff_mode:
    description: Shows names, server and the description of the certificate; never a key.
    support: full
options:
  path:
    description: The kubeconfig on the controller. Its directory must exist.
    type: path
    required: true
  server:
    description: URL of the API. By default as C(cluster), of M(barehost.kubernetes.cluster_spec), has it.
    type: str
  cluster_name:
    description: Name of the cluster in the file. By default that of the fact C(cluster).
    type: str
  pki_directory:
    description: The PKI directory on the controller. By default that of the fact C(cluster).
    type: path
"""

EXAMPLES = r"""
- name: Give the administrator a kubeconfig
  barehost.kubernetes.admin_kubeconfig:
    path: "{{ inventory_dir }}/kubeconfig"
"""

RETURN = r"""
path:
  description: The kubeconfig.
  returned: success
  type: str
  sample: /home/admin/cluster/kubeconfig
server:
  description: URL of the API in it.
  returned: success
  type: str
  sample: https://192.168.200.100:6443
actions:
  description: What was, or in check mode would be, done.
  returned: success
  type: list
  elements: dict
  sample:
    - kind: kubeconfig
      action: write
      path: /home/admin/cluster/kubeconfig
      reason: absent
"""
