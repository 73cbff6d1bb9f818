# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: collect_logs
short_description: Bring journals, states and findings of all hosts into one archive
version_added: 0.1.0
description:
  - Each host compresses the journals of its services, what programs say of its state, and its files of settings, up to a size. The
    controller adds the findings of M(barehost.kubernetes.doctor), and a list of the contents.
  - It changes no host and writes nothing there. It needs neither the API nor valid certificates.
  - Files with keys and logins are not read, and neither are arguments of processes, specifications of pods, and their logs. Lines
    that may hold a secret are left out, and their number is told.
  - A host that does not answer is noted in the list of contents.
  - Run it on all hosts with O(state=observed), then once with O(state=saved).
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: It changes no host in any mode. The archive is written in check mode, too.
    support: full
  diff_mode:
    description: It changes nothing, so there is no difference to show.
    support: none
options:
  state:
    description:
      - V(checked) validates the options and asks no host.
      - V(observed) asks this host. Register the result.
      - V(saved) writes the archive of these results, on the controller. It asks no host.
    type: str
    choices: [checked, observed, saved]
    default: saved
  observation:
    description: The variable in which the task with O(state=observed) was registered.
    type: str
    default: barehost_logs
  directory:
    description:
      - The folder for an archive whose name has the time in it. It is made with mode 0700.
      - The folder that it is in holds the inventory. An archive there would be read as an inventory, so it is refused.
    type: path
  file:
    description:
      - The archive, in place of one in O(directory). Its name ends in C(.tar.gz).
      - It has mode 0600 from its first byte, and is there only when it is whole.
    type: raw
  size:
    description: How large the archive may be, from 1 to 2000 MiB; 50 if it is not given. A host gives at most 8 MiB.
    type: raw
  hours:
    description: For how many hours journals look back, from 1 to 2160; 24 if it is not given.
    type: raw
seealso:
  - module: barehost.kubernetes.doctor
"""

EXAMPLES = r"""
- name: Ask the host
  barehost.kubernetes.collect_logs:
    state: observed
  ignore_unreachable: true
  failed_when: false
  register: barehost_logs

- name: Make the archive
  barehost.kubernetes.collect_logs:
    directory: /srv/support
  run_once: true
"""

RETURN = r"""
file:
  description: The path of the archive.
  returned: O(state=saved)
  type: str
size:
  description: Its size in bytes.
  returned: O(state=saved)
  type: int
silent:
  description: Hosts that have not answered.
  returned: O(state=saved)
  type: list
  elements: str
lines:
  description: The same for people.
  returned: O(state=saved)
  type: list
  elements: str
"""
