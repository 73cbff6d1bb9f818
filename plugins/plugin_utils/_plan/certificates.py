# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans certificates: reissues those that are absent, wrong or about to expire; else corrects only owner and mode.

The item must hold ``authority_certificate``, the PEM text of its authority or None while there is none
(``Pki.enrich`` adds it).
"""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, wanted_certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.attributes import as_wanted

KIND = "certificate"
ISSUE = "issue"

_KEY_FAULTS = {"absent": "its key is absent", "differs": "its key is no regular file, cannot be read or belongs to another certificate"}


def plan(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    certificate = certs.load(state["certificate"]) if state["certificate"] else None
    reason = _fault(item, state, certificate, context)
    if reason is None:
        return _attribute_actions(item, state)
    wanted_certs.check(item)
    before = certs.found_text(certificate) if certificate is not None else ""
    return [
        PlannedAction(
            kind=KIND,
            operation=ISSUE,
            target=item["path"],
            reason=reason,
            before=before,
            after=wanted_certs.wanted_text(item),
            data=_host_data(item),
            paths=(item["key"],),
        )
    ]


def _fault(item: dict[str, t.Any], state: dict[str, t.Any], certificate: t.Any, context: PlanContext) -> str | None:
    if state["certificate"] is None:
        return "absent"
    if state["certificate_found"]["type"] != "file":
        return "it is not a regular file"
    if certificate is None:
        return "it is not a certificate in PEM form"
    return _KEY_FAULTS.get(state["key"]) or wanted_certs.fault(item, certificate, item["authority_certificate"], context.now)


def _attribute_actions(item: dict[str, t.Any], state: dict[str, t.Any]) -> list[PlannedAction]:
    data = _host_data(item)
    pairs = (
        (item["path"], state["certificate_found"], data["mode"]),
        (item["key"], state["key_found"], data["key_mode"]),
    )
    actions = []
    for path, found, mode in pairs:
        wanted = {"owner": data["owner"], "group": data["group"], "mode": mode}
        before, after = _attributes_text(as_wanted(found, wanted)), _attributes_text(wanted)
        if before != after:
            attributes = {"path": path, **wanted}
            reason = f"found {before}, wanted {after}"
            action = PlannedAction(KIND, "set-attributes", path, reason, before=before + "\n", after=after + "\n", data=attributes)
            actions.append(action)
    return actions


def _host_data(item: dict[str, t.Any]) -> dict[str, t.Any]:
    owner = str(item.get("owner") or "root")
    return {
        "name": item["name"],
        "path": item["path"],
        "key": item["key"],
        "owner": owner,
        "group": str(item.get("group") or owner),
        "mode": f"{int(str(item.get('mode', '0644')), 8):04o}",
        "key_mode": f"{int(str(item.get('key_mode', '0600')), 8):04o}",
    }


def _attributes_text(attributes: dict[str, str]) -> str:
    return f"{attributes['owner']}:{attributes['group']} {attributes['mode']}"
