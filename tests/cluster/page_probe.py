# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks for a page ten times a second until its standard input ends, and prints what became of every request.

A program of the standard library, for the controller's side of the lab's network. Its arguments are addresses of the same page. Like a load
balancer that checks, it goes on to the next address where one does not accept the connection; a page that breaks off has failed.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.error
import urllib.request

PERIOD = 0.1
TIMEOUT = 2.0


def fault(addresses: list[str]) -> str | None:
    found = "no address"
    for address in addresses:
        try:
            with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
                answer.read()
            return None
        except OSError as error:
            found = f"{address}: {error}"
            reason = getattr(error, "reason", error)
            if not isinstance(reason, ConnectionRefusedError | TimeoutError) and getattr(reason, "errno", None) not in (101, 113):
                break
    return found


def main() -> None:
    addresses, records, ended = sys.argv[1:], list[dict[str, object]](), threading.Event()

    def ask() -> None:
        began = time.time()
        told = fault(addresses)
        records.append({"began": began, "ended": time.time(), "fault": told})

    def ask_all() -> None:
        begun: list[threading.Thread] = []
        while not ended.wait(PERIOD):
            begun.append(threading.Thread(target=ask))
            begun[-1].start()
        for thread in begun:
            thread.join()

    asking = threading.Thread(target=ask_all)
    asking.start()
    sys.stdin.read()
    ended.set()
    asking.join()
    json.dump({"reads": records, "writes": []}, sys.stdout)


if __name__ == "__main__":
    main()
