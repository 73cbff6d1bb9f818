# SPDX-License-Identifier: GPL-3.0-or-later
"""A test's own copy of an inventory, whose hosts it can take out and put in again."""

from __future__ import annotations

import pathlib
import re
import shutil
import typing as t

import yaml

from .driver import ROOT


def copy_of(name: str, directory: pathlib.Path) -> pathlib.Path:
    """A copy of inventories/<name> in this directory."""
    inventory = directory / name
    (inventory / "group_vars" / "all").mkdir(parents=True)
    shutil.copy(ROOT / "inventories" / name / "group_vars" / "all" / "cluster.yml", inventory / "group_vars" / "all")
    write_hosts(inventory)
    return inventory


def write_hosts(inventory: pathlib.Path, *, without: str = "", last: str = "") -> None:
    """The hosts of the inventory of this name, without one of them, or with one as the last of each group."""
    hosts = yaml.safe_load((ROOT / "inventories" / inventory.name / "hosts.yml").read_text(encoding="utf-8"))
    for part in (hosts["all"], *hosts["all"]["children"].values()):
        part["hosts"] = _expanded(part["hosts"])
        part["hosts"].pop(without, None)
        if last in part["hosts"]:
            part["hosts"][last] = part["hosts"].pop(last)
    (inventory / "hosts.yml").write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")


def _expanded(hosts: dict[str, t.Any]) -> dict[str, t.Any]:
    """Ranges such as name[1:3] written out."""
    written: dict[str, t.Any] = {}
    for name, variables in hosts.items():
        match = re.fullmatch(r"(.*)\[(\d+):(\d+)\](.*)", name)
        names = [f"{match[1]}{number}{match[4]}" for number in range(int(match[2]), int(match[3]) + 1)] if match else [name]
        written.update(dict.fromkeys(names, variables))
    return written
