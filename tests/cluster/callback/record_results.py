# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a playbook run did, as JSON, for the tests to read."""

from __future__ import annotations

import json
import os
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record_results
type: aggregate
short_description: Write results as JSON
description: Writes one JSON document to the file that RECORD_RESULTS names.
"""


class CallbackModule(CallbackBase):
    """Keeps the results in memory and writes them when the playbook ends."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record_results"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.results: list[dict[str, t.Any]] = []

    def _record(self, result: t.Any, outcome: str) -> None:
        data = result._result
        self.results.append(
            {
                "host": result._host.get_name(),
                "task": result._task.get_name(),
                "module": result._task.action,
                "outcome": outcome,
                "changed": bool(data.get("changed")),
                "actions": data.get("actions", []),
                "msg": str(data.get("msg", "")),
            }
        )

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._record(result, "ok")

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._record(result, "failed")

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._record(result, "unreachable")

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._record(result, "skipped")

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        with open(os.environ["RECORD_RESULTS"], "w", encoding="utf-8") as file:
            json.dump(self.results, file, indent=1, default=str)
