# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans files, marked blocks of files, and paths that must not be there.

The item holds the rendered ``text`` (None: not known yet, in check mode) and whether it is ``secret``;
the state says whether the host has the ``same``.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import file_blocks, files_kept
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, generations
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.attributes import as_wanted, attributes_text, differences, ownership

_UNSHOWN = "(the present content is too long or not text, and is not shown)\n"


def plan(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    path = item["path"]
    if state["type"] in ("directory", "other"):
        raise PlanError(f"{path}: a {state['type']} was found where a file is wanted; move it away")
    wanted = _wanted_ownership(item, state)
    if not state["same"]:
        return [_write(item, state, wanted)]
    reason = differences(state, wanted)
    if not reason:
        return []
    before, after = (attributes_text(attributes) + "\n" for attributes in (as_wanted(state, wanted), wanted))
    return [PlannedAction("file", "set-attributes", path, reason, before=before, after=after, data=wanted)]


def plan_early(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    """A file that is written before packages are installed, such as the repository that has them."""
    return [dataclasses.replace(action, kind="early_file") for action in plan(item, state, context)]


def _wanted_ownership(item: dict[str, t.Any], state: dict[str, t.Any]) -> dict[str, str]:
    """A file that holds a block of ours belongs to somebody else: its owner and mode stay."""
    if item["block"] and state["type"] == "file":
        return ownership(state)
    return ownership(item)


def _write(item: dict[str, t.Any], state: dict[str, t.Any], wanted: dict[str, str]) -> PlannedAction:
    block = item["block"]
    data = {**wanted, "text": item["text"], "block": block, "validate": item["validate"], "keep": item.get("keep")}
    reason = _reason(item, state)
    if item["secret"]:
        return PlannedAction("file", "write", item["path"], reason, secret=True, data=data)
    if item["text"] is None:
        # Only in check mode: a real run creates the PKI before it plans.
        return PlannedAction("file", "write", item["path"], reason, after="(will be created together with the PKI)\n", data=data)
    before = _before(state)
    theirs = "" if before is _UNSHOWN else before
    after = file_blocks.merge(theirs, block, item["text"]) if block else item["text"]
    if item.get("keep"):
        after = files_kept.joined(item["text"], files_kept.lines(theirs, item["keep"]))
    return PlannedAction("file", "write", item["path"], reason, before=before, after=after, data=data)


def _before(state: dict[str, t.Any]) -> str:
    if state["type"] != "file":
        return ""
    return _UNSHOWN if state["text"] is None else str(state["text"])


def _reason(item: dict[str, t.Any], state: dict[str, t.Any]) -> str:
    if state["type"] == "absent":
        return "absent"
    if state["type"] == "link":
        return f"it is a link to {state['target']}, wanted is a file"
    return f"its block {item['block']} is absent or differs" if item["block"] else "its content differs"


def plan_absent(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    if state["type"] == "absent" or (item.get("ours") and not state["ours"]):
        return []
    reason = _foreign(item, state["certificates"]) if item.get("authority") else f"a {state['type']} is there that must not be"
    if not reason:
        return []
    before = f"{state['type']} {attributes_text(state)}\n"
    data = {"recursive": item["recursive"]}
    return [PlannedAction("absent", "remove", item["path"], reason, before=before, data=data)]


def _foreign(item: dict[str, t.Any], found: dict[str, list[str]]) -> str:
    """That a certificate on the host is not of the authority which the item wants; empty if all are that are there."""
    authorities = generations.blocks(item["authority_certificate"])
    others = [path for path, chain in found.items() if chain and not certs.issued_by_any(chain[0], authorities)]
    return f"{others[0]} was not issued by the present {certs.authority_name(item['authority'])}" if others else ""
