# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kinds ``group`` and ``user``."""

from __future__ import annotations

import grp
import pwd
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must


def collect_groups(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return [_group(item["name"]) for item in items]


def _group(name: str) -> dict[str, t.Any]:
    try:
        return {"exists": True, "gid": grp.getgrnam(name).gr_gid}
    except KeyError:
        return {"exists": False, "gid": None}


def apply_groups(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    for action in actions:
        data = action["data"]
        if action["operation"] == "create":
            number = [] if data["gid"] is None else ["--gid", str(data["gid"])]
            system = ["--system"] if data["system"] else []
            must(["groupadd", *system, *number, action["target"]], what=f"create the group {action['target']}")
        else:
            must(["groupmod", "--gid", str(data["gid"]), action["target"]], what=f"change the group {action['target']}")
    return [{} for _action in actions]


def collect_users(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return [_user(item["name"]) for item in items]


def _user(name: str) -> dict[str, t.Any]:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return {"exists": False}
    return {
        "exists": True,
        "uid": found.pw_uid,
        "group": _group_name(found.pw_gid),
        "groups": sorted(group.gr_name for group in grp.getgrall() if name in group.gr_mem),
        "home": found.pw_dir,
        "shell": found.pw_shell,
        "comment": found.pw_gecos,
    }


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def apply_users(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    for action in actions:
        options = _options(action["data"]["wanted"])
        if action["operation"] == "create":
            system = ["--system"] if action["data"]["system"] else []
            # No --create-home: the component describes the home as a directory, with owner and mode.
            must(["useradd", *system, "--no-create-home", *options, action["target"]], what=f"create the user {action['target']}")
        else:
            groups = action["data"]["wanted"].get("groups")
            # A user in no group: usermod without an option would fail.
            none = ["--groups", ""] if groups == [] else []
            must(["usermod", *options, *none, action["target"]], what=f"change the user {action['target']}")
    return [{} for _action in actions]


def _options(wanted: dict[str, t.Any]) -> list[str]:
    options = []
    for name, option in (("uid", "--uid"), ("group", "--gid"), ("home", "--home-dir"), ("shell", "--shell"), ("comment", "--comment")):
        if name in wanted:
            options += [option, str(wanted[name])]
    if wanted.get("groups"):
        options += ["--groups", ",".join(wanted["groups"])]
    return options
