# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: versions
short_description: Refuse versions that a running cluster cannot go to
version_added: 0.1.0
description:
  - Compares the versions of the inventory with those that hosts have and run, and with those that apiservers and kubelets tell.
  - Refused are a minor version of Kubernetes or etcd that is skipped or older, an etcd that cannot go on, a kubelet that would be newer
    than an apiserver, and one that would be more than three minor versions older. The error names hosts, versions and the way.
  - Refused are also API versions that the wanted release does not serve and that clients have asked for since an apiserver has started,
    and objects that no other version serves.
  - Refused are nodes with cgroup v1 or an old kernel on which the programs do not start.
  - A host that comes back to a cluster of the wanted version may skip versions.
  - The variable C(cluster) must hold the result of M(barehost.kubernetes.cluster_spec).
extends_documentation_fragment:
  - barehost.kubernetes._reads_only
author:
  - The barehost.kubernetes authors (@barehost)
options:
  state:
    description:
      - V(observed) reads what a host has and runs. A master also asks all apiservers. Register the result.
      - V(checked) fails if the run must not begin. Run it once, after all hosts were observed.
    type: str
    choices: [observed, checked]
    required: true
  observation:
    description: The variable in which the task with O(state=observed) was registered.
    type: str
    default: barehost_versions
  control_plane_back:
    description:
      - Whether apiservers, controller-managers and schedulers may go back to the minor version that the apiservers emulate.
      - What they stored before they emulated it, they may not read afterwards. Only the operator knows whether they did.
    type: bool
    default: false
  observation_of_masters:
    description: The same for masters that are not in the play, which are asked in a loop with C(delegate_to).
    type: str
    default: barehost_master_versions
  planned:
    description:
      - For V(checked), whether M(barehost.kubernetes.upgrade) has planned the way. Then only what a release takes away is looked at.
    type: bool
    default: false
  accept_removed_apis:
    description: Whether API versions that end while they are used are a warning only.
    type: bool
    default: false
seealso:
  - name: Kubernetes' version skew policy
    description: Which versions may work together.
    link: https://kubernetes.io/releases/version-skew-policy/
"""

EXAMPLES = r"""
- name: Ask the host which versions it has
  barehost.kubernetes.versions:
    state: observed
  register: barehost_versions

- name: Refuse versions that the cluster cannot go to
  barehost.kubernetes.versions:
    state: checked
  run_once: true
"""

RETURN = r"""
programs:
  description: By name of a program, the versions that are installed or running.
  returned: for O(state=observed)
  type: dict
api:
  description:
    - What apiservers and kubelets tell. Nothing on a host that is no master.
    - C(removed) has what is used of the API versions that the wanted release does not serve.
  returned: for O(state=observed)
  type: dict
machine:
  description: Kernel and cgroup version, and what the variables of the host say about them.
  returned: for O(state=observed)
  type: dict
"""
