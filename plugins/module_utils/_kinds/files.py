# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kinds ``file``, ``early_file`` and ``absent``: whole files, marked blocks within files, and paths that must not exist."""

from __future__ import annotations

import functools
import hashlib
import os
import shlex
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import file_blocks, files_kept
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic, ours, pem
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError, trouble

# A longer text is not sent to the controller for a diff.
_TEXT_LIMIT = 1 << 20


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise HostError(f"{path}: cannot be read: {trouble(error)}") from error


def collect(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return [_collect(item) for item in items]


def _collect(item: dict[str, t.Any]) -> dict[str, t.Any]:
    """`same`: the content is the wanted one; `text`: what is there, only where it differs and may be shown."""
    path = item["path"]
    state = {**atomic.file_state(path), "same": False, "text": None}
    if state["type"] != "file":
        return state
    content = _read(path)
    own: bytes | None = content
    if item.get("block"):
        inner = file_blocks.extract(content.decode(errors="surrogateescape"), item["block"])
        own = None if inner is None else inner.encode(errors="surrogateescape")
    if item.get("keep"):
        whole = content.decode(errors="surrogateescape")
        own = files_kept.own_part(whole).encode(errors="surrogateescape") if files_kept.is_same(whole, item["keep"]) else None
    state["same"] = own is not None and digest(own) == item["digest"]
    if not state["same"] and not item["secret"] and len(content) <= _TEXT_LIMIT and b"\0" not in content:
        state["text"] = content.decode(errors="replace")
    return state


def apply(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    for action in actions:
        data = action["data"]
        ownership = atomic.Ownership(data["owner"], data["group"], data["mode"])
        if action["operation"] == "set-attributes":
            atomic.set_ownership(action["target"], ownership=ownership)
        else:
            _write(action["target"], data, ownership=ownership)
    return [{} for _action in actions]


def _write(path: str, data: dict[str, t.Any], *, ownership: atomic.Ownership) -> None:
    content = data["text"].encode()
    if data.get("block") or data.get("keep"):
        found = _read(path).decode(errors="surrogateescape") if os.path.isfile(path) else ""
        content = _with_theirs(found, data).encode(errors="surrogateescape")
    check = functools.partial(_validate, path=path, command=data["validate"]) if data.get("validate") else None
    atomic.write(path, content, ownership=ownership, check=check)


def _with_theirs(found: str, data: dict[str, t.Any]) -> str:
    """Our text together with what others have in the file."""
    if data.get("block"):
        return file_blocks.merge(found, data["block"], data["text"])
    return files_kept.joined(data["text"], files_kept.lines(found, data["keep"]))


def _validate(temporary: str, *, path: str, command: str) -> None:
    done = run([word.replace("%s", temporary) for word in shlex.split(command)])
    if not done.ok:
        complaint = done.complaint().replace(temporary, path)
        raise HostError(f"{path}: the new content is refused by `{command}`, so the file was left as it was: {complaint}")


def collect_absent(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return [_collect_absent(item) for item in items]


def _collect_absent(item: dict[str, t.Any]) -> dict[str, t.Any]:
    state = atomic.file_state(item["path"])
    if item.get("ours"):
        state["ours"] = state["type"] == "file" and ours.wrote(_read(item["path"]).decode(errors="replace"))
    if item.get("certificates"):
        state["certificates"] = {path: _certificates(path) for path in item["certificates"]}
    return state


def _certificates(path: str) -> list[str]:
    """The certificates in a file, and nothing else of it: programs write their keys beside them."""
    return pem.certificates(_read(path)) if os.path.exists(path) else []


def apply_absent(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    for action in actions:
        try:
            _remove(action["target"], recursive=action["data"]["recursive"])
        except FileNotFoundError:
            continue
        except OSError as error:
            raise HostError(f"{action['target']}: cannot be removed: {trouble(error)}") from error
        atomic.sync_directory(os.path.dirname(action["target"]))
    return [{} for _action in actions]


def _remove(path: str, *, recursive: bool) -> None:
    if os.path.islink(path) or not os.path.isdir(path):
        os.unlink(path)
    elif recursive:
        import shutil  # imported here, because most calls only collect

        shutil.rmtree(path)
    else:
        os.rmdir(path)
