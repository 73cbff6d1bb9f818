# SPDX-License-Identifier: GPL-3.0-or-later
"""One service on one host: made, left alone, restarted with a reason, brought back when it fails."""

from __future__ import annotations

import collections.abc
import json
import pathlib
import re
import typing as t

import pytest

from .engine import Engine

SERVER = (pathlib.Path(__file__).parent / "hello.py").read_text(encoding="utf-8")
UNIT = """\
[Unit]
Description=hello
[Service]
ExecStart=/usr/bin/python3 /opt/hello/hello.py
ExecReload=/bin/kill -HUP $MAINPID
[Install]
WantedBy=multi-user.target
"""
STAMP = "/usr/local/libexec/barehost/stamp"
DROP_IN = "/etc/systemd/system/hello.service.d/10-barehost.conf"
INPUTS = "/etc/barehost/inputs/hello.service"


CLEAN = """
systemctl disable --now hello.service
systemctl unmask hello.service
systemctl reset-failed hello.service
rm -rf /etc/systemd/system/hello.service* /etc/hello* /opt/hello /etc/barehost /run/barehost /usr/local/libexec/barehost
systemctl daemon-reload
"""


@pytest.fixture(autouse=True)
def nothing_left(engine: Engine) -> collections.abc.Iterator[None]:
    """Each test starts without the service under test."""
    yield
    engine.on_host(CLEAN, check=False)


