# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks programs on the system bus of D-Bus: method calls whose arguments are texts, as the D-Bus specification has them.

A look at a host asks firewalld a dozen questions. Each would be a process of busctl, which costs ten times what it asks. Who cannot get
an answer here asks busctl, so whatever is unusual about a bus costs time and nothing else.
"""

from __future__ import annotations

import functools
import os
import socket
import struct
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

SOCKET = "/run/dbus/system_bus_socket"
# firewalld answers calls one after another; the reload of a large configuration is the slowest
TIMEOUT = 120
# The specification's limit of a message.
_LARGEST = 1 << 27
_CALL, _ANSWER, _ERROR = 1, 2, 3
_NO_AUTO_START = 2
_PATH, _INTERFACE, _MEMBER, _ANSWERED_CALL, _DESTINATION, _SIGNATURE = 1, 2, 3, 5, 6, 8
_NUMBERS = {"y": "B", "b": "I", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d", "h": "I"}
_ALIGNED = {"y": 1, "g": 1, "v": 1, "n": 2, "q": 2, "x": 8, "t": 8, "d": 8, "(": 8, "{": 8}


class NotAnswered(Exception):
    """There is no bus, nobody of that name, or no answer; or it is an error."""


def ask(name: str, path: str, interface: str, method: str, *texts: str) -> list[t.Any]:
    """What a method returns: arrays and structures as lists, dictionaries as such, variants as what they hold. Not for two threads.

    Raises NotAnswered, and HostError if nothing comes in time: to ask in another way would take as long again.
    """
    try:
        return _connection().call(name, path, interface, method, texts)
    except socket.timeout as error:
        _connection.cache_clear()
        raise HostError(f"{name} did not answer {method} within {TIMEOUT} s: see `systemctl status` of its unit and of the bus") from error
    except (OSError, ValueError, LookupError, struct.error, RecursionError) as error:
        _connection.cache_clear()
        raise NotAnswered(str(error)) from error


class _Connection:
    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(TIMEOUT)
        self._socket.connect(SOCKET)
        self._received = b""
        self._calls = 0
        # The bus asks the kernel whether this user is the one that is named here.
        self._socket.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\nBEGIN\r\n")
        while b"\r\n" not in self._received:
            self._receive()
        line, _end, self._received = self._received.partition(b"\r\n")
        if not line.startswith(b"OK "):
            raise ValueError(f"the bus refused: {line!r}")
        bus = "org.freedesktop.DBus"
        self.call(bus, "/org/freedesktop/DBus", bus, "Hello", ())

    def call(self, name: str, path: str, interface: str, method: str, texts: t.Sequence[str]) -> list[t.Any]:
        self._calls += 1
        called = ((_PATH, "o", path), (_INTERFACE, "s", interface), (_MEMBER, "s", method), (_DESTINATION, "s", name))
        self._socket.sendall(_message(self._calls, called, texts))
        while True:
            kind, fields, answer = self._message()
            if fields.get(_ANSWERED_CALL) != self._calls:
                continue  # a signal, such as that of our own name
            if kind != _ANSWER:
                raise NotAnswered(f"{method}: {answer}")
            return answer

    def _message(self) -> tuple[int, dict[int, t.Any], list[t.Any]]:
        head = self._exactly(16)
        order = {b"l": "<", b"B": ">"}[head[:1]]
        of_body, _number, of_fields = struct.unpack(f"{order}III", head[4:])
        begin = 16 + _padded(of_fields)
        whole = head + self._exactly(begin - 16 + of_body)
        fields = dict(_Values(whole, order, at=12).read("a(yv)"))
        body = _Values(whole, order, at=begin)
        return head[1], fields, [body.read(kind) for kind in _types(fields.get(_SIGNATURE, ""))]

    def _exactly(self, size: int) -> bytes:
        if size > _LARGEST:
            raise ValueError(f"a message of {size} bytes")
        while len(self._received) < size:
            self._receive()
        found, self._received = self._received[:size], self._received[size:]
        return found

    def _receive(self) -> None:
        found = self._socket.recv(1 << 16)
        if not found:
            raise ValueError("the bus has ended the connection")
        self._received += found


@functools.lru_cache(maxsize=1)
def _connection() -> _Connection:
    return _Connection()


def _message(number: int, called: t.Iterable[tuple[int, str, str]], texts: t.Sequence[str]) -> bytes:
    """A method call. Each part begins at a multiple of eight, so each can be built by itself."""
    fields = bytearray()
    for field, kind, value in called:
        fields += bytes(_padded(len(fields)) - len(fields))
        fields += bytes((field, 1)) + kind.encode() + b"\0" + _text(value)
    if texts:
        fields += bytes(_padded(len(fields)) - len(fields))
        fields += bytes((_SIGNATURE, 1)) + b"g\0" + bytes((len(texts),)) + b"s" * len(texts) + b"\0"
    body = bytearray()
    for text in texts:
        body += bytes(-len(body) % 4) + _text(text)
    head = struct.pack("<cBBBIII", b"l", _CALL, _NO_AUTO_START, 1, len(body), number, len(fields))
    return head + bytes(fields) + bytes(_padded(len(fields)) - len(fields)) + bytes(body)


def _padded(size: int) -> int:
    return -(-size // 8) * 8


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<I", len(encoded)) + encoded + b"\0"


@functools.cache
def _types(signature: str) -> list[str]:
    """The complete types in a signature, one after the other."""
    found, begin, depth = [], 0, 0
    for index, code in enumerate(signature, 1):
        depth += (code in "({") - (code in ")}")
        if depth == 0 and code != "a":
            found.append(signature[begin:index])
            begin = index
    return found


class _Values:
    """Reads values from a message, each at a multiple of the size that its type is aligned to."""

    def __init__(self, message: bytes, order: str, *, at: int) -> None:
        self._message = message
        self._order = order
        self._at = at

    def read(self, kind: str) -> t.Any:
        code = kind[0]
        if code in _NUMBERS:
            number = self._number(_NUMBERS[code], _ALIGNED.get(code, 4))
            return bool(number) if code == "b" else number
        if code in "sog":
            return self._text(self._number("B", 1) if code == "g" else self._number("I", 4))
        if code == "v":
            (held,) = _types(self.read("g"))
            return self.read(held)
        if code == "a":
            return self._array(kind[1:])
        self._align(8)
        return [self.read(part) for part in _types(kind[1:-1])]

    def _array(self, of: str) -> t.Any:
        size = self._number("I", 4)
        self._align(_ALIGNED.get(of[0], 4))
        end, found = self._at + size, []
        if end > len(self._message):
            raise ValueError("an array is longer than its message")
        while self._at < end:
            found.append(self.read(of))
        return dict(found) if of[0] == "{" else found

    def _number(self, code: str, alignment: int) -> t.Any:
        self._align(alignment)
        (number,) = struct.unpack_from(f"{self._order}{code}", self._message, self._at)
        self._at += struct.calcsize(code)
        return number

    def _text(self, size: int) -> str:
        begin, self._at = self._at, self._at + size + 1
        if self._at > len(self._message):
            raise ValueError("a text is longer than its message")
        return self._message[begin : begin + size].decode()

    def _align(self, size: int) -> None:
        self._at += -self._at % size
