# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a run as phases: what the run waits for, what it changed and why, and errors in full. plugin_utils/_progress has the pure parts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: stdout
short_description: Phases, changes with their reasons, errors in full
version_added: 0.1.0
author:
  - The barehost.kubernetes authors (@barehost)
description:
  - Shows a play of a playbook as a phase, with the place of the play in the playbook, how many of its hosts have finished it,
    and the time it took.
  - Does not show a play in which no task ran on any host, because no host matched or all tasks were skipped. The numbers of the
    other phases do not change.
  - Shows a change as one line, with what happened to units, and the reason of each restart. Does not show results without a change,
    except those of M(ansible.builtin.debug).
  - Shows errors and warnings at once and in full.
  - At the end, shows the changes by host, the slowest steps, and the recap of P(ansible.builtin.default#callback).
  - On a terminal, one line shows what the run waits for. In a log, a line says it when there was no other output for a while.
  - With C(-v) and more, shows results as P(ansible.builtin.default#callback) does.
requirements:
  - set as stdout in configuration
extends_documentation_fragment:
  - default_callback
  - result_format_callback
options:
  profile_file:
    description:
      - A file that receives the run as JSON when it ends. It has the start and duration of each task on each host, whether the task
        changed something, how many actions of each kind, and totals.
    type: path
    env:
      - name: BAREHOST_PROFILE
    ini:
      - section: barehost_progress
        key: profile_file
  live_line:
    description: Whether one line of a terminal shows what the run waits for. Output that is not a terminal has no such line.
    type: bool
    default: true
    env:
      - name: BAREHOST_LIVE_LINE
    ini:
      - section: barehost_progress
        key: live_line
  silence:
    description: Without a live line, a line shows what the run waits for after this number of seconds without other output. 0 for never.
    type: int
    default: 30
    env:
      - name: BAREHOST_SILENCE
    ini:
      - section: barehost_progress
        key: silence
"""

import contextlib
import sys
import time
import typing as t

from ansible import constants as C
from ansible import context
from ansible.executor.stats import AggregateStats
from ansible.executor.task_result import CallbackTaskResult
from ansible.playbook import Playbook
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible.plugins.callback.default import CallbackModule as DefaultCallback

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress import changes, errors, phase_lines, run_profile
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.live_line import is_terminal
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.position import Positions, brings_tasks, rescued
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.run import Run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.text import short_task
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.waiting import Waiting

# The name of the playbook of an ad-hoc command. Its user wants to see results, so the parent class shows them.
_AD_HOC = "__adhoc_playbook__"


class CallbackModule(DefaultCallback):
    """Records the run and shows it. The parent class shows the results with -v, and everything of an ad-hoc command."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "barehost.kubernetes.progress"

    def __init__(self) -> None:
        super().__init__()
        self._run: Run | None = None
        self._playbook = ""
        self._numbers: dict[str, int] = {}
        self._positions: Positions | None = None
        self._profiles: list[dict[str, t.Any]] = []
        self._waiting: Waiting | None = None
        self._host_width = 0

    # ------------------------------------------------------------ playbooks and plays

    def v2_playbook_on_start(self, playbook: Playbook) -> None:
        if playbook._file_name == _AD_HOC:
            super().v2_playbook_on_start(playbook)
            return
        plays = playbook.get_plays()
        self._playbook = str(playbook._file_name)
        self._numbers = {play._uuid: number for number, play in enumerate(plays, start=1)}
        keep = bool(self.get_option("profile_file"))
        self._run = Run(plays=len(plays), started=time.monotonic(), check=bool(context.CLIARGS.get("check")), keep_steps=keep)
        if not self._brief:
            super().v2_playbook_on_start(playbook)
        if self._run.check:
            self._say("Check mode: nothing is changed, all changes are predictions.")
        self._waiting = Waiting(self._run, say=self._say, silence=self.get_option("silence"))
        # with --step or the debugger, Ansible asks questions during the run: a live line would overwrite them
        asks = bool(context.CLIARGS.get("step")) or C.config.get_config_value("ENABLE_TASK_DEBUGGER")
        live = self._brief and not asks and self.get_option("live_line") and is_terminal(sys.stdout)
        self._waiting.start(self._display, live=live)

    def v2_playbook_on_play_start(self, play: Play) -> None:
        self._end_phase()
        if self._run is not None:
            # the hosts of this batch
            hosts = play.get_variable_manager().get_vars(play=play, include_hostvars=False)["ansible_play_batch"]
            number = self._numbers.get(play._uuid, 0)
            self._run.begin_phase(number=number, name=short_task(play.get_name()), hosts=list(map(str, hosts)), now=time.monotonic())
            self._positions = Positions(play)
            self._host_width = min(max(map(len, hosts), default=0), 40)
        if self._brief:
            self._play = play
        else:
            super().v2_playbook_on_play_start(play)

    def v2_playbook_on_no_hosts_matched(self) -> None:
        if self._run is not None and self._run.phase is not None:
            self._run.phase.hosts = ()
        if not self._brief:
            super().v2_playbook_on_no_hosts_matched()

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        if self._run is not None and self._run.phase is not None:
            self._run.phase.stopped = True
        if not self._brief:
            super().v2_playbook_on_no_hosts_remaining()

    def v2_playbook_on_vars_prompt(self, *arguments: t.Any, **options: t.Any) -> None:
        # Ansible asks before the play starts: end the phase before it, so that the live line does not overwrite the question
        self._end_phase()

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        self._end_phase()
        if self._waiting is not None:
            self._waiting.stop()
        run = self._run
        if run is None:
            super().v2_playbook_on_stats(stats)
            return
        hosts = {host for phase in run.phases for host in phase.hosts}
        self._say("\n".join(["", *phase_lines.summary_lines(run, hosts=hosts)]))
        super().v2_playbook_on_stats(stats)
        self._say("\n".join(phase_lines.total_lines(run, now=time.monotonic())))
        path = self.get_option("profile_file")
        if path:
            recap = {host: stats.summarize(host) for host in sorted(stats.processed)}
            self._profiles.append({"playbook": self._playbook, **run_profile.profile(run, now=time.monotonic(), recap=recap)})
            if problem := run_profile.write(path, self._profiles):
                self._display.warning(problem)

    # ------------------------------------------------------------ tasks

    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:
        if not self._brief:
            super().v2_playbook_on_task_start(task, is_conditional)

    def v2_playbook_on_handler_task_start(self, task: Task) -> None:
        if not self._brief:
            super().v2_playbook_on_handler_task_start(task)

    def v2_playbook_on_include(self, included_file: t.Any) -> None:
        if not self._brief:
            super().v2_playbook_on_include(included_file)

    def v2_runner_on_start(self, host: t.Any, task: Task) -> None:
        if self._run is not None:
            self._run.start(host=host.get_name(), task_id=task._uuid, task=short_task(task.get_name()), now=time.monotonic())
        if not self._brief:
            super().v2_runner_on_start(host, task)

    def v2_runner_retry(self, result: CallbackTaskResult) -> None:
        if not self._brief or self._run is None:
            super().v2_runner_retry(result)
            return
        left = f"{result.result['retries'] - result.result['attempts']} more tries"
        if self._run.note(host=result.host.get_name(), task_id=result.task._uuid, note=f", {left}"):
            self._say(f"{self.host_label(result)}  {_task(result)}: not yet, {left}")

    def v2_runner_on_async_poll(self, result: CallbackTaskResult) -> None:
        if not self._brief:
            super().v2_runner_on_async_poll(result)

    def v2_runner_on_async_ok(self, result: CallbackTaskResult) -> None:
        if not self._brief:
            super().v2_runner_on_async_ok(result)

    def v2_runner_on_async_failed(self, result: CallbackTaskResult) -> None:
        if not self._brief:
            super().v2_runner_on_async_failed(result)

    # ------------------------------------------------------------ results

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        change = self._finish(result, "ok")
        if not self._brief:
            super().v2_runner_on_ok(result)
            return
        self._warn(result)
        # each item of a loop has been shown already
        if _asks_to_be_shown(result) and not (result.task.loop and "results" in result.result):
            self._show(result, f"{self.host_label(result)}  {_task(result)}")
        elif change is not None:
            lines = changes.change_lines(self.host_label(result), change, width=self._host_width, listed=self._listed(result))
            self._say("\n".join(lines), color="CHANGED")

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        self._finish(result, "skipped")
        if self._brief:
            self._warn(result)
        else:
            super().v2_runner_on_skipped(result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        word = "ignored" if ignore_errors else "rescued" if rescued(result.task) else "fatal"
        self._finish(result, "failed" if word == "fatal" else word, lost=word == "fatal")
        if self._brief:
            self._fail(result, f"{word}: [{self.host_label(result)}]: FAILED! {_task(result)}", ignored=word != "fatal")
        else:
            super().v2_runner_on_failed(result, ignore_errors)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        word = "ignored" if result.task.ignore_unreachable else "fatal"
        self._finish(result, "unreachable" if word == "fatal" else word, lost=word == "fatal")
        if self._brief:
            self._fail(result, f"{word}: [{self.host_label(result)}]: UNREACHABLE! {_task(result)}", ignored=word != "fatal")
        else:
            super().v2_runner_on_unreachable(result)

    def v2_runner_item_on_ok(self, result: CallbackTaskResult) -> None:
        if not self._brief:
            super().v2_runner_item_on_ok(result)
            return
        self._warn(result)
        if _asks_to_be_shown(result):
            self._show(result, f"{self.host_label(result)}  {_task(result)} (item={self._get_item_label(result.result)})")

    def v2_runner_item_on_failed(self, result: CallbackTaskResult) -> None:
        if self._brief:
            item = self._get_item_label(result.result)
            self._fail(result, f"failed: [{self.host_label(result)}] (item={item}): {_task(result)}")
        else:
            super().v2_runner_item_on_failed(result)

    def v2_runner_item_on_skipped(self, result: CallbackTaskResult) -> None:
        if self._brief:
            self._warn(result)
        else:
            super().v2_runner_item_on_skipped(result)

    def v2_on_file_diff(self, result: CallbackTaskResult) -> None:
        if not self._brief:
            super().v2_on_file_diff(result)
            return
        items = result.result["results"] if result.task.loop and "results" in result.result else [result.result]
        for item in items:
            if item.get("diff") and item.get("changed") and (diff := self._get_diff(item["diff"])):
                self._say(f"{self.host_label(result)}  {_task(result)}\n{diff}")

    # ------------------------------------------------------------ the record of the run

    @property
    def _brief(self) -> bool:
        return self._run is not None and self._display.verbosity == 0

    def _finish(self, result: CallbackTaskResult, status: str, *, lost: bool = False) -> changes.Change | None:
        """Records the end of a task on a host. Returns what it changed."""
        if self._run is None or self._positions is None:
            return None
        task, host = result.task, result.host.get_name()
        change = None
        # The same results count as in the recap. A failed command always reports a change, so it does not count.
        if status in ("ok", "ignored") and result.is_changed() and not brings_tasks(task):
            change = changes.read_change(
                result.result,
                task=_task(result),
                # not task_fields, which ansible-core 2.21 deprecates
                arguments=task.args if isinstance(task.args, dict) else None,
                predicted=task.check_mode is True,
            )
        only_includes = status == "ok" and brings_tasks(task)
        at_end = self._positions.ends_play(task) and not only_includes
        self._run.finish(
            host=host,
            task_id=task._uuid,
            task=_task(result),
            status="changed" if status == "ok" and change else status,
            now=time.monotonic(),
            change=change,
            at_end=at_end,
            ran=status != "skipped" and not only_includes,
        )
        if lost:
            self._run.lose(host, "unreachable" if status == "unreachable" else "failed")
        return change

    def _end_phase(self) -> None:
        run = self._run
        phase = run.end_phase(time.monotonic()) if run is not None else None
        if run is None or phase is None or not phase.ran:
            return
        color = "ERROR" if phase.lost else "CHANGED" if phase.changes else "OK"
        self._say(phase_lines.phase_line(phase, plays=run.plays, check=run.check), color=color)

    # ------------------------------------------------------------ output

    def _say(self, text: str, color: str | None = None, *, stderr: bool = False) -> None:
        if self._waiting is not None:
            self._waiting.note_output()
        self._display.display(text, color=C.config.get_config_value(f"COLOR_{color}") if color else None, stderr=stderr)
        # Standard output to a pipe is buffered: without this, a log grows in steps of 8 KB.
        with contextlib.suppress(OSError):
            sys.stdout.flush()

    def _warn(self, result: CallbackTaskResult) -> None:
        if result.warnings or result.deprecations or result.exception:
            self._handle_warnings_and_exception(result)

    def _show(self, result: CallbackTaskResult, heading: str) -> None:
        self._clean_results(result.result, result.task.action)
        dump = self._dump_results(result.result)
        # YAML starts with a newline
        self._say(f"{heading} =>{'' if dump.startswith(chr(10)) else ' '}{dump}".rstrip())

    def _fail(self, result: CallbackTaskResult, heading: str, *, ignored: bool = False) -> None:
        data = result.result
        self._handle_warnings(data)
        event = getattr(result.exception, "event", None)
        lines = [heading, *errors.error_lines(data, event=event, path=result.task.get_path() or "")]
        more = errors.evidence(data)
        if result.task.loop:
            # each item that failed has been shown already
            more.pop("results", None)
        if any(not key.startswith("_") for key in more):
            lines += errors.block(self._dump_results(more))
        color = "WARN" if ignored else "UNREACHABLE" if "UNREACHABLE!" in heading else "ERROR"
        self._say("\n".join(lines), color=color, stderr=self.get_option("display_failed_stderr"))

    def _listed(self, result: CallbackTaskResult) -> int:
        """The number of actions to list: none if their diffs were shown, which have the same headings."""
        return 0 if result.result.get("diff") and context.CLIARGS.get("diff") else changes.LISTED


def _task(result: CallbackTaskResult) -> str:
    return short_task(result.task.get_name())


def _asks_to_be_shown(result: CallbackTaskResult) -> bool:
    # Before ansible-core 2.21, `result` copies the whole result, and `_return_data` gives it without a copy.
    data = getattr(result, "_return_data", None)
    return changes.asks_to_be_shown(result.result if data is None else data, action=result.task.action)