def hello(word: str = "one", *, unit: dict[str, t.Any] | None = None, settings: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
    """The description of the service; everything in it is small, so that a run takes two seconds."""
    return {
        "name": "hello",
        "directories": ["/opt/hello"],
        "files": [
            {"path": "/opt/hello/hello.py", "content": SERVER},
            {"path": "/etc/hello.json", "json": {"word": word, **(settings or {})}},
        ],
        "units": [
            {
                "name": "hello.service",
                "content": UNIT,
                "health": [{"http": "http://127.0.0.1:8088/", "deadline": 5}],
                **(unit or {}),
            }
        ],
    }


def word(engine: Engine) -> str:
    return engine.on_host("python3 -c 'import urllib.request as r; print(r.urlopen(\"http://127.0.0.1:8088/\").read().decode())'")


def start_time(engine: Engine) -> str:
    return engine.on_host("systemctl show --property InvocationID --value hello.service")


def test_check_mode_foretells_the_first_run_and_the_second_does_nothing(engine: Engine) -> None:
    foretold = engine.component(hello(), "--check", "--diff")
    assert engine.on_host("ls /opt/hello /etc/hello.json /run/barehost 2>/dev/null", check=False) == ""
    first = engine.component(hello())
    assert first.done == foretold.done
    assert first.done == [
        ("directory", "create", "/opt/hello"),
        ("file", "write", "/opt/hello/hello.py"),
        ("file", "write", "/etc/hello.json"),
        ("file", "write", "/etc/systemd/system/hello.service"),
        ("file", "write", DROP_IN),
        ("file", "write", INPUTS),
        ("file", "write", STAMP),
        ("unit", "daemon-reload", "hello.service"),
        ("unit", "enable", "hello.service"),
        ("unit", "start", "hello.service"),
    ]
    assert word(engine) == "one"
    assert engine.on_host("systemctl is-enabled hello.service") == "enabled"
    second = engine.component(hello())
    assert (second.result["changed"], second.done) == (False, [])
    assert second.result["units"] == first.result["units"]


def test_a_run_without_changes_is_one_remote_call(engine: Engine) -> None:
    engine.component(hello())
    again = engine.component(hello(), "-vvv")
    assert again.result["changed"] is False
    calls = [line for line in again.output.splitlines() if "SSH: EXEC" in line]
    assert len(calls) == 1, calls


def test_a_changed_file_restarts_with_a_reason(engine: Engine) -> None:
    engine.component(hello())
    changed = engine.component(hello("two"), "--diff")
    assert changed.done == [("file", "write", "/etc/hello.json"), ("unit", "restart", "hello.service")]
    assert changed.result["restarted"] == ["hello.service: /etc/hello.json is changed"]
    assert '-  "word": "one"' in changed.output
    assert '+  "word": "two"' in changed.output
    assert word(engine) == "two"


def test_a_restart_that_a_killed_run_owes_is_done_by_the_next(engine: Engine) -> None:
    engine.component(hello())
    engine.on_host("sed -i s/one/two/ /etc/hello.json")
    resumed = engine.component(hello("two"))
    assert resumed.result["restarted"] == ["hello.service: /etc/hello.json changed since it was started"]
    assert word(engine) == "two"


def test_a_health_that_was_not_seen_is_looked_at_by_the_next_run(engine: Engine) -> None:
    assert "not healthy: http" in engine.component(hello(settings={"ill": True}), fails=True).message
    assert engine.component(hello(settings={"ill": True}), "--check").done == [("unit", "verify", "hello.service")]
    assert "status 503: one" in engine.component(hello(settings={"ill": True}), fails=True).message
    engine.on_host("sed -i 's/true/false/' /etc/hello.json && systemctl reload hello.service")
    mended = engine.component(hello(settings={"ill": False}))
    assert mended.done == [("unit", "restart", "hello.service")]
    assert engine.component(hello(settings={"ill": False})).result["changed"] is False


def test_a_restart_by_hand_counts(engine: Engine) -> None:
    engine.component(hello())
    engine.on_host("sed -i s/one/two/ /etc/hello.json && systemctl restart hello.service")
    assert engine.component(hello("two")).result["changed"] is False


def test_a_changed_unit_is_read_again_and_restarted(engine: Engine) -> None:
    engine.component(hello())
    changed = engine.component(hello(unit={"drop_ins": [{"name": "20-x.conf", "content": "[Service]\nEnvironment=X=1\n"}]}))
    assert [operation for kind, operation, _path in changed.done if kind == "unit"] == ["daemon-reload", "restart"]
    assert engine.on_host("systemctl show --property Environment --value hello.service") == "X=1"


def test_an_adopted_unit_is_restarted_once(engine: Engine) -> None:
    engine.on_host("mkdir -p /opt/hello")
    for path, content in (("/opt/hello/hello.py", SERVER), ("/etc/hello.json", json.dumps({"word": "one"}, indent=2) + "\n")):
        engine.component({"name": "before", "files": [{"path": path, "content": content}]})
    engine.component({"name": "before", "files": [{"path": "/etc/systemd/system/hello.service", "content": UNIT}]})
    engine.on_host("systemctl daemon-reload && systemctl enable --now hello.service")
    assert engine.component(hello()).result["restarted"] == ["hello.service: it is not known what it was started with"]
    assert engine.component(hello()).result["changed"] is False


def test_a_stopped_disabled_or_masked_unit_is_brought_up(engine: Engine) -> None:
    engine.component(hello())
    engine.on_host("systemctl disable --now hello.service")
    mended = engine.component(hello())
    assert [operation for _kind, operation, _path in mended.done] == ["enable", "start"]
    engine.on_host("systemctl kill --signal KILL hello.service; sleep 0.5; systemctl is-failed hello.service")
    mended = engine.component(hello())
    assert [operation for _kind, operation, _path in mended.done] == ["reset-failed", "start"]
    stopped = engine.component(hello(unit={"state": "stopped"}))
    assert ("unit", "stop", "hello.service") in stopped.done
    assert ("unit", "disable", "hello.service") in stopped.done
    assert engine.component(hello(unit={"state": "stopped"})).result["changed"] is False


def test_a_reload_is_enough_where_the_unit_says_so(engine: Engine) -> None:
    unit = {"reload_on": ["/etc/hello.json"]}
    engine.component(hello(unit=unit))
    invocation = start_time(engine)
    changed = engine.component(hello("two", unit=unit))
    assert changed.done == [("file", "write", "/etc/hello.json"), ("unit", "reload", "hello.service")]
    assert (word(engine), start_time(engine)) == ("two", invocation)
    assert engine.component(hello("two", unit=unit)).result["changed"] is False
    engine.on_host("sleep 0.1; touch /etc/hello.json")
    owed = engine.component(hello("two", unit=unit))
    assert [action["reason"] for action in owed.result["actions"]] == ["/etc/hello.json changed since it read its configuration"]
    assert engine.component(hello("two", unit=unit)).result["changed"] is False


def test_an_ill_restart_brings_the_old_version_back(engine: Engine) -> None:
    engine.component(hello())
    failed = engine.component(hello("two", settings={"ill": True}), fails=True)
    assert "hello.service was started but is not healthy" in failed.message
    assert "status 503: two" in failed.message
    assert "The previous version of hello.service was put back and runs again (/etc/hello.json)" in failed.message
    assert word(engine) == "one"
    assert engine.component(hello()).result["changed"] is False


def test_a_file_that_only_the_old_version_needs_comes_back_with_it(engine: Engine) -> None:
    extra = "/etc/hello-extra"
    before = hello(unit={"content": UNIT.replace("ExecStart=", f"ExecStartPre=/usr/bin/test -e {extra}\nExecStart=")})
    before["files"].append({"path": extra, "content": "needed"})
    engine.component(before)
    failed = engine.component({**hello("two", settings={"ill": True}), "absent": [extra]}, fails=True)
    assert "The previous version of hello.service was put back and runs again" in failed.message
    assert engine.on_host(f"cat {extra}") == "needed"
    assert word(engine) == "one"
    assert engine.component(before).result["changed"] is False


def test_a_start_that_fails_shows_what_the_unit_said_but_no_key(engine: Engine) -> None:
    engine.component(hello())
    broken = hello("two")
    broken["files"][1] = {"path": "/etc/hello.json", "content": "not json"}
    failed = engine.component(broken, fails=True)
    assert "JSONDecodeError" in failed.message
    assert "PRIVATE KEY" not in failed.output
    assert "(a line that may hold a secret is left out)" in failed.message
    assert "was put back and runs again" in failed.message
    assert word(engine) == "one"


def test_a_unit_that_exits_at_once_was_not_started(engine: Engine) -> None:
    unit = {"content": UNIT.replace("hello.py", "none.py").replace("[Install]", "Restart=always\n[Install]"), "health": []}
    failed = engine.component(hello(unit=unit), fails=True)
    # it did not stay up, or systemd has given up on it before anybody looked
    assert re.search(r"hello\.service was started but (did not stay up|is not healthy: unit hello\.service)", failed.message), (
        failed.message
    )
    assert "none.py" in failed.message


def test_a_requirement_that_does_not_hold_leaves_the_unit_alone(engine: Engine) -> None:
    engine.component(hello())
    invocation = start_time(engine)
    wanted = {**hello("two"), "requires": [{"file": "/run/never", "deadline": 0.5, "message": "never is not there"}]}
    assert "never is not there (waited" in engine.component(wanted, fails=True).message
    assert start_time(engine) == invocation
    assert engine.component(hello("two")).result["restarted"]


def test_secrets_are_shown_nowhere(engine: Engine) -> None:
    secret = "correct-horse-battery"
    file = {"path": "/etc/hello.secret", "content": f"{secret}\n", "secret": True}
    description = {"name": "secret", "files": [file]}
    for flags in (("--check", "--diff", "-vvvv"), ("--diff", "-vvvv"), ("--diff", "-vvvv")):
        outcome = engine.component(description, *flags)
        assert secret not in outcome.output
        assert secret not in json.dumps(outcome.result)
    assert engine.on_host("stat -c '%a %U' /etc/hello.secret; cat /etc/hello.secret") == f"600 root\n{secret}"
    changed = engine.component({**description, "files": [{**file, "content": "other\n"}]}, "--diff", "-vvvv")
    assert changed.done == [("file", "write", "/etc/hello.secret")]
    assert secret not in changed.output
    assert "secret content, not shown" in changed.output


def test_users_groups_and_their_directories(engine: Engine) -> None:
    description = {
        "name": "user",
        "groups": [{"name": "hello", "system": True}],
        "users": [{"name": "hello", "group": "hello", "system": True, "home": "/opt/hello", "shell": "/usr/sbin/nologin"}],
        "directories": [{"path": "/opt/hello", "owner": "hello", "group": "hello", "mode": "0700"}],
    }
    engine.component(description)
    assert (
        engine.on_host("stat -c '%U %G %a' /opt/hello; getent passwd hello | cut -d: -f6,7")
        == "hello hello 700\n/opt/hello:/usr/sbin/nologin"
    )
    assert engine.component(description).result["changed"] is False
    engine.on_host("usermod -s /bin/sh hello; chmod 755 /opt/hello")
    mended = engine.component(description)
    assert mended.done == [("user", "modify", "hello"), ("directory", "set-attributes", "/opt/hello")]
    engine.on_host("userdel hello; groupdel hello 2>/dev/null; true")


def test_packages_come_from_the_repository(engine: Engine) -> None:
    description = {"name": "packages", "packages": ["chrony"]}
    foretold = engine.component(description, "--check")
    assert foretold.done == [("package", "install", "chrony")]
    assert engine.component(description).done == foretold.done
    assert engine.on_host("rpm -q --qf '%{NAME}' chrony") == "chrony"
    assert engine.component(description).result["changed"] is False
    missing = engine.component({"name": "packages", "packages": ["no-such-package-x"]}, fails=True)
    assert "no-such-package-x" in missing.message


def test_the_running_kernel(engine: Engine) -> None:
    engine.on_host("sysctl -w net.ipv4.conf.lo.rp_filter=0")
    description = {"name": "kernel", "sysctls": [{"name": "net.ipv4.conf.lo.rp_filter", "value": "2"}], "swap": {"state": "off"}}
    assert engine.component(description).done == [("sysctl", "set", "net.ipv4.conf.lo.rp_filter")]
    assert engine.on_host("sysctl -n net.ipv4.conf.lo.rp_filter") == "2"
    assert engine.component(description).result["changed"] is False
    missing = engine.component({"name": "kernel", "kernel_modules": ["no_such_module_x"]}, fails=True)
    assert "no_such_module_x cannot be loaded" in missing.message


def test_modules_that_the_kernel_lacks_are_refused_before_anything_changes(engine: Engine) -> None:
    """The lab's kernel comes from outside, so a list of its modules is put there. Without one, nothing is known of its modules."""
    at_hand = {"name": "kernel", "kernel_modules": [{"name": "no_such_module_x", "load": False}]}
    denied = {"name": "kernel", "kernel_modules": [{"name": "overlay"}]}
    assert engine.component(at_hand).done == []
    engine.on_host("mkdir -p /etc/modprobe.d /lib/modules/$(uname -r); echo blacklist overlay >/etc/modprobe.d/cis.conf")
    engine.on_host("echo kernel/overlay.ko.xz: >/lib/modules/$(uname -r)/modules.dep")
    try:
        assert "no_such_module_x cannot be loaded" in engine.component(at_hand, "--check", fails=True).message
        assert "/etc/modprobe.d/cis.conf keeps the kernel module overlay" in engine.component(denied, "--check", fails=True).message
    finally:
        engine.on_host("rm -r /lib/modules/$(uname -r) /etc/modprobe.d/cis.conf")
    assert engine.component(denied).done == []


def test_programs_are_trusted_where_fapolicyd_is(engine: Engine) -> None:
    description = {"name": "trusted", "files": [{"path": "/usr/local/libexec/trusted", "content": "#!/bin/sh\n", "mode": "0755"}]}
    engine.on_host("mkdir -p /etc/fapolicyd/trust.d")
    try:
        foretold = engine.component(description, "--check").done
        assert ("trusted_programs", "trust", "/usr/local/libexec/trusted") in foretold
        assert engine.component(description).done == foretold
        assert engine.component(description).done == []
        line = engine.on_host("p=/usr/local/libexec/trusted; echo $p $(stat -c %s $p) $(sha256sum <$p | cut -d' ' -f1)")
        assert engine.on_host("cat /etc/fapolicyd/trust.d/barehost").splitlines().count(line) == 1
    finally:
        engine.on_host("rm -rf /etc/fapolicyd /usr/local/libexec/trusted")


def test_a_unit_that_nobody_brings_is_refused_before_anything_changes(engine: Engine) -> None:
    description = {"name": "unknown", "units": [{"name": "no-such.service"}]}
    assert "no-such.service: the host has no such unit" in engine.component(description, fails=True).message
