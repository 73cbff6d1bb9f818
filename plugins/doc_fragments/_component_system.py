# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of M(barehost.kubernetes.component): what a component needs of the system."""

from __future__ import annotations


class ModuleDocFragment:
    """Read by ansible-doc."""

    DOCUMENTATION = r"""
options:
  foreign:
    description: What others may have set up on the host. The task fails before it changes anything if one of the looks finds something.
    type: dict
    suboptions:
      looks:
        description: What to look for; each item has exactly one of the kinds of look.
        type: list
        elements: dict
        required: true
        suboptions:
          unit:
            description: A unit of ours. Refused are unit files and drop-ins of others that replace what it starts; others are told of.
            type: str
          written:
            description: Whether the collection writes the file of this O(foreign.looks[].unit), and not only drop-ins.
            type: bool
            default: true
          service:
            description: A unit that must neither run nor be enabled.
            type: str
          port:
            description: A port that nobody may hold, such as V(10250/tcp).
            type: str
          file:
            description: A path that must not be there.
            type: path
          cni:
            description: A configuration of CNI. No other of its directory may come before it.
            type: path
          interface:
            description: An interface that must not be there; a pattern.
            type: str
          docker:
            description: >-
              A Docker of somebody else, with C(unit), C(configuration), C(settings), C(socket) and C(data_directory). Refused are settings
              that would be lost, and containers that a restart would kill.
            type: dict
          image_store:
            description: >-
              With which image store Docker is to run, as C(store) (V(graph-driver) or V(containerd)) and C(data_directory). Refused while
              containers of another one run.
            type: dict
          line:
            description: >-
              A line of others' configuration, with C(files) (patterns of paths), C(pattern) (a regular expression for the beginning of the
              line, in upper or lower case) and C(effect), what comes of it. With C(harmless) it is only told of.
            type: dict
          packages:
            description: >-
              No package may be installed that has or provides one of C(names), but for those of C(ours).
            type: dict
          of:
            description: The look ends where one of these units is ours.
            type: list
            elements: str
            default: []
          remedy:
            description: What to do about it, with V({name}) for what was found. By default a text of the kind.
            type: str
      accepted:
        description: Names of findings in spite of which the task goes on.
        type: list
        elements: str
        default: []
      variable:
        description: The variable in which an operator gives O(foreign.accepted), for the message.
        type: str
        default: foreign.accepted
  packages:
    description:
      - Packages that must be installed, as names or as mappings.
      - Only what rpm does not have is asked of M(ansible.builtin.dnf).
    type: list
    elements: raw
    suboptions:
      name:
        description: Name of the package.
        type: str
        required: true
      version:
        description: Version, or version-release, with or without an epoch. By default any.
        type: str
  groups:
    description: Groups that must exist, as names or as mappings.
    type: list
    elements: raw
    suboptions:
      name:
        description: Name of the group.
        type: str
        required: true
      gid:
        description: Number of the group.
        type: int
      system:
        description: Whether a new group gets a number from the range for systems.
        type: bool
        default: false
  users:
    description: Users that must exist, as names or as mappings. What is not given is not changed.
    type: list
    elements: raw
    suboptions:
      name:
        description: Name of the user.
        type: str
        required: true
      uid:
        description: Number of the user.
        type: int
      group:
        description: Primary group.
        type: str
      groups:
        description: Groups that the user must be in, beside those it is in already.
        type: list
        elements: str
      system:
        description: Whether a new user gets a number from the range for systems.
        type: bool
        default: false
      home:
        description: Home directory. It is not made; describe it in O(directories).
        type: path
      shell:
        description: Login shell.
        type: path
      comment:
        description: The user's full name.
        type: str
  directories:
    description: Directories that must exist, as paths or as mappings. What is in them is left alone; missing parents are made.
    type: list
    elements: raw
    suboptions:
      path:
        description: The directory.
        type: path
        required: true
      owner:
        description: Owner.
        type: str
        default: root
      group:
        description: Group.
        type: str
        default: root
      mode:
        description: Mode, as quoted octal digits.
        type: str
        default: "0755"
  absent:
    description: Paths that must not be there, as texts or as mappings.
    type: list
    elements: raw
    suboptions:
      path:
        description: The path.
        type: path
        required: true
      recursive:
        description: Whether a directory is removed with all that is in it. Else only an empty one is removed.
        type: bool
        default: false
      ours:
        description: Whether only a file is removed that this collection has written, which it knows by C(ansible_managed) in its text.
        type: bool
        default: false
      authority:
        description: The path may be there as long as all O(absent[].certificates) that exist are of this authority.
        type: str
        choices: [kubernetes, etcd, front-proxy, node]
      certificates:
        description: Files that a program renews itself. Of each only the certificates leave the host, no key beside them.
        type: list
        elements: path
        default: []
  kernel_modules:
    description:
      - Kernel modules that must be loaded now, as names or as mappings.
      - Where the running kernel has no such module, the package C(kernel-modules-extra) of exactly that kernel is installed. The task fails
        before it changes anything if that cannot help, or if a line of modprobe.d(5) keeps the module away at the next boot.
    type: list
    elements: raw
    suboptions:
      name:
        description: Name of the module.
        type: str
        required: true
      evidence:
        description: A path that is there when the kernel has what the module is for.
        type: path
      load:
        description: Whether it is loaded now. If not, the kernel must have it, for programs that load it when they need it.
        type: bool
        default: true
  sysctls:
    description: Kernel settings as they must be now, and, with O(sysctls[].file), at the next boot.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the setting.
        type: str
        required: true
      value:
        description: Its value.
        type: str
        required: true
      file:
        description:
          - The file of the component that sets it at each boot, such as C(/etc/sysctl.d/zz-barehost.conf).
          - The run is refused if a file that comes later sets another value.
        type: path
  swap:
    description: Swap. When it is V(off), active swap is switched off and its lines in C(/etc/fstab) become comments.
    type: dict
    suboptions:
      state:
        description: What is wanted.
        type: str
        choices: ["off", unmanaged]
        default: "off"
  selinux:
    description: The SELinux mode, now and at the next boot. The host is never rebooted.
    type: dict
    suboptions:
      state:
        description: What is wanted.
        type: str
        required: true
        choices: [enforcing, permissive, disabled, unmanaged]
  selinux_booleans:
    description: Booleans of the SELinux policy, now and at each boot. On a host without SELinux nothing is done.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the boolean, such as V(haproxy_connect_any).
        type: str
        required: true
      value:
        description: Whether it is on.
        type: bool
        default: true
  selinux_ports:
    description: >-
      Types of ports in the SELinux policy, by which confined programs may listen there. On a host without SELinux nothing is done. The
      package that has C(semanage) comes when it is needed.
    type: list
    elements: dict
    suboptions:
      port:
        description: The port, such as V(6443/tcp).
        type: str
        required: true
      type:
        description: Its type, such as V(http_port_t).
        type: str
        required: true
  firewall:
    description: What firewalld lets in; everything whose name begins with C(barehost-) is ours.
    type: dict
    suboptions:
      zone:
        description:
          - Where the services are let in. By default the zones to which packets of the others come, and without such the default zone.
          - Refused is one that an interface with the packets of the others is not in.
        type: str
      address:
        description: The host's address for the others. The zone of the interface that has it is one of these zones.
        type: str
      interfaces:
        description: Further interfaces through which the others come.
        type: list
        elements: str
      peers:
        description: Addresses of the others. A zone that has one of them among its sources is one of these zones.
        type: list
        elements: str
      services:
        description: The services, with C(name), C(ports), C(protocols) and C(sources).
        type: list
        elements: dict
      trusted_interfaces:
        description: Interfaces of the zone V(trusted).
        type: list
        elements: str
"""
