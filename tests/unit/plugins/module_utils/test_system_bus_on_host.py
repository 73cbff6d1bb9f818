# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of D-Bus, against a bus of the test, whose messages are written here a second time."""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import struct
import threading
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import system_bus
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

NUMBERS = {"y": "B", "b": "I", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d"}
BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
# Signature, what is sent and what is read: as firewalld answers, and every other type once.
ANSWERS: dict[str, tuple[str, t.Any, t.Any]] = {
    "a text": ("s", "public", "public"),
    "zones": ("a{sa{sas}}", {"docker": {"interfaces": ["docker0"], "sources": []}, "public": {}}, None),
    "no list": ("as", [], []),
    "a set": ("(ssssa{ss}as)", ["", "s", "d", "hash:net", {"family": "inet"}, ["10.0.0.0/8"]], None),
    "settings": (
        "a{sv}",
        {"short": ("s", "x"), "ports": ("a(ss)", [["1", "tcp"], ["22", "udp"]]), "forward": ("b", True), "priority": ("i", -1)},
        {"short": "x", "ports": [["1", "tcp"], ["22", "udp"]], "forward": True, "priority": -1},
    ),
    "numbers": ("(ynqiuxtd)", [1, -2, 3, -4, 5, -6, 1 << 60, 0.5], None),
    "octets and a signature": ("(ayg)", [[1, 2, 255], "a{sv}"], None),
    "a variant in a variant": ("v", ("v", ("ao", ["/a", "/b"])), ["/a", "/b"]),
}


class Bus:
    """One connection is served. ``order`` is that of the bytes of its answers."""

    def __init__(self, path: pathlib.Path, order: str = "<") -> None:
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listening.bind(str(path))
        self.listening.listen(1)
        self.order = order
        self.calls: list[tuple[str, list[str]]] = []

    def serve(self, welcome: bytes, answer: t.Callable[[int], bytes]) -> None:
        with contextlib.suppress(OSError), self.listening, self.listening.accept()[0] as connection:
            received = b""
            while b"BEGIN\r\n" not in received:
                received += connection.recv(4096)
            assert received.startswith(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
            received = received.partition(b"BEGIN\r\n")[2]
            connection.sendall(welcome)
            while True:
                while len(received) < 16:
                    if not (more := connection.recv(4096)):
                        return
                    received += more
                of_body, number, of_fields = struct.unpack("<III", received[4:16])
                size = 16 + (of_fields + 7) // 8 * 8 + of_body
                while len(received) < size:
                    received += connection.recv(4096)
                self.calls.append(self.read(received[:size], of_fields, of_body))
                received = received[size:]
                hello = self.calls[-1][0] == "Hello"
                connection.sendall(self.message(2, number, "s", ":1.7") if hello else answer(number))

    @staticmethod
    def read(message: bytes, of_fields: int, of_body: int) -> tuple[str, list[str]]:
        """The method and its arguments, by searching for texts."""
        fields, body = message[16 : 16 + of_fields], message[len(message) - of_body :] if of_body else b""
        at, found = 0, []
        while at < len(body):
            at = (at + 3) // 4 * 4
            (size,) = struct.unpack_from("<I", body, at)
            found.append(body[at + 4 : at + 4 + size].decode())
            at += 5 + size
        at = fields.index(b"\x03\x01s\0") + 4
        (size,) = struct.unpack_from("<I", fields, at)
        return fields[at + 4 : at + 4 + size].decode(), found

    def message(self, kind: int, number: int, signature: str, value: t.Any) -> bytes:
        body = self.packed(signature, value, 0)
        fields = self.packed("a(yv)", [[5, ("u", number)], [8, ("g", signature)], [4, ("s", "org.freedesktop.DBus.Error.X")]], 12)
        head = (b"l" if self.order == "<" else b"B") + bytes((kind, 0, 1)) + struct.pack(f"{self.order}II", len(body), 77)
        whole = head + fields
        return whole + bytes(-len(whole) % 8) + body

    def packed(self, kind: str, value: t.Any, at: int) -> bytes:
        """A value as it is written at a place of a message, with what comes before it to align it."""
        code = kind[0]
        alignment = {"s": 4, "o": 4, "a": 4, "(": 8, "{": 8, "b": 4}.get(code) or (struct.calcsize(NUMBERS[code]) if code in NUMBERS else 1)
        pad = bytes(-at % alignment)
        at += len(pad)
        if code in NUMBERS:
            return pad + struct.pack(f"{self.order}{NUMBERS[code]}", value)
        if code in "so":
            return pad + struct.pack(f"{self.order}I", len(value.encode())) + value.encode() + b"\0"
        if code == "g":
            return bytes((len(value),)) + value.encode() + b"\0"
        if code == "v":
            head = self.packed("g", value[0], at)
            return head + self.packed(value[0], value[1], at + len(head))
        if code == "a":
            inner = b""
            start = at + 4 + (-(at + 4) % (8 if kind[1] in "({xtd" else 4 if kind[1] in "soaiub" else 1))
            for item in value.items() if isinstance(value, dict) else value:
                inner += self.packed(kind[1:], item, start + len(inner))
            return pad + struct.pack(f"{self.order}I", len(inner)) + bytes(start - at - 4) + inner
        parts = b""
        for index, part in enumerate(system_bus._types(kind[1:-1])):
            parts += self.packed(part, value[index], at + len(parts))
        return pad + parts


@pytest.fixture
def bus(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Bus]:
    path = tmp_path / "bus"
    monkeypatch.setattr(system_bus, "SOCKET", str(path))
    system_bus._connection.cache_clear()
    made = Bus(path)
    yield made
    system_bus._connection.cache_clear()
    made.listening.close()


def serving(bus: Bus, answer: t.Callable[[int], bytes], *, welcome: bytes = b"OK 0123\r\n") -> None:
    threading.Thread(target=bus.serve, args=(welcome, answer), daemon=True).start()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer(name: str, order: str, bus: Bus) -> None:
    signature, sent, read = ANSWERS[name]
    bus.order = order
    serving(bus, lambda number: bus.message(2, number, signature, sent))
    assert system_bus.ask(*BUS, "Tell", "one", "") == [sent if read is None else read]
    assert system_bus.ask(*BUS, "Tell", "ü", "three") == [sent if read is None else read]
    assert bus.calls == [("Hello", []), ("Tell", ["one", ""]), ("Tell", ["ü", "three"])]


def test_an_answer_may_be_empty(bus: Bus) -> None:
    serving(bus, lambda number: b"l\2\0\1" + struct.pack("<III", 0, 1, 8) + b"\5\1u\0" + struct.pack("<I", number))
    assert system_bus.ask(*BUS, "Tell") == []


def test_signals_and_answers_to_others_are_passed_over(bus: Bus) -> None:
    serving(
        bus, lambda number: bus.message(4, 0, "s", "news") + bus.message(2, number - 1, "s", "old") + bus.message(2, number, "s", "new")
    )
    assert system_bus.ask(*BUS, "Tell") == ["new"]


def test_an_error_is_no_answer(bus: Bus) -> None:
    serving(bus, lambda number: bus.message(3, number, "s", "INVALID_ZONE: x"))
    with pytest.raises(system_bus.NotAnswered, match="INVALID_ZONE: x"):
        system_bus.ask(*BUS, "Tell")


@pytest.mark.parametrize(
    ("answer", "welcome"),
    [
        (b"", b"REJECTED EXTERNAL\r\n"),
        (b"no message of D-Bus", b"OK 0\r\n"),
        (b"l\2\0\1" + struct.pack("<III", 1 << 30, 1, 0), b"OK 0\r\n"),
        (b"l\2\0\1" + struct.pack("<III", 4, 1, 15) + b"\5\1u\0\2\0\0\0\x08\1g\0\1s\0\0" + b"\xff\0\0\0", b"OK 0\r\n"),
    ],
)
def test_nonsense_is_no_answer(answer: bytes, welcome: bytes, bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_bus, "TIMEOUT", 2)
    serving(bus, lambda _number: answer, welcome=welcome)
    with pytest.raises((system_bus.NotAnswered, HostError)):
        system_bus.ask(*BUS, "Tell")


def test_without_a_bus_there_is_no_answer(bus: Bus) -> None:
    os.unlink(system_bus.SOCKET)
    with pytest.raises(system_bus.NotAnswered):
        system_bus.ask(*BUS, "Tell")


def test_who_says_nothing_is_not_waited_for_twice(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_bus, "TIMEOUT", 0.2)
    serving(bus, lambda _number: b"")
    with pytest.raises(HostError, match=r"org\.freedesktop\.DBus did not answer Tell within 0\.2 s"):
        system_bus.ask(*BUS, "Tell")


def test_after_a_failure_the_next_question_connects_again(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    serving(bus, lambda _number: b"nonsense, and long enough for a head")
    with pytest.raises(system_bus.NotAnswered):
        system_bus.ask(*BUS, "Tell")
    monkeypatch.setattr(system_bus, "SOCKET", f"{system_bus.SOCKET}2")
    again = Bus(pathlib.Path(system_bus.SOCKET))
    serving(again, lambda number: again.message(2, number, "s", "well"))
    assert system_bus.ask(*BUS, "Tell") == ["well"]
