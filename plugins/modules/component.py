# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: component
short_description: Bring one component of a host to its described state
version_added: 0.1.0
description:
  - Takes the description of everything that one component of a host needs (packages, users, directories, released programs,
    certificates, files, kernel settings, firewall, units), collects what is there, plans what must be done and does it.
  - A run that finds everything as described makes one call of the host and changes nothing.
  - A unit is restarted if what it was started with differs from what is there now. systemd records that at every start (a drop-in runs
    a helper that writes digests to C(/run/barehost)), so nothing is lost with an interrupted run, and a restart by hand counts too.
  - Every file is replaced as a whole. A restarted unit that does not become healthy gets its previous files and programs back.
  - The kinds are treated in one fixed order, whatever their order in the task.
    What others have set up, early files, packages,
    groups, users, directories, binaries, certificates, files, absent paths, kernel modules, sysctls, swap,
    SELinux, firewall, units.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Returns the same plan that a run would carry out, on a bare host too; changes nothing.
    support: full
  diff_mode:
    description: Shows a difference for every action; for secret content only that it changes.
    support: full
options:
  name:
    description: Name of the component, for messages and for O(rolling).
    type: str
    required: true
  show_secrets:
    description: Whether files with O(files[].secret=true) are shown in differences. Private keys never are.
    type: bool
    default: false
  pki:
    description: The PKI directory on the controller. By default C(cluster.pki_directory).
    type: path
extends_documentation_fragment:
  - barehost.kubernetes._component_system
  - barehost.kubernetes._component_content
  - barehost.kubernetes._component_units
seealso:
  - module: barehost.kubernetes.cluster_spec
"""

EXAMPLES = r"""
- name: Converge a small service
  barehost.kubernetes.component:
    name: hello
    users:
      - name: hello
        system: true
        shell: /sbin/nologin
    directories:
      - path: /var/lib/hello
        owner: hello
        group: hello
        mode: "0700"
    files:
      - path: /etc/hello.conf
        template: hello.conf.j2
    units:
      - name: hello.service
        template: hello.service.j2
        health:
          - http: http://127.0.0.1:8080/healthz
            deadline: 30
    rolling: true
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Kind of the resource.
      type: str
      sample: file
    action:
      description: What is done to it.
      type: str
      sample: write
    path:
      description: The path, package, user or unit that is changed.
      type: str
      sample: /etc/hello.conf
    reason:
      description: What was found, and what is wanted.
      type: str
      sample: its content differs
restarted:
  description: Every restart of a running unit with its reason.
  returned: success
  type: list
  elements: str
  sample: ["etcd.service: /etc/etcd/etcd.conf changed since it was started"]
units:
  description: For each unit its state, and what tells one start from another.
  returned: success
  type: dict
  sample:
    etcd.service: {active: active, started: "84120131", invocation: 5f0c5c0f9d5f4d76a9d1a3d0e8c9c5b1}
diff:
  description: One difference for each action.
  returned: success and diff mode
  type: list
  elements: dict
"""
