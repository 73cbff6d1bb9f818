# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a mirror."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import request as requests
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.request import Registry, request


def faults(given: dict[str, t.Any], **more: t.Any) -> str:
    with pytest.raises(ComponentError) as caught:
        request(given, **more)
    return str(caught.value)


def test_defaults(tmp_path: pathlib.Path) -> None:
    found = request({"directory": f"{tmp_path}/new", **dict.fromkeys(requests.OPTIONS[1:])})
    assert found == requests.Request(requests.COLLECT, tmp_path / "new")
    assert found.images == Registry("registry.k8s.io")


def test_all_options(tmp_path: pathlib.Path) -> None:
    (tmp_path / "auth.json").write_text("{}")
    found = request(
        {
            "directory": str(tmp_path),
            "architectures": "arm64, amd64,arm64",
            "source": "https://mirror.example.org/k8s/",
            "image_source": "http://registry.example.org:5000/k8s",
            "authfile": str(tmp_path / "auth.json"),
            "prune": "true",
            "manifest_sha256": "A" * 64,
        }
    )
    assert (found.architectures, found.source) == (("arm64", "amd64"), "https://mirror.example.org/k8s")
    assert found.images == Registry("registry.example.org:5000/k8s", tls=False)
    assert (found.authfile, found.prune, found.manifest_sha256) == (tmp_path / "auth.json", True, "a" * 64)


def test_the_three_steps(tmp_path: pathlib.Path) -> None:
    where = {"directory": str(tmp_path)}
    assert request({**where, "verify": "true"}).step == requests.VERIFY
    pushed = request({**where, "registry": "registry.example.org:5000"})
    assert (pushed.step, pushed.images) == (requests.PUSH, Registry("registry.example.org:5000"))
    assert request({**where, "verify": "false"}).step == requests.COLLECT
    assert "so leave one" in faults({**where, "verify": True, "registry": "r.example.org"})
    assert "prune has an effect where files are collected" in faults({**where, "verify": True, "prune": True})


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("directory", None, "mirror_directory is not given: -e mirror_directory=/srv/mirror"),
        ("directory", "/nowhere/at/all", "there is no directory /nowhere/at"),
        ("directory", "/etc/hostname", "which is no directory"),
        ("architectures", "x86_64", "wanted some of amd64 and arm64: -e mirror_architectures=amd64,arm64"),
        ("architectures", "", "wanted some of amd64 and arm64"),
        ("architectures", 5, "wanted some of amd64 and arm64"),
        ("source", "mirror.example.org", "mirror_source is not an http or https address"),
        ("source", ["a"], "mirror_source is not an http or https address"),
        ("image_source", "https://registry.example.org", "wanted host, port and path of a registry"),
        ("registry", "Registry.example.org/", "wanted host, port and path of a registry"),
        ("authfile", "/nowhere.json", "which is no file that can be read"),
        ("prune", "perhaps", "wanted true or false: -e mirror_prune=true"),
        ("verify", "perhaps", "wanted true or false: -e mirror_verify=true"),
        ("manifest_sha256", "abc", "wanted the 64 digits"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_write(tmp_path: pathlib.Path, option: str, value: t.Any, told: str) -> None:
    assert told in faults({"directory": str(tmp_path), option: value})


def test_a_password_is_not_shown(tmp_path: pathlib.Path) -> None:
    assert "word" not in faults({"directory": str(tmp_path), "source": "https://me:word@mirror.example.org"})


def test_all_faults_are_one_error(tmp_path: pathlib.Path) -> None:
    told = faults({"source": "x", "prune": "x"}, variables=["mirror_sources", "cluster_mirror"])
    for part in ("did you mean mirror_source?", "mirror_directory is not given", "mirror_source is", "mirror_prune is"):
        assert part in told


def test_a_directory_in_the_inventory_is_refused(tmp_path: pathlib.Path) -> None:
    """Ansible would read every file of it."""
    assert "in the folder of the inventory" in faults({"directory": str(tmp_path / "mirror")}, inventory=str(tmp_path))


def test_what_is_compared_must_be_there(tmp_path: pathlib.Path) -> None:
    assert "there is no such directory" in faults({"directory": str(tmp_path / "new"), "verify": True})
