# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans released programs: downloads what is missing or altered, switches the links, keeps only the previous version."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

KIND = "binary"
MODE = "0755"
# What ends the message about a download with another digest.
REMEDIES = {
    "inventory": "cluster_checksums gives that digest. Correct it there, or find out why the file is another.",
    "collection": (
        "The wanted digest is that of the file which upstream publishes; the collection pins it. If your mirror has builds of its own, set "
        "cluster_mirror_own_builds: true, or give their digests in cluster_checksums. Else find out who has changed the file."
    ),
}


def plan(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    actions: list[PlannedAction] = []
    for install, found in zip(item["install"], state["files"], strict=True):
        actions += _file_actions(item, install, found)
    return actions + _prune_actions(item, state)


def _file_actions(item: dict[str, t.Any], install: dict[str, t.Any], found: dict[str, t.Any]) -> list[PlannedAction]:
    path, file = found["path"], found["file"]
    actions = []
    reason = _download_reason(item, found)
    if reason is not None:
        data = {"release": _release(item), "member": install.get("member"), "file": file, "path": path}
        before = "" if found["content"] == "absent" else f"{found['found'] or 'another release'}\n"
        after = f"{item['name']} {item['version']}\n"
        actions.append(PlannedAction(KIND, "download", file, reason, before=before, after=after, data=data, paths=(path,)))
    elif found["mode"] != MODE:
        before, after = f"mode {found['mode']}\n", f"mode {MODE}\n"
        reason = f"found mode {found['mode']}, wanted {MODE}"
        actions.append(PlannedAction(KIND, "set-mode", file, reason, before=before, after=after, data={"file": file}))
    if found["link"] != f"-> {file}":
        before = f"{found['link']}\n" if found["link"] else ""
        reason = f"found {found['link'] or 'nothing'}, wanted a link to {file}"
        actions.append(PlannedAction(KIND, "switch", path, reason, before=before, after=f"-> {file}\n", data={"path": path, "file": file}))
    also = install.get("also")
    if also and not found["also"]:
        # A program of somebody else that is there is found by its name, too, so it stays.
        data = {"path": also, "file": path}
        actions.append(PlannedAction(KIND, "link", also, f"found nothing, wanted a link to {path}", after=f"-> {path}\n", data=data))
    return actions


def _download_reason(item: dict[str, t.Any], found: dict[str, t.Any]) -> str | None:
    if found["content"] != "ok":
        return str(found["found"])
    wanted = item.get("sha256")
    if wanted and wanted.lower() != found["download"]:
        return f"it is of the download with sha256 {found['download']}, wanted {wanted.lower()}"
    return None


def _release(item: dict[str, t.Any]) -> dict[str, t.Any]:
    found = {key: item.get(key) for key in ("name", "version", "url", "sha256", "checksum_url")}
    return {**found, "remedy": REMEDIES.get(item.get("pinned_by") or "", "")}


def _prune_actions(item: dict[str, t.Any], state: dict[str, t.Any]) -> list[PlannedAction]:
    """Removes recorded releases, except the wanted one and the previous one: the target of the links, else the newest."""
    others = [release for release in state["releases"] if release["version"] != item["version"]]
    linked = {found["link"] for found in state["files"]}
    previous = [release for release in others if any(f"-> {file}" in linked for file in release["files"])] or others
    return [
        PlannedAction(
            KIND,
            "prune",
            f"{item['name']}-{release['version']}",
            f"older than the previous version {previous[-1]['version']}",
            before="".join(f"{file}\n" for file in release["files"]),
            data={"name": item["name"], "version": release["version"]},
        )
        for release in others
        if release is not previous[-1]
    ]
