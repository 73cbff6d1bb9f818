# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans etcd's users: roles with their permissions, users with their roles, keys, and the start of authentication.

Roles and users that are not described are left alone. One that is described gets exactly what its description says.
"""

from __future__ import annotations

import typing as t

import yaml

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd.access import ACCESS
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import schema
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import DescriptionError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

# etcd's own role: it may do everything, and somebody must have it before authentication can be enabled
ROOT = "root"

Object = dict[str, t.Any]
_NOTHING: Object = {"enabled": False, "roles": {}, "users": {}, "keys": {}}

_PERMISSION = schema.Record({"access": (schema.one_of(*ACCESS), "readwrite"), "prefix": (schema.text, ""), "key": (schema.text, "")})


def _permission(value: t.Any, where: str, faults: list[str]) -> Object:
    """A permission with the range of keys that it is for."""
    permission = _PERMISSION(value, where, faults)
    prefix, key = permission.get("prefix"), permission.get("key")
    if bool(prefix) == bool(key) or not str(prefix or key).isascii():
        faults.append(f"{where}: needs either a prefix or a key, of ASCII characters")
        return {}
    return {"access": permission["access"], "key": prefix or key, "range_end": after_prefix(prefix) if prefix else ""}


_DESCRIPTION = schema.Record(
    {
        "roles": schema.list_of(schema.Record({"name": schema.name, "permissions": (schema.list_of(_permission), [])})),
        "users": schema.list_of(schema.Record({"name": schema.name, "roles": (schema.list_of(schema.name), [])})),
        "keys": schema.list_of(schema.Record({"key": schema.name, "value": schema.anything})),
    }
)


def described(name: str, arguments: Object) -> Object:
    """Roles, users and keys as the planner and the host take them; raises DescriptionError with every fault."""
    faults: list[str] = []
    checked = _DESCRIPTION({key: arguments[key] for key in ("roles", "users", "keys")}, "", faults)
    faults = faults or _reference_faults(checked["roles"], checked["users"])
    if faults:
        raise DescriptionError(name, faults)
    return {**checked, "keys": [{"key": key["key"], "value": str(key["value"])} for key in checked["keys"]]}


def _reference_faults(roles: list[Object], users: list[Object]) -> list[str]:
    known = {role["name"] for role in roles} | {ROOT}
    faults = [
        f"users: {user['name']} has the role {role}, which is not among the roles"
        for user in users
        for role in user["roles"]
        if role not in known
    ]
    if not any(user["name"] == ROOT and ROOT in user["roles"] for user in users):
        faults.append(f"users: none is {ROOT} with the role {ROOT}, and without one etcd does not ask for users")
    return faults


def plan(wanted: Object, state: Object) -> list[PlannedAction]:
    """In an order that never locks anybody out: roles, users, keys, and asking for users last. Pure."""
    found = _NOTHING if state["unready"] else state
    actions = [_plan_role(role, found["roles"].get(role["name"])) for role in wanted["roles"]]
    actions += [_plan_user(user, found["users"].get(user["name"])) for user in wanted["users"]]
    actions += [_plan_key(key, found["keys"].get(key["key"])) for key in wanted["keys"]]
    if not found["enabled"]:
        reason = "etcd does not ask who somebody is: every certificate of its authority may do everything"
        actions.append(
            PlannedAction(kind="etcd_auth", operation="enable", target="authentication", reason=reason, before="false\n", after="true\n")
        )
    return [action for action in actions if action is not None]


def _plan_role(role: Object, found: list[Object] | None) -> PlannedAction | None:
    wanted = role["permissions"]
    grant = [entry for entry in wanted if entry not in (found or [])]
    # granting another access to the same range replaces the one that is there
    ranges = [_range(entry) for entry in wanted]
    revoke = [entry for entry in found or [] if _range(entry) not in ranges]
    if found is not None and not grant and not revoke:
        return None
    data = {"name": role["name"], "create": found is None, "grant": grant, "revoke": revoke}
    before, after = ([_spoken(entry) for entry in entries or []] for entries in (found, wanted))
    return _action("etcd_role", role["name"], found is not None, before, after, data)


def _plan_user(user: Object, found: list[str] | None) -> PlannedAction | None:
    wanted = sorted(user["roles"])
    if found == wanted:
        return None
    grant, revoke = ([role for role in one if role not in other] for one, other in ((wanted, found or []), (found or [], wanted)))
    data = {"name": user["name"], "create": found is None, "grant": grant, "revoke": revoke}
    return _action("etcd_user", user["name"], found is not None, found or [], wanted, data)


def _action(kind: str, name: str, there: bool, before: list[str], after: list[str], data: Object) -> PlannedAction:
    more, less = (", ".join(entry for entry in one if entry not in other) for one, other in ((after, before), (before, after)))
    faults = [f"lacks {more}" if more else "", f"has {less} besides" if less else ""]
    reason = "; ".join(fault for fault in faults if fault) if there else "missing"
    old, new = _text(before) if there else "", _text(after)
    return PlannedAction(kind=kind, operation="patch" if there else "create", target=name, reason=reason, before=old, after=new, data=data)


def _plan_key(key: Object, found: str | None) -> PlannedAction | None:
    if found == key["value"]:
        return None
    reason = "missing" if found is None else "has another value"
    before = "" if found is None else f"{found}\n"
    return PlannedAction(
        kind="etcd_key", operation="write", target=key["key"], reason=reason, before=before, after=f"{key['value']}\n", data=dict(key)
    )


def _text(entries: list[str]) -> str:
    return yaml.safe_dump(entries, default_flow_style=False, width=1000)


def _range(entry: Object) -> tuple[str, str]:
    return entry["key"], entry["range_end"]


def _spoken(entry: Object) -> str:
    if entry["range_end"] and entry["range_end"] == after_prefix(entry["key"]):
        return f"{entry['access']} {entry['key']}*"
    return f"{entry['access']} {entry['key']}" + (f" to {entry['range_end']}" if entry["range_end"] else "")


def after_prefix(prefix: str) -> str:
    """The first key behind all that begin with the prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
