# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: survey
short_description: Tell with one call whether a host is as described
version_added: 0.1.0
description:
  - Reads the descriptions that the roles of this collection give to M(barehost.kubernetes.component), collects what is there with one
    call of the host, and plans every component. On a host of etcd it compares the members, too.
  - It changes nothing. A host that is settled needs none of the roles in this run.
  - What it cannot know counts as not settled, and so does a fault. The tasks of the roles then meet the fault and tell it.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: It changes nothing in any mode.
    support: full
  diff_mode:
    description: It changes nothing, so there is no difference to show.
    support: none
options:
  state:
    description:
      - V(checked) only refuses wrong options, and asks no host.
      - V(observed) looks at the host.
      - V(judged) reads what all hosts of the play have told, and asks none. It ends the run for new hosts that are not fit, and for
        certificates that cannot be signed. It warns of what may not be well on new hosts. What is the same on several hosts is one line.
    type: str
    choices:
      - checked
      - observed
      - judged
    default: observed
  observation:
    description: The variable in which V(observed) was registered, for V(judged).
    type: str
    default: barehost_survey
  roles:
    description:
      - The roles of this collection that the host has, in the order in which they would run.
      - Each of their tasks M(barehost.kubernetes.component) in C(tasks/main.yml) is looked at.
    type: list
    elements: str
    default: []
  api:
    description: Whether to look at the cluster's objects in the API, too, and at the Nodes of this run. The host must be a master.
    type: bool
    default: false
  begins:
    description: Whether the cluster is not there yet. Only the role C(host) is looked at then, and nothing is settled.
    type: bool
    default: false
  preflight_skip:
    description:
      - Checks of M(barehost.kubernetes.doctor) that do not judge a host that nothing of this collection has changed yet, by their ids.
      - Such a host is judged in the same call, by the checks that need no cluster. A note is none of its business.
    type: raw
    default: ""
seealso:
  - module: barehost.kubernetes.component
"""

EXAMPLES = r"""
- name: Survey the host
  barehost.kubernetes.survey:
    roles:
      - host
      - firewall
  register: barehost_survey

- name: End the run if new hosts are not fit
  barehost.kubernetes.survey:
    state: judged
  run_once: true

- name: End the play for a host that is as described
  ansible.builtin.meta: end_host
  when: barehost_survey.settled
"""

RETURN = r"""
settled:
  description: Whether nothing has to be done on the host.
  returned: if O(state=observed) has succeeded
  type: bool
api_settled:
  description: Whether nothing has to be done in the API. False if it was not asked.
  returned: if O(state=observed) has succeeded
  type: bool
other_versions:
  description: Whether a program gets another version than it has, or its first one. True if that is not known.
  returned: if O(state=observed) has succeeded
  type: bool
pending:
  description: Why something is not settled, by its name; V(survey) if the survey itself could not be made.
  returned: if O(state=observed) has succeeded
  type: dict
unfit:
  description: Why a host that nothing of this collection has changed yet is refused, one text for each finding.
  returned: if O(state=observed) has succeeded
  type: list
  elements: str
doubts:
  description: What may not be well on such a host, one text for each finding.
  returned: if O(state=observed) has succeeded
  type: list
  elements: str
unsigned:
  description:
    - The certificates that are due and that cannot be signed, because the key of their authority is not in the PKI directory or cannot be
      read. Each has C(path), the C(reason) why it is due, and C(why) it cannot be signed.
  returned: if O(state=observed) has succeeded
  type: list
  elements: dict
"""
