# SPDX-License-Identifier: GPL-3.0-or-later
"""What journals of hosts say again and again."""

from __future__ import annotations

import collections
import collections.abc
import json
import re
import time

from .driver import Cluster

# The kubelet looks at the disk every 10 s.
REPEATED = 3
# Errors as programs write them: klog's E and F, the fields of zap, logrus and slog, and what needs no more than its words.
ERROR = re.compile(r'^[EF]\d{4} |"level":"(?:error|fatal|panic)"|\blevel=(?:error|fatal)\b|^panic: |^Traceback', re.IGNORECASE)
# What differs from one time to the next: times, numbers, addresses, identifiers.
VARYING = re.compile(r"\b[0-9a-f]{8,}\b|\b[0-9a-f-]{36}\b|\d+", re.IGNORECASE)


def repeated(lines: collections.abc.Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The shapes of errors by unit that came at least REPEATED times."""
    shapes = collections.Counter((unit, VARYING.sub("#", text)[:160]) for unit, text in lines if ERROR.search(text))
    return {shape: count for shape, count in shapes.items() if count >= REPEATED}


def entries(journal: str) -> list[tuple[str, str]]:
    found = [json.loads(line) for line in journal.splitlines() if line.startswith("{")]
    units = [(entry.get("_SYSTEMD_UNIT") or entry.get("SYSLOG_IDENTIFIER", ""), entry) for entry in found]
    # What systemd and the kernel call an error has no mark in its text.
    return [(unit, f"{'E0000 ' if int(entry.get('PRIORITY', 6)) <= 3 else ''}{entry['MESSAGE']}") for unit, entry in units]


def errors_of_the_next(cluster: Cluster, host: str, *, seconds: float) -> dict[tuple[str, str], int]:
    """The errors that come again while nothing is done on a host, by unit and shape."""
    began = cluster.on(host, "date +%s; logger --priority daemon.err --tag idle-test 'the journal is read'").strip()
    time.sleep(seconds)
    fields = "MESSAGE,PRIORITY,_SYSTEMD_UNIT,SYSLOG_IDENTIFIER"
    found = entries(cluster.on(host, f"journalctl --no-pager --output=json --output-fields={fields} --since=@{began}"))
    assert [text for _unit, text in found if "the journal is read" in text] == ["E0000 the journal is read"]
    return repeated(found)
