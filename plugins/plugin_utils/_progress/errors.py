# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Formats the failure of a task: message, details, hint, place in the sources, and the rest of the result. Pure functions."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.text import indented

_SHOWN_BEFORE = ("msg", "details", "hint", "censored", "exception", "warnings", "deprecations")
_NO_NEWS = ("changed", "failed", "unreachable", "invocation", "start", "end", "delta", "ansible_loop_var")


def explanation(event: t.Any) -> tuple[list[str], str]:
    """The hints of an Ansible error and its causes, and the place in the sources: that of the innermost cause that has one."""
    hints = [event.help_text for event in _chain(event) if event.help_text]
    places = [event.formatted_source_context for event in _chain(event) if event.formatted_source_context]
    return list(dict.fromkeys(hints)), places[-1] if places else ""


def _chain(event: t.Any) -> c.Iterator[t.Any]:
    while event is not None:
        yield event
        event = event.chain.event if event.chain else None


def error_lines(result: c.Mapping[str, t.Any], *, event: t.Any = None, path: str = "") -> list[str]:
    """The message of a failure with its details and hints. ``path`` of the task is shown if the error has no place of its own."""
    message = str(result.get("msg") or result.get("censored") or "")
    hints, place = explanation(event)
    lines = indented(message)
    details = result.get("details")
    if isinstance(details, str) and not _said(details, message):
        lines += indented(details)
    if isinstance(result.get("hint"), str):
        hints.insert(0, result["hint"])
    lines += [line for hint in hints if not _said(hint, message) for line in indented(f"Hint: {hint}")]
    lines += indented(place or (f"Task: {path}" if path else ""))
    # tracebacks exist only if Ansible is configured to show them
    return lines + [line for error in _chain(event) for line in indented(error.formatted_traceback or "")]


def evidence(result: c.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The rest of the result, such as the output and status of a command. Ansible's own `_ansible_…` keys stay: dumping needs them."""
    message = str(result.get("msg", ""))
    kept = {key: value for key, value in result.items() if key not in _SHOWN_BEFORE + _NO_NEWS}
    for stream in ("stdout", "stderr"):
        if stream in kept:
            kept.pop(f"{stream}_lines", None)
    # results of this collection have failures both in the message and as a list
    if _said(kept.get("failures"), message):
        kept.pop("failures", None)
    return {key: value for key, value in kept.items() if key.startswith("_") or value not in (None, "", [], {})}


def block(dump: str) -> list[str]:
    """A dumped result as indented lines. YAML comes indented."""
    return indented(dump.strip("\n"), by=0 if dump.startswith("\n") else 4)


def _said(value: t.Any, message: str) -> bool:
    """Whether the message contains a text, or each text of a list."""
    texts = value if isinstance(value, list) else [value]
    return all(isinstance(text, str) and text.strip() in message for text in texts)
