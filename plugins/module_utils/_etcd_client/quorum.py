# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a member can be restarted without losing etcd's quorum."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import member_list
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import Access, Object, look


def in_the_way(url: str, access: Access) -> t.Optional[str]:
    """None if the member at ``url`` can be restarted without losing the quorum, else the reason why not.

    All voters must be up: one that is down may have been restarted just before. A member that is certainly down or without a leader, or
    is the only one, may always be restarted: the restart costs no quorum, and may repair the member. What cannot be known counts as bad:
    a member that does not answer in time, or refuses the certificate, may be one that the quorum needs.
    """
    own = look(url, access)
    if not own["linearizable"]:
        return None if own["down"] or own["learner"] or (own["members"] is not None and not own["leader"]) else _unknown(url, own)
    voters = [member for member in own["members"] if not member["learner"]]
    if len(voters) == 1:
        return None
    down = [member for member in voters if member["id"] != own["member_id"] and not _answers(member, access)]
    if not down:
        return None
    names = ", ".join(f"{member['name'] or 'not started'} ({', '.join(member['client_urls']) or 'no address'})" for member in down)
    left, needed = len(voters) - len(down) - 1, len(voters) // 2 + 1
    return (
        f"{len(voters) - len(down)} of {len(voters)} etcd members answer a linearizable read, not: {names}; with this one down {left} "
        f"would be left, the quorum is {needed}. Mend them, or take them out of the inventory, and run the playbook again"
    )


def _unknown(url: str, own: Object) -> str:
    return (
        f"it is not known whether the quorum needs the member at {url}: {own['fault'] or 'it does not answer a linearizable read'}. Mend "
        "that, or stop the member (systemctl stop etcd), and run the playbook again"
    )


def _answers(member: Object, access: Access) -> bool:
    return any(answer["linearizable"] for answer in member_list.ask_all(member["client_urls"], access))
