# SPDX-License-Identifier: GPL-3.0-or-later
"""A unit beside the service under test that cannot work without it: it stops first, and comes back."""

from __future__ import annotations

import base64
import collections.abc
import typing as t

import pytest

from . import test_component
from .engine import Engine
from .test_component import hello, word

# At its stop it notes what the service says. It is ready only where the service has come up with a word that it likes.
CLIENT = """\
[Service]
RuntimeDirectory=hello-client
ExecStart=/usr/bin/sleep infinity
ExecStartPost=/bin/sh -c 'until said=$$(curl -sf 127.0.0.1:8088/); do sleep 0.1; done; test $$said = bad || touch /run/hello-client/ready'
ExecStop=/bin/sh -c 'curl -sf http://127.0.0.1:8088/ > /run/hello-client.last'
"""
DEPENDENTS = [{"name": "hello-client.service", "health": [{"file": "/run/hello-client/ready", "deadline": 3}]}]
CLEAN = "systemctl stop hello-client.service; rm -f /run/hello-client.last /etc/systemd/system/hello-client.service"


@pytest.fixture(autouse=True)
def client(engine: Engine) -> collections.abc.Iterator[None]:
    encoded = base64.b64encode(CLIENT.encode()).decode()
    engine.component(beside())
    engine.on_host(f"echo {encoded} | base64 -d > /etc/systemd/system/hello-client.service && systemctl start hello-client.service")
    yield
    engine.on_host(CLEAN, check=False)
    engine.on_host(test_component.CLEAN, check=False)


def beside(said: str = "one", **settings: t.Any) -> dict[str, t.Any]:
    return hello(said, unit={"dependents": DEPENDENTS}, settings=settings)


def start_of_client(engine: Engine) -> str:
    return engine.on_host("systemctl show --property InvocationID --value hello-client.service")


def test_it_stops_while_the_service_still_answers_and_is_healthy_again(engine: Engine) -> None:
    before = start_of_client(engine)
    foretold = engine.component(beside("two"), "--check")
    changed = engine.component(beside("two"))
    assert changed.done == foretold.done == [("file", "write", "/etc/hello.json"), ("unit", "restart", "hello.service")]
    assert engine.on_host("cat /run/hello-client.last") == "one"
    assert engine.on_host("ls /run/hello-client") == "ready"
    assert start_of_client(engine) not in ("", before)
    assert engine.component(beside("two")).result["changed"] is False


def test_one_that_does_not_work_is_left_alone(engine: Engine) -> None:
    engine.on_host("rm /run/hello-client/ready")
    before = start_of_client(engine)
    engine.component(beside("two"))
    assert start_of_client(engine) == before
    engine.on_host("systemctl stop hello-client.service")
    engine.component(beside("three"))
    assert engine.on_host("systemctl is-active hello-client.service", check=False) == "inactive"


def test_one_that_does_not_come_back_is_told_of_and_what_is_healthy_stays(engine: Engine) -> None:
    failed = engine.component(beside("bad"), fails=True)
    assert "hello-client.service was stopped while hello.service restarted, and is not healthy again: file /run/hello" in failed.message
    assert "hello.service is healthy and keeps its new version" in failed.message
    assert word(engine) == "bad"


def test_it_is_started_again_where_the_service_does_not_start(engine: Engine) -> None:
    broken = beside("two")
    broken["files"][1] = {"path": "/etc/hello.json", "content": "not json"}
    assert "was put back and runs again" in engine.component(broken, fails=True).message
    assert engine.on_host("systemctl is-active hello-client.service") == "active"
