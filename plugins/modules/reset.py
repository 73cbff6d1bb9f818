# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reset
short_description: Return a host to what it was before the collection changed it
version_added: 0.1.0
description:
  - Undoes what M(barehost.kubernetes.component) did to a host, by the record in C(/var/lib/barehost/record.json) that it makes before each
    change. Units are stopped, containers, interfaces, chains and tables of the cluster's programs removed; files, users, directories and
    packages that were not there before go, others are put back as they were.
  - The data of etcd, of Docker and of the kubelet on this host is removed. What was in use before the collection came stays, and so does
    what others have put into its directories; RV(left) names it.
  - A host without a record is left as it is. An interrupted reset is gone on with by the next one.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Returns the same plan that a run would carry out; changes nothing.
    support: full
  diff_mode:
    description: Shows what goes and what comes back, never the content of a file.
    support: full
options:
  packages:
    description: Whether the packages that came with the collection are removed too.
    type: bool
    default: true
seealso:
  - module: barehost.kubernetes.component
"""

EXAMPLES = r"""
- name: Return the host to bare
  barehost.kubernetes.reset:
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode, in order; as of M(barehost.kubernetes.component).
  returned: success
  type: list
  elements: dict
  sample: [{"kind": "unit", "action": "stop", "path": "etcd.service", "reason": "it did not run before"}]
left:
  description: What stays on the host, and why.
  returned: success
  type: list
  elements: str
  sample: ["/etc/kubernetes: it holds mine.conf"]
diff:
  description: One difference for each action.
  returned: success and diff mode
  type: list
  elements: dict
"""
