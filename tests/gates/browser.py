# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's Chromium without a window, by the pipe of its DevTools protocol: a page in several widths and colours, and on paper.

A page is one HTML file. What it asks others for is recorded.
"""

from __future__ import annotations

import base64
import collections.abc as c
import contextlib
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time
import typing as t

import pytest

Object = dict[str, t.Any]

_PROGRAM = "chromium"
_DEADLINE = 60.0
# The browser reads commands from descriptor 3, and answers on 4.
_START = 'exec "$0" "$@" 3<&{commands} 4>&{answers}'
# Whoever runs the tests may be root, for whom Chromium has no sandbox: the pages are our own.
_OPTIONS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
)


class View(t.NamedTuple):
    """How a page is looked at. ``script``: whether scripts of the page may run."""

    width: int = 1280
    height: int = 900
    dark: bool = False
    medium: str = "screen"
    script: bool = True


class Browser:
    """``complaints``: what the browser has logged of the page, such as what its policy has stopped."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._buffer = b""
        self._number = 0
        self._events: list[Object] = []
        self._session: Object = {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def open(self, page: pathlib.Path, view: View) -> None:
        """Shows the page, and forgets what was recorded of others."""
        self.call("Emulation.setDeviceMetricsOverride", width=view.width, height=view.height, deviceScaleFactor=1, mobile=view.width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if view.dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=view.medium, features=[scheme])
        self.call("Emulation.setScriptExecutionDisabled", value=not view.script)
        self._events.clear()
        self.call("Page.navigate", url=page.as_uri())
        self._wait(lambda message: message.get("method") == "Page.loadEventFired", "the page")

    def evaluate(self, script: str) -> t.Any:
        """The value of an expression, or of the promise that it is."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    @property
    def requests(self) -> list[str]:
        """Addresses that were asked for since the page was opened. The page itself is one."""
        sent = [message["params"] for message in self._events if message.get("method") == "Network.requestWillBeSent"]
        return [one["request"]["url"] for one in sent]

    @property
    def complaints(self) -> list[str]:
        logged = [message["params"]["entry"]["text"] for message in self._events if message.get("method") == "Log.entryAdded"]
        thrown = [message["params"]["exceptionDetails"] for message in self._events if message.get("method") == "Runtime.exceptionThrown"]
        return [*logged, *(str(one) for one in thrown)]

    def picture(self, path: pathlib.Path) -> None:
        """The whole page as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16_000), "scale": 1}
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]))

    def paper(self, path: pathlib.Path) -> None:
        """The page as PDF, as it is printed."""
        path.write_bytes(base64.b64decode(self.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=False)["data"]))

    def call(self, method: str, **parameters: t.Any) -> Object:
        self._number += 1
        number = self._number
        data = memoryview(json.dumps({"id": number, "method": method, "params": parameters, **self._session}).encode() + b"\0")
        while data:
            data = data[os.write(self._commands, data) :]
        message = self._wait(lambda message: message.get("id") == number, method)
        assert "error" not in message, f"{method}: {message['error']}"
        return t.cast(Object, message["result"])

    def _wait(self, wanted: c.Callable[[Object], bool], what: str) -> Object:
        ends = time.monotonic() + _DEADLINE
        while True:
            message = self._message(ends, what)
            self._events.append(message)
            if wanted(message):
                return message

    def _message(self, ends: float, what: str) -> Object:
        while b"\0" not in self._buffer:
            ready = select.select([self._answers], [], [], max(0.0, ends - time.monotonic()))[0]
            data = os.read(self._answers, 1 << 16) if ready else b""
            assert data, f"{_PROGRAM} has ended, or does not answer: {what}"
            self._buffer += data
        message, _end, self._buffer = self._buffer.partition(b"\0")
        return t.cast(Object, json.loads(message))


@contextlib.contextmanager
def started() -> c.Iterator[Browser]:
    if shutil.which(_PROGRAM) is None:
        pytest.fail(f"there is no {_PROGRAM}: install it, as tools/need {_PROGRAM}={_PROGRAM} does")
    (to_browser, commands), (answers, from_browser) = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(prefix="browser-") as folder, open(os.path.join(folder, "log"), "wb") as log:
        start = _START.format(commands=to_browser, answers=from_browser)
        argv = ["bash", "-c", start, _PROGRAM, *_OPTIONS, f"--user-data-dir={folder}/profile", "about:blank"]
        process = subprocess.Popen(argv, pass_fds=(to_browser, from_browser), stdout=log, stderr=log, env={**os.environ, "HOME": folder})
        os.close(to_browser)
        os.close(from_browser)
        try:
            yield Browser(commands, answers)
        finally:
            os.close(commands)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
            os.close(answers)
