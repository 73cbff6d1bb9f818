# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``etcd_access``: etcd's users, their roles, the permissions of these, and keys of the collection.

Everything goes through etcdctl with the certificate of root, which works before and after authentication is enabled, without a password.
"""

from __future__ import annotations

import base64
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import Access
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.etcdctl import Etcdctl, EtcdctlError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

# the names, in the order of etcd's numbers
ACCESS = ("read", "write", "readwrite")
_PAUSE = 0.5

Object = dict[str, t.Any]


def run(step: str, payload: Object) -> Object:
    """Runs one step; raises HostError."""
    access = Access(**payload["access"])
    control = Etcdctl(payload["endpoints"], access.files, program=access.program)
    return STEPS[step](control, payload)


def _collect(control: Etcdctl, payload: Object) -> Object:
    """The current state of everything that is described; ``unready``: why etcd did not answer within the deadline."""
    end = time.monotonic() + payload["deadline"]
    while True:
        try:
            enabled = bool(control.ask("auth", "status").get("enabled"))
            break
        except EtcdctlError as error:
            if time.monotonic() >= end:
                return {"unready": error.message}
            time.sleep(_PAUSE)
    roles, users = (control.ask(kind, "list").get(f"{kind}s", []) for kind in ("role", "user"))
    return {
        "unready": "",
        "enabled": enabled,
        "roles": {role["name"]: _permissions(control, role["name"]) for role in payload["roles"] if role["name"] in roles},
        "users": {user["name"]: _roles_of(control, user["name"]) for user in payload["users"] if user["name"] in users},
        "keys": {key["key"]: _value(control, key["key"]) for key in payload["keys"]},
    }


def _permissions(control: Etcdctl, role: str) -> list[Object]:
    found = control.ask("role", "get", role).get("perm", [])
    return [
        {
            "access": ACCESS[entry.get("permType", 0)],
            "key": _text(entry.get("key", "")),
            "range_end": _text(entry.get("range_end", "")),
        }
        for entry in found
    ]


def _roles_of(control: Etcdctl, user: str) -> list[str]:
    return sorted(control.ask("user", "get", user).get("roles", []))


def _value(control: Etcdctl, key: str) -> t.Optional[str]:
    found = control.ask("get", key).get("kvs", [])
    return _text(found[0].get("value", "")) if found else None


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode(errors="replace")


def _apply(control: Etcdctl, payload: Object) -> Object:
    for action in payload["actions"]:
        try:
            _CHANGES[action["kind"]](control, action["data"])
        except EtcdctlError as error:
            raise HostError(f"{action['kind'].replace('_', ' ')} {action['target']} could not be brought about: {error.message}") from error
    return {}


def _change_role(control: Etcdctl, data: Object) -> None:
    if data["create"]:
        control.run("role", "add", data["name"])
    for entry in data["revoke"]:
        control.run("role", "revoke-permission", data["name"], *_range(entry))
    for entry in data["grant"]:
        control.run("role", "grant-permission", data["name"], entry["access"], *_range(entry))


def _range(entry: Object) -> list[str]:
    return [entry["key"], *([entry["range_end"]] if entry["range_end"] else [])]


def _change_user(control: Etcdctl, data: Object) -> None:
    if data["create"]:
        control.run("user", "add", data["name"], "--no-password")
    for role in data["grant"]:
        control.run("user", "grant-role", data["name"], role)
    for role in data["revoke"]:
        control.run("user", "revoke-role", data["name"], role)


def _write_key(control: Etcdctl, data: Object) -> None:
    control.run("put", data["key"], text=data["value"])


def _enable(control: Etcdctl, _data: Object) -> None:
    control.run("auth", "enable")


_CHANGES: dict[str, t.Callable[[Etcdctl, Object], None]] = {
    "etcd_role": _change_role,
    "etcd_user": _change_user,
    "etcd_key": _write_key,
    "etcd_auth": _enable,
}
STEPS: dict[str, t.Callable[[Etcdctl, Object], Object]] = {"collect": _collect, "apply": _apply}
