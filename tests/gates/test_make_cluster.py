# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/make_cluster.py: what it refuses, what it keeps and what it announces, without hosts."""

from __future__ import annotations

import importlib.util
import pathlib
import types

import pytest

from .command import ROOT

WANTED = {"a.dev": "192.168.200.100", "b.dev": "192.168.200.101"}


@pytest.fixture(scope="module")
def tool() -> types.ModuleType:
    specification = importlib.util.spec_from_file_location("make_cluster", ROOT / "tools" / "make_cluster.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def the_unnamed_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BAREHOST_LAB", raising=False)


def lab(tool: types.ModuleType, inventory: pathlib.Path, **states: str) -> object:
    return tool.Lab(str(inventory), {name: (address, states.get(name[0], "running")) for name, address in WANTED.items()})


# ---------------------------------------------------------------- one clear error for each mistake


def test_an_unknown_kind_of_lab(tool: types.ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["up", "inventories/lab", "docker"]) == 1
    assert capsys.readouterr().err == (
        "ERROR: LAB=docker is not known. Choose LAB=nspawn (hosts on this machine), LAB=guests (such with a kernel of their own), "
        "LAB=guests-core (without the modules of kernel-modules-extra) or LAB=vagrant (virtual machines).\n"
    )


def test_an_inventory_that_is_not_there(tool: types.ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["up", "inventories/lap", "nspawn"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"ERROR: INVENTORY=inventories/lap is not an inventory: {ROOT}/inventories/lap/hosts.yml does not exist.")
    assert "inventories/lab" in error and "inventories/two-node" in error and error.count("\n") == 1


def test_not_root(tool: types.ModuleType) -> None:
    tool.check_user("cluster", 0)
    with pytest.raises(tool.Problem, match=r"only root can .* sudo -E make cluster. .* make cluster LAB=vagrant"):
        tool.check_user("cluster", 1000)


def test_no_go(tool: types.ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(tool.Problem, match=r"Go is not installed or not in PATH.*install Go 1\.26"):
        tool.check_go()
    (tmp_path / "go").write_text("#!/bin/sh\n", encoding="ascii")
    (tmp_path / "go").chmod(0o755)
    tool.check_go()


def test_a_command_that_fails(tool: types.ModuleType) -> None:
    with pytest.raises(tool.Problem, match=r"^false failed \(exit status 1\); the reason is above\. Do this\.$"):
        tool.run("false", advice="Do this.")


# ---------------------------------------------------------------- hosts that are up


def test_no_lab(tool: types.ModuleType, tmp_path: pathlib.Path) -> None:
    assert tool.keeps_hosts(tool.Lab("", {}), tmp_path, WANTED, finished=False) is False


def test_hosts_of_the_inventory_are_kept(tool: types.ModuleType, tmp_path: pathlib.Path) -> None:
    assert tool.keeps_hosts(lab(tool, tmp_path), tmp_path, WANTED, finished=True) is True
    assert tool.keeps_hosts(lab(tool, tmp_path, b="stopped"), tmp_path, WANTED, finished=True) is True


def test_hosts_of_another_kind_stay(tool: types.ModuleType, tmp_path: pathlib.Path) -> None:
    with pytest.raises(tool.Problem, match=r"are up as LAB=nspawn, wanted is LAB=guests\. .*\n    make down INVENTORY="):
        tool.keeps_hosts(lab(tool, tmp_path), tmp_path, WANTED, finished=True, driver="guests")


def test_hosts_that_a_killed_run_left_are_created_again(
    tool: types.ModuleType, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.keeps_hosts(lab(tool, tmp_path, b="stopped"), tmp_path, WANTED, finished=False) is False
    assert "was interrupted while it created the hosts" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "prefix"), [("", ""), ("two", "BAREHOST_LAB=two ")])
def test_hosts_of_another_checkout_stay(
    tool: types.ModuleType, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, name: str, prefix: str
) -> None:
    monkeypatch.setenv("BAREHOST_LAB", name)
    with pytest.raises(tool.Problem) as raised:
        tool.keeps_hosts(lab(tool, tmp_path / "other checkout"), tmp_path, WANTED, finished=True)
    lines = str(raised.value).splitlines()
    assert lines[0].startswith(f"The hosts of {tmp_path}/other checkout are up")
    assert lines[1] == f"    {prefix}make down INVENTORY='{tmp_path}/other checkout'"
    assert lines[3] == "    export BAREHOST_LAB=second"


@pytest.mark.parametrize("changed", [{"a.dev": "192.168.200.100"}, {**WANTED, "b.dev": "192.168.200.7"}])
def test_an_inventory_that_was_changed(tool: types.ModuleType, tmp_path: pathlib.Path, changed: dict[str, str]) -> None:
    with pytest.raises(tool.Problem, match=r"was changed since its hosts were created: b\.dev\."):
        tool.keeps_hosts(lab(tool, tmp_path), tmp_path, changed, finished=True)


def test_down_removes_what_this_checkout_created(tool: types.ModuleType, tmp_path: pathlib.Path) -> None:
    given = ROOT / "inventories" / "lab"
    tool.check_owner(tool.Lab("", {}), given)
    tool.check_owner(lab(tool, ROOT / "inventories" / "ha"), given)
    tool.check_owner(lab(tool, tmp_path / "removed since"), given)
    tool.check_owner(lab(tool, tmp_path), tmp_path)
    with pytest.raises(tool.Problem, match=f"belong to {tmp_path}, which is not in this checkout.*\n    make down INVENTORY={tmp_path}"):
        tool.check_owner(lab(tool, tmp_path), given)


# ---------------------------------------------------------------- what it announces


def test_the_announcement(tool: types.ModuleType) -> None:
    assert tool.announcement("inventories/lab", 4, tool.KEEP, converged=True, cores=8).splitlines() == [
        "Cluster of inventories/lab, 4 hosts. Times are for 4 hosts and 2 idle cores; this machine has 8.",
        "    Hosts      no time       they are up and stay as they are",
        "    Cluster    about 10 s    playbooks/site.yml",
        "    Guestbook  about 5 s     playbooks/guestbook.yml",
        "    Health     about 5 s     playbooks/health.yml",
    ]


def test_the_first_time_is_told_from_the_cache(tool: types.ModuleType, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = tool.cache_folder()
    assert not tool.is_filled(cache)
    for part in ("base-tree", "programs", "images"):
        (cache / part).mkdir(parents=True)
        assert not tool.is_filled(cache)
    for part in ("base-tree", "programs", "images"):
        (cache / part / "one").mkdir()
    assert tool.is_filled(cache)
