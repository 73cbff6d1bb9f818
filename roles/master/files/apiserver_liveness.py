# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends the apiserver of this host when it is not live any more, as a kubelet does with a pod. systemd starts it again.

usage: kube-apiserver-liveness SETTINGS

SETTINGS is a JSON file with the fields of the class Settings. It is read again before each look.

An apiserver that has lost its etcd still answers, and clients stay with it that it cannot serve. It is ended while another apiserver is
ready to take them. If none is, its end would help nobody, and it serves sooner when etcd is back. An apiserver that is not live for
another reason is ended in any case. Nothing is started here: a process gets a signal, if systemd calls its unit active.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import time
import typing as t

NAME = "kubernetes"  # every apiserver's certificate has it
REQUEST = "GET {} HTTP/1.1\r\nHost: kubernetes\r\nConnection: close\r\n\r\n"
OTHERS_TIMEOUT = 2.0  # the balancers' for /readyz


@dataclasses.dataclass(frozen=True)
class Settings:
    """Times are in seconds. The defaults are those of an apiserver of kubeadm (cmd/kubeadm/app/util/staticpod/utils.go of 1.37).

    ``starting`` is the threshold of its start-up probe, ``grace`` what Kubernetes gives a pod to end.
    """

    server: str  # host:port of this host's apiserver
    others: list[str]  # host:port of those of other masters
    ca: str  # the CA certificate of all
    unit: str
    period: float = 10.0
    timeout: float = 15.0
    failures: int = 8
    starting: int = 24
    grace: float = 30.0


class Found(enum.Enum):
    """What a look at the apiserver finds; the value completes a sentence about it."""

    LIVE = "is live"
    WITHOUT_ETCD = "has lost its etcd, and another apiserver is ready"
    DEAD = "is not live"
    # No evidence that anything is wrong with it: it has an outdated certificate, or does not tell everybody.
    UNKNOWN = "may be live"


class Process(t.NamedTuple):
    """The main process of a unit that is active, so neither starting nor stopping."""

    pid: int
    since: float  # on the monotonic clock


class Patience:
    """Counts failures in a row."""

    def __init__(self) -> None:
        self._lived = float("-inf")
        self._pid = 0
        self._count = 0

    def live(self, now: float) -> None:
        self._lived = now
        self._count = 0

    def forget(self) -> None:
        """What was counted speaks for no end any more."""
        self._count = 0

    def is_over(self, process: Process, *, failures: int, starting: int) -> bool:
        """Counts a failure. A process that was not seen alive yet may have more of them."""
        if process.pid != self._pid:
            self._pid, self._count = process.pid, 0
        self._count += 1
        return self._count >= (failures if self._lived > process.since else starting)


class Apiservers:
    """Asks the apiservers. Anybody may ask for their health."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tls = ssl.create_default_context(cafile=settings.ca)
        # An authority that is an intermediate is trusted as it is. Python has a name for that flag of OpenSSL since 3.10.
        self._tls.verify_flags |= 0x80000

    def look(self) -> Found:
        found = self._found("/livez")
        if found is Found.DEAD and self._found("/livez?exclude=etcd") is Found.LIVE:
            return Found.WITHOUT_ETCD
        return found

    def another_is_ready(self) -> bool:
        return any(self._is_ready(server) for server in self._settings.others)

    def _found(self, path: str) -> Found:
        try:
            status = self._status(self._settings.server, path, self._settings.timeout)
        except ssl.SSLCertVerificationError:
            return Found.UNKNOWN
        if 400 <= status < 500:
            return Found.UNKNOWN
        return Found.LIVE if 0 < status < 400 else Found.DEAD

    def _is_ready(self, server: str) -> bool:
        try:
            return self._status(server, "/readyz", OTHERS_TIMEOUT) == 200
        except OSError:
            return False

    def _status(self, server: str, path: str, timeout: float) -> int:
        """0 if there is no answer. What this host alone is to blame for, such as too many open files, is raised."""
        address, _colon, port = server.rpartition(":")
        try:
            connection = socket.create_connection((address, int(port)), timeout)
            with connection, self._tls.wrap_socket(connection, server_hostname=NAME) as channel:
                channel.sendall(REQUEST.format(path).encode())
                return int(channel.makefile("rb").readline().split()[1])
        except ssl.SSLCertVerificationError:
            raise
        except (ConnectionError, socket.timeout, ssl.SSLError, ValueError, IndexError):
            return 0


def running(unit: str) -> t.Optional[Process]:
    """None if systemd does not call the unit active, or is about to start or stop it."""
    wanted = ("ActiveState", "MainPID", "ActiveEnterTimestampMonotonic", "Job")
    done = subprocess.run(["systemctl", "show", "--property", ",".join(wanted), "--", unit], stdout=subprocess.PIPE, text=True, check=True)
    shown = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    if shown["ActiveState"] != "active" or shown["MainPID"] == "0" or shown.get("Job", "") not in ("", "0"):
        return None
    return Process(int(shown["MainPID"]), int(shown["ActiveEnterTimestampMonotonic"]) / 1e6)


def end(unit: str, process: Process, grace: float) -> None:
    """Lets it end by itself within the grace. The signals reach this process or none."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if running(unit) == process and not (grace and _ends_by_itself(handle, grace)):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


def _ends_by_itself(handle: int, grace: float) -> bool:
    signal.pidfd_send_signal(handle, signal.SIGTERM)
    ended = select.poll()
    ended.register(handle, select.POLLIN)
    return bool(ended.poll(grace * 1000))


class Watch:
    """One look after the other, and what follows from them."""

    def __init__(self) -> None:
        self._patience = Patience()

    def look(self, settings: Settings) -> None:
        apiservers = Apiservers(settings)
        found = apiservers.look()
        if found is Found.LIVE:
            self._patience.live(time.monotonic())
            return
        process = running(settings.unit)
        if process is None or found is Found.UNKNOWN or (found is Found.WITHOUT_ETCD and not apiservers.another_is_ready()):
            self._patience.forget()
        elif self._patience.is_over(process, failures=settings.failures, starting=settings.starting):
            print(f"{settings.unit} {found.value}: it is ended, and systemd starts it again", flush=True)
            # To end by itself it would have to write to etcd. It waits for that, and keeps its connections meanwhile.
            end(settings.unit, process, 0.0 if found is Found.WITHOUT_ETCD else settings.grace)


def read(settings_file: str) -> Settings:
    with open(settings_file, encoding="utf-8") as file:
        return Settings(**json.load(file))


def tell_systemd_ready() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))


def main(settings_file: str) -> None:
    watch = Watch()
    read(settings_file)
    tell_systemd_ready()
    while True:
        began, settings = time.monotonic(), read(settings_file)
        watch.look(settings)
        time.sleep(max(0.0, began + settings.period - time.monotonic()))


if __name__ == "__main__":
    main(sys.argv[1])
