# SPDX-License-Identifier: GPL-3.0-or-later
"""A wrong description is refused with every fault by its path; a right one is completed and spread into items."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import DescriptionError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import description, unit_files

FILE = {"path": "/etc/a", "content": "x"}
RELEASE = {"name": "r", "version": "1", "url": "http://m/r", "sha256": "0", "install": [{"path": "/usr/local/bin/r"}]}

FAULTS: dict[str, tuple[dict[str, t.Any], str]] = {
    "no name": ({"files": []}, "name: missing"),
    "unknown key": ({"name": "x", "file": []}, "file: unknown; known are name, packages"),
    "unknown key of an item": ({"name": "x", "files": [{**FILE, "dest": "/b"}]}, "files[0].dest: unknown"),
    "not a list": ({"name": "x", "files": FILE}, "files: "),
    "no source": ({"name": "x", "files": [{"path": "/etc/a"}]}, "files[0]: has no source; give exactly one of template, content"),
    "two sources": ({"name": "x", "files": [{**FILE, "template": "t"}]}, "files[0]: has template and content; give exactly one"),
    "data as content": ({"name": "x", "files": [{"path": "/a", "content": {"b": 1}}]}, "files[0].content: is not a text but dict"),
    "relative path": ({"name": "x", "absent": ["etc/a"]}, "absent[0].path: 'etc/a' is not an absolute, normalised path"),
    "path with dots": ({"name": "x", "absent": ["/etc/../a"]}, "absent[0].path: '/etc/../a' is not an absolute, normalised path"),
    "path with a newline": ({"name": "x", "absent": ["/etc/a\nb"]}, "is not an absolute, normalised path"),
    "mode as a number": (
        {"name": "x", "directories": [{"path": "/a", "mode": 420}]},
        "directories[0].mode: 420 is not a mode; write it as quoted",
    ),
    "unit without a kind": (
        {"name": "x", "units": [{"name": "etcd"}]},
        "units[0].name: 'etcd' is not a unit; write it with its kind, such as etcd.service",
    ),
    "state of a unit": (
        {"name": "x", "units": [{"name": "a.service", "state": "up"}]},
        "units[0].state: 'up' is not one of started, stopped",
    ),
    "check without a subject": (
        {"name": "x", "units": [{"name": "a.service", "health": [{"deadline": 3}]}]},
        "units[0].health[0]: has no check; give exactly one of unit, socket",
    ),
    "check of two": ({"name": "x", "requires": [{"file": "/a", "tcp": "b:1"}]}, "requires[0]: has file and tcp; give exactly one"),
    "port is missing": ({"name": "x", "requires": [{"tcp": "b"}]}, "requires[0].tcp: 'b' has no port; write host:port"),
    "deadline": ({"name": "x", "requires": [{"file": "/a", "deadline": 0}]}, "requires[0].deadline: 0 is not a number of seconds above 0"),
    "one path twice": ({"name": "x", "files": [FILE, FILE]}, "/etc/a: wanted twice, by file /etc/a and by file /etc/a"),
    "absent without certificates": ({"name": "x", "absent": [{"path": "/a", "authority": "node"}]}, "absent[0]: give both authority and"),
    "absent without an authority": ({"name": "x", "absent": [{"path": "/a", "certificates": ["/a/b"]}]}, "absent[0]: give both authority"),
    "file and absent": ({"name": "x", "files": [FILE], "absent": ["/etc/a"]}, "/etc/a: wanted twice"),
    "unit file twice": (
        {
            "name": "x",
            "units": [{"name": "a.service", "content": "x"}],
            "files": [{"path": "/etc/systemd/system/a.service", "content": ""}],
        },
        "/etc/systemd/system/a.service: wanted twice",
    ),
    "no digest": ({"name": "x", "binaries": [{**RELEASE, "sha256": None}]}, "binaries[0]: give exactly one of sha256, checksum_url"),
    "selinux": ({"name": "x", "selinux": {"state": "on"}}, "selinux.state: 'on' is not one of enforcing, permissive"),
    "authority": ({"name": "x", "certificates": [{"authority": "me"}]}, "certificates[0].authority: 'me' is not one of kubernetes, etcd"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_fault(case: str) -> None:
    args, message = FAULTS[case]
    with pytest.raises(DescriptionError) as caught:
        description.parse_description(args)
    assert message in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(DescriptionError) as caught:
        description.parse_description({"name": "x", "absent": ["a", "b"], "rolling": "yes"})
    assert len(caught.value.faults) == 3


def test_short_forms_and_defaults() -> None:
    items = description.parse_description(
        {"name": "x", "packages": ["p", "docker-ce-3:29.8.0"], "directories": ["/d"], "users": ["u"], "swap": {"state": False}}
    ).items
    assert items["package"] == [{"name": "p", "version": None}, {"name": "docker-ce", "version": "3:29.8.0"}]
    assert items["directory"] == [{"path": "/d", "owner": "root", "group": "root", "mode": "0755"}]
    assert items["user"][0]["groups"] == []
    assert items["swap"] == [{"state": "off"}]
    assert items["selinux"] == []


def test_an_ignored_file_is_no_file_and_no_input() -> None:
    args = {"name": "x", "files": [{**FILE, "state": "ignored"}], "units": [{"name": "a.service"}]}
    items = description.parse_description(args).items
    assert items["file"] == []
    assert items["unit"][0]["inputs"] == []


def test_a_unit_brings_its_files_and_knows_its_inputs() -> None:
    args = {
        "name": "x",
        "files": [FILE, {"path": "/etc/r.repo", "content": "", "early": True}],
        "binaries": [RELEASE],
        "certificates": [{"name": "c", "authority": "etcd", "path": "/p/c.crt", "key": "/p/c.key", "common_name": "c"}],
        "units": [{"name": "a.service", "template": "a.j2", "drop_ins": [{"name": "b.conf", "content": ""}]}],
    }
    items = description.parse_description(args).items
    own = ["/etc/systemd/system/a.service", "/etc/systemd/system/a.service.d/b.conf"]
    unit = items["unit"][0]
    assert unit["inputs"] == ["/etc/a", "/p/c.crt", "/p/c.key", "/usr/local/bin/r", *own]
    stamp = "/etc/systemd/system/a.service.d/10-barehost.conf"
    assert unit["definition"] == [*own, stamp]
    by_path = {item["path"]: item for item in items["file"]}
    assert list(by_path) == ["/etc/a", *own, stamp, "/etc/barehost/inputs/a.service", unit_files.STAMP_HELPER]
    assert by_path["/etc/barehost/inputs/a.service"]["content"].splitlines() == unit["inputs"]
    assert f"ExecStartPre=-+{unit_files.STAMP_HELPER} a.service" in by_path[stamp]["content"]
    assert by_path[unit_files.STAMP_HELPER]["mode"] == "0755"
    assert [item["path"] for item in items["early_file"]] == ["/etc/r.repo"]


def test_a_unit_that_talks_to_the_cluster_gets_no_proxy_of_systemd() -> None:
    units = [{"name": "a.service", "direct": True}, {"name": "b.service"}]
    items = description.parse_description({"name": "x", "files": [FILE], "units": units}).items
    drop_ins = {item["path"].split("/")[4]: item["content"] for item in items["file"] if item["path"].endswith("10-barehost.conf")}
    (line,) = [line for line in drop_ins["a.service.d"].splitlines() if line.startswith("Environment=")]
    names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    assert line == "Environment=" + " ".join(f"{name}=" for name in names)
    assert "Environment=" not in drop_ins["b.service.d"]
    assert items["unit"][0]["inputs"] == ["/etc/a"], "a unit that runs is not restarted for it"


def test_an_input_that_a_reload_serves_is_no_reason_to_restart() -> None:
    unit = description.parse_description({"name": "x", "files": [FILE], "units": [{"name": "a.service", "reload_on": ["/etc/a"]}]}).items[
        "unit"
    ][0]
    assert unit["inputs"] == []
    assert not unit["stamped"]


@pytest.mark.parametrize(("name", "section"), [("a.service", "[Service]"), ("a.socket", "[Socket]"), ("a.timer", None)])
def test_the_stamp_is_in_the_section_of_the_unit_s_kind(name: str, section: str | None) -> None:
    items = description.parse_description({"name": "x", "files": [FILE], "units": [{"name": name}]}).items
    drop_ins = [item["content"] for item in items["file"] if item["path"].endswith("10-barehost.conf")]
    assert [section in text for text in drop_ins] == ([] if section is None else [True])
    assert items["unit"][0]["stamped"] is (section is not None)
