# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells Nginx which apiservers are ready: requests /readyz from each, writes the ready ones into a file, reloads Nginx on a change.

usage: check-apiservers SETTINGS

SETTINGS is a JSON file with the fields of the class Settings. systemd sets RUNTIME_DIRECTORY, where the file for Nginx is.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import pathlib
import ssl
import sys
import time
import typing as t

TIMEOUT = 2.0
FALL = 2
REQUEST = b"GET /readyz HTTP/1.1\r\nHost: kubernetes\r\nConnection: close\r\n\r\n"


@dataclasses.dataclass(frozen=True)
class Settings:
    """Times are in seconds."""

    servers: list[str]  # host:port
    ca: str  # the CA certificate of the apiservers
    unit: str  # of Nginx
    interval: float
    # Each reload leaves worker processes that carry on the open connections. So an apiserver that is ready again may wait this long
    # after the last reload. One that is no longer ready never waits.
    quiet: float = 30.0


class Checks:
    """What is known of the apiservers, and what Nginx was told of them."""

    def __init__(self, settings: Settings, ready_file: pathlib.Path) -> None:
        self._settings = settings
        self._ready_file = ready_file
        self._tls = ssl.create_default_context(cafile=settings.ca)
        # An authority that is an intermediate is trusted as it is. Python has a name for that flag of OpenSSL since 3.10.
        self._tls.verify_flags |= 0x80000
        self._ready: dict[str, bool] = {}
        self._news = asyncio.Event()

    async def run(self) -> None:
        await asyncio.gather(self._update_nginx(), *(self._watch(server) for server in self._settings.servers))

    async def _answer(self, server: str) -> bytes:
        address, port = server.split(":")
        reader, writer = await asyncio.open_connection(address, int(port), ssl=self._tls, server_hostname="kubernetes")
        try:
            writer.write(REQUEST)
            return await reader.readline()
        finally:
            writer.transport.abort()

    async def _is_ready(self, server: str) -> bool:
        try:
            return (await asyncio.wait_for(self._answer(server), TIMEOUT)).startswith(b"HTTP/1.1 200 ")
        except (OSError, ValueError, asyncio.TimeoutError):
            return False

    async def _watch(self, server: str) -> None:
        """Checks one apiserver again and again. A ready one becomes unready after FALL failures in a row."""
        failures, interval = 0, self._settings.interval
        while True:
            began = time.monotonic()
            failures = 0 if await self._is_ready(server) else failures + 1
            now = failures < FALL if self._ready.get(server) else failures == 0
            if self._ready.get(server) != now:
                self._ready[server] = now
                print(f"{server} is {'ready' if now else 'not ready'}", flush=True)
                self._news.set()
            await asyncio.sleep(max(0, began + (interval / 2 if failures == 1 else interval) - time.monotonic()))

    async def _update_nginx(self) -> None:
        """Writes the file and reloads Nginx after each change, but not before each apiserver was checked once."""
        listed: t.Optional[list[str]] = None
        at, servers = 0.0, self._settings.servers
        later = asyncio.get_running_loop().call_later
        while True:
            await self._news.wait()
            self._news.clear()
            wanted = [server for server in servers if self._ready.get(server)]
            if len(self._ready) < len(servers) or wanted == listed:
                continue
            early = at + self._settings.quiet - time.monotonic()
            if listed and early > 0 and set(listed) <= set(wanted):
                later(early, self._news.set)
                continue
            self._write(wanted)
            at = time.monotonic()
            listed = wanted if await self._reload() else None
            if listed is None:
                later(1, self._news.set)

    def _write(self, servers: list[str]) -> None:
        part = self._ready_file.with_suffix(".part")
        part.write_text("".join(f"server {server} max_fails=1 fail_timeout=5s;\n" for server in servers), encoding="utf-8")
        part.rename(self._ready_file)

    async def _reload(self) -> bool:
        """Whether that succeeded. It does too where Nginx does not run: Nginx reads the file when it starts."""
        program = await asyncio.create_subprocess_exec("systemctl", "try-reload-or-restart", self._settings.unit)
        return await program.wait() == 0


async def main(settings_file: str) -> None:
    with open(settings_file, encoding="utf-8") as file:
        settings = Settings(**json.load(file))
    await Checks(settings, pathlib.Path(os.environ["RUNTIME_DIRECTORY"], "ready.conf")).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
