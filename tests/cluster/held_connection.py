# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to a web server that stays open while a test does something else."""

from __future__ import annotations

import collections.abc as c
import contextlib
import dataclasses
import subprocess

# Asks on one connection once for each line of its input, and prints the status of each answer.
_PROGRAM = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=10)
connection.connect()
connection.auto_open = 0
for _line in sys.stdin:
    connection.request("GET", "/", headers={"Connection": "keep-alive"})
    answer = connection.getresponse()
    answer.read()
    print(answer.status, flush=True)
"""


@dataclasses.dataclass(frozen=True)
class Held:
    process: subprocess.Popen[str]

    def still_answers(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("again\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "200\n"


@contextlib.contextmanager
def held(python: list[str], address: str, port: int) -> c.Iterator[Held]:
    """``python``: the command that begins an interpreter where the packets are to come from."""
    command = [*python, "-c", _PROGRAM, address, str(port)]
    with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            connection = Held(process)
            connection.still_answers()
            yield connection
        finally:
            process.kill()
