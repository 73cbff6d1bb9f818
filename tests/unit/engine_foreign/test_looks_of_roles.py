# SPDX-License-Identifier: GPL-3.0-or-later
"""EL findings 8, 9, 16, 18 and 21: what the looks of roles find on a host, with files and answers of rpm as on EL."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import foreign, packages
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import commands, ours
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import component_table, foreign_looks


@pytest.fixture
def root(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(foreign, "ROOT", str(tmp_path))
    monkeypatch.setattr(ours, "INPUTS_DIRECTORY", str(tmp_path / "inputs"))
    return tmp_path


def put(root: pathlib.Path, path: str, text: str) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def names(looks: list[dict[str, t.Any]]) -> list[tuple[str, bool]]:
    """(name, whether it is refused) of everything found."""
    (state,) = foreign.collect([{"looks": looks}])
    return [(finding["name"], not finding.get("harmless")) for findings in state["findings"] for finding in findings]


def role_looks(role: str, name: str) -> list[dict[str, t.Any]]:
    """The looks that a role describes, with what they look for as text."""
    path = pathlib.Path(__file__).parents[3] / f"roles/{role}/vars/main.yml"
    return t.cast(list[dict[str, t.Any]], yaml.safe_load(path.read_text(encoding="utf-8"))[name])


@pytest.mark.parametrize(
    ("look", "path", "text", "found"),
    [
        ("docker", "/etc/dnf/vars/releasever", "9.4\n", True),
        ("docker", "/etc/yum/vars/releasever", "10.0", True),
        ("docker", "/etc/dnf/vars/releasever", "9\n", False),
        ("docker", "/etc/dnf/dnf.conf", "[main]\nreleasever=9.2\nbest=True\n", True),
        ("docker", "/etc/dnf/dnf.conf", "[main]\n# releasever=9.2\ninstallonly_limit=3\n", False),
        ("host", "/etc/cloud/cloud.cfg.d/99_openstack.cfg", "users: []\nmanage_etc_hosts: true\n", True),
        ("host", "/var/lib/cloud/instance/cloud-config.txt", '#cloud-config\nmanage_etc_hosts : "template"\n', True),
        ("host", "/etc/cloud/cloud.cfg", "# manage_etc_hosts: true\nmanage_etc_hosts: localhost\n", False),
        ("firewalld", "/etc/firewalld/firewalld.conf", "DefaultZone=public\nStrictForwardPorts=Yes\n", True),
        ("firewalld", "/etc/firewalld/firewalld.conf", "# StrictForwardPorts=yes\nStrictForwardPorts=no\n", False),
        ("firewalld", "/etc/firewalld/direct.xml", '<direct>\n  <rule priority="0" table="filter">-j ACCEPT</rule>\n</direct>\n', True),
        ("firewalld", "/etc/firewalld/direct.xml", '<?xml version="1.0"?>\n<direct>\n</direct>\n', False),
    ],
)
def test_el_lines_of_others_are_found(root: pathlib.Path, look: str, path: str, text: str, *, found: bool) -> None:
    """EL findings 9, 16, 18 and 21, with lines as EL's files have them."""
    put(root, path, text)
    looks = {
        "docker": lambda: role_looks("docker", "__docker_looks_of_releases"),
        "host": lambda: role_looks("host", "__host_names_of_others"),
        "firewalld": lambda: [one for one in foreign_looks.of_host(NODE, "one") if "line" in one],
    }[look]()
    assert names([{**one, "of": []} for one in looks]) == ([(path, look == "docker")] if found else [])


NODE: dict[str, t.Any] = {
    "nodes": {"one": {"roles": ["minion"]}},
    "node_hosts": ["one"],
    "api": {"proxies": []},
    "components": {name: part.as_dict() for name, part in component_table.components().items()},
}


def test_el8_packages_that_conflict_with_dockers_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """rpm's answer on a host with Podman and its docker, an older runc, and a containerd.io, which provides containerd and runc."""
    asked: list[list[str]] = []

    def rpm(argv: list[str], **_options: t.Any) -> commands.Completed:
        asked.append(argv)
        lines = [
            "podman-docker\t6:5.4.0-1.el10",
            "runc\t4:1.2.5-1.el10",
            "containerd.io\t0:2.1.5-1.el10",
            "no package provides moby-engine",
        ]
        return commands.Completed(4, "".join(f"{line}\n" for line in lines), "")

    monkeypatch.setattr(packages, "run", rpm)
    (look,) = role_looks("docker", "__docker_looks_of_packages")
    (state,) = foreign.collect([{"looks": [{**look, "of": []}]}])
    found = state["findings"][0]
    assert [finding["name"] for finding in found] == ["podman-docker", "runc"]
    assert "conflicts with docker-ce" in found[0]["found"]
    assert len(asked) == 1 and "podman-docker" in asked[0]
