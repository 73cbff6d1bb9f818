# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of M(barehost.kubernetes.component): the units of a component, and what they wait for."""

from __future__ import annotations


class ModuleDocFragment:
    """Read by ansible-doc."""

    DOCUMENTATION = r"""
options:
  requires:
    description:
      - Facts that must hold before units are touched.
      - A check names exactly one of V(unit) (is active), V(socket) (accepts), V(file) (exists), V(tcp) (host:port accepts),
        V(http) (a URL that answers; with C(ca), C(cert), C(key), C(status), C(contains)) and V(command)
        (a list that succeeds; with C(contains), C(environment)), V(etcd) (the URL of this host's etcd member, with C(ca), C(cert), C(key);
        all voters are up, or a restart of this one takes nothing away), and may have C(deadline) in seconds (60) and C(message).
    type: list
    elements: dict
  units:
    description: systemd units.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the unit with its kind, such as V(etcd.service).
        type: str
        required: true
      template:
        description: The unit file, as in O(files). Without a source the unit is somebody else's, such as a package's.
        type: str
      content:
        description: The unit file as a text.
        type: str
      yaml:
        description: As in O(files).
        type: raw
      json:
        description: As in O(files).
        type: raw
      pki:
        description: As in O(files).
        type: str
      source:
        description: As in O(files).
        type: str
      vars:
        description: Variables for the template.
        type: dict
      drop_ins:
        description: Files of the unit's drop-in directory, with C(name) and a source as in O(files).
        type: list
        elements: dict
      enabled:
        description: Whether it starts at boot. By default if it is to be started; not touched if it is unmanaged.
        type: bool
      state:
        description: What is wanted. An V(unmanaged) unit is reloaded where O(units[].reload_on) says so, and else left alone.
        type: str
        choices: [started, stopped, unmanaged]
        default: started
      direct:
        description:
          - Whether its program talks to hosts of the cluster, which no proxy must come between. It then gets none of the proxies of
            systemd's C(DefaultEnvironment). A drop-in of somebody else can still give it some.
          - Only a unit with O(units[].inputs) can be so. One that runs is not restarted for it.
        type: bool
        default: false
      inputs:
        description:
          - Files that it is started with. If one is not what it was at the start, the unit is restarted.
          - By default every file, certificate, key and program of the component. The unit's own file and drop-ins always count.
        type: list
        elements: path
      reload_on:
        description: Files for which a reload is enough.
        type: list
        elements: path
      restart_on:
        description:
          - Paths that the unit writes itself. They are no O(units[].inputs), because they change while it runs. It is restarted when
            this task removes or changes one.
        type: list
        elements: path
      health:
        description: Checks as in O(requires) that must hold after a start, a restart or a reload.
        type: list
        elements: dict
      restart_health:
        description: Checks in addition to O(units[].health) after a restart or a reload, but not after a start.
        type: list
        elements: dict
      restart_if:
        description:
          - Checks as in O(requires) of what a running unit can lose and only its start makes again. If one of them holds, the unit is
            restarted, and the check's C(message) is the reason. A check that gets no answer does not hold.
          - V(stale_lease) is the URL of a Node, with C(lease_file), the file of flanneld's lease. It holds when the Node is not there,
            does not have flannel's annotations of this host, or has another pod CIDR.
        type: list
        elements: dict
      dependents:
        description:
          - Units of this host that cannot work while this one restarts. One that is healthy before is stopped first, so that it can end
            in its own way, and is started afterwards. The restart ends when it is healthy again.
        type: list
        elements: dict
        suboptions:
          name:
            description: The unit.
            type: str
            required: true
          health:
            description: Checks as in O(requires). The unit is left alone if one of them does not hold before the restart.
            type: list
            elements: dict
      defer_start:
        description: Whether another task starts the unit. This task neither starts nor restarts it, and does everything else.
        type: bool
        default: false
      block:
        description: Whether a start waits for systemd. Without, O(units[].health) alone tells when it is up.
        type: bool
        default: true
  gate:
    description:
      - Checks as in O(requires) that must hold before a running unit of this component is restarted.
      - They are asked when it is the host's turn, before anything is changed.
    type: list
    elements: dict
  rolling:
    description:
      - Whether only one host at a time may restart a running unit of this component. The next host waits for its health,
        and the first failure stops the others. First starts stay parallel.
    type: bool
    default: false
  leftovers:
    description:
      - What the programs of the component make on the host while they run. The host record has an entry for each, and
        M(barehost.kubernetes.reset) removes what was not there before.
    type: dict
    suboptions:
      paths:
        description: Files, and directories with all that is in them.
        type: list
        elements: path
      units:
        description: Units that others start.
        type: list
        elements: str
      sysctls:
        description: Kernel settings.
        type: list
        elements: str
      interfaces:
        description: Network interfaces.
        type: list
        elements: str
      tables:
        description: Tables of nftables, as family and name.
        type: list
        elements: str
      chains:
        description: Beginnings of the names of chains of iptables.
        type: list
        elements: str
      containers:
        description: The units that run containers. Those of pods are removed, and all if the unit did not run before.
        type: list
        elements: str
      selinux_modules:
        description: Modules of the SELinux policy that packages load and leave there. They go together with packages.
        type: list
        elements: str
"""
