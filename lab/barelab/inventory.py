# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the lab must know from an Ansible inventory folder: host names, addresses, groups and versions of programs.

The lab must start on a machine that has no Ansible yet, so it reads the files itself. It understands plain values only: an
address that is a template is refused, with a message.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import pathlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from barelab.errors import LabError

_NAME = re.compile(r"(?=.{1,64}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z")
_RANGE = re.compile(r"\[(\d+):(\d+)(?::(\d+))?\]")
_VERSION = re.compile(r"cluster_(\w+)_version")
_SUFFIXES = ("", ".yml", ".yaml", ".json")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Host:
    """A host as the inventory describes it."""

    name: str
    address: str
    groups: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inventory:
    """What the lab needs of an inventory."""

    folder: pathlib.Path
    hosts: tuple[Host, ...]
    # By program, where the inventory says: etcd -> 3.7.2 for ``cluster_etcd_version: 3.7.2``.
    versions: Mapping[str, str]

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The /24 that all hosts are in."""
        return ipaddress.IPv4Network(f"{self.hosts[0].address}/24", strict=False)

    @property
    def bridge_address(self) -> str:
        """The address of this machine in the lab's network."""
        return str(self.network.network_address + 1)


class _Loader(yaml.SafeLoader):
    """Takes an encrypted or otherwise tagged value for one that is not known here."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def load(folder: pathlib.Path) -> Inventory:
    """Read and check an inventory folder; raises LabError naming everything that is wrong."""
    folder = folder.resolve()
    source = folder / "hosts.yml"
    if not source.is_file():
        raise LabError(f"{folder} is not an inventory: it has no hosts.yml")
    groups, inline = parse(_read(source))
    if not inline:
        raise LabError(f"{source} names no hosts")
    if (folder / "group_vars/all.yml").exists():
        raise LabError(
            f"{folder}/group_vars/all.yml: move it to group_vars/all/; Ansible ignores it once the lab has written group_vars/all/lab.yml"
        )
    hosts = []
    problems = []
    for name, variables in inline.items():
        address = (variables | _folder_variables(folder / "host_vars", name)).get("ansible_host", name)
        problems += _host_problems(name, address)
        hosts.append(Host(name=name, address=str(address), groups=tuple(sorted(group for group, names in groups.items() if name in names))))
    if problems := problems or _network_problems(hosts):
        raise LabError(f"{source}: " + "; ".join(problems))
    return Inventory(folder=folder, hosts=tuple(hosts), versions=_versions(_folder_variables(folder / "group_vars", "all")))


def _versions(variables: Mapping[str, Any]) -> dict[str, str]:
    found = {match[1].replace("_", "-"): value for name, value in variables.items() if (match := _VERSION.fullmatch(str(name)))}
    return {program: str(value).removeprefix("v") for program, value in found.items() if value is not None}


def parse(document: Any) -> tuple[dict[str, set[str]], dict[str, dict[str, Any]]]:
    """Group name -> host names (those of child groups too), and host name -> variables written beside it."""
    groups: dict[str, set[str]] = {}
    hosts: dict[str, dict[str, Any]] = {}
    for name, content in _mapping(document, "hosts.yml").items():
        _parse_group(str(name), content, groups=groups, hosts=hosts)
    return groups, hosts


def _parse_group(name: str, content: Any, *, groups: dict[str, set[str]], hosts: dict[str, dict[str, Any]]) -> set[str]:
    content = _mapping(content, f"group {name}")
    members = groups.setdefault(name, set())
    for pattern, variables in _mapping(content.get("hosts"), f"hosts of group {name}").items():
        for host in expand(str(pattern)):
            members.add(host)
            hosts.setdefault(host, {}).update(_mapping(variables, f"host {host}"))
    for child, child_content in _mapping(content.get("children"), f"children of group {name}").items():
        members |= _parse_group(str(child), child_content, groups=groups, hosts=hosts)
    return members


def expand(pattern: str) -> Iterator[str]:
    """The host names of a pattern such as node[01:10].dev."""
    match = _RANGE.search(pattern)
    if match is None:
        yield pattern
        return
    first, last, step = match.groups()
    for number in range(int(first), int(last) + 1, int(step or 1)):
        yield from expand(f"{pattern[: match.start()]}{number:0{len(first)}}{pattern[match.end() :]}")


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise LabError(f"{where}: found {type(value).__name__}, wanted a mapping")
    return value


def _folder_variables(folder: pathlib.Path, name: str) -> dict[str, Any]:
    """Variables of group_vars/NAME or host_vars/NAME, a file or a folder of files, as Ansible finds them."""
    for suffix in _SUFFIXES:
        path = folder / f"{name}{suffix}"
        if path.is_dir() and not suffix:
            files = sorted(
                file for file in path.rglob("*") if file.is_file() and file.suffix in _SUFFIXES and not file.name.startswith(".")
            )
            return {key: value for file in files for key, value in _mapping(_read(file), str(file)).items()}
        if path.is_file():
            return dict(_mapping(_read(path), str(path)))
    return {}


def _read(path: pathlib.Path) -> Any:
    text = path.read_text(encoding="utf-8")
    if text.startswith("$ANSIBLE_VAULT"):
        return None
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise LabError(f"{path} is not YAML: {error}") from error


def _host_problems(name: str, address: object) -> list[str]:
    problems = []
    if not _NAME.match(name):
        problems.append(f"{name!r} cannot be the name of a machine")
    try:
        ipaddress.IPv4Address(str(address))
    except ValueError:
        problems.append(f"{name}: ansible_host is {address!r}, wanted an IPv4 address")
    return problems


def _network_problems(hosts: list[Host]) -> list[str]:
    """The hosts share one bridge, whose own address is the first of the network."""
    problems = []
    network = ipaddress.IPv4Network(f"{hosts[0].address}/24", strict=False)
    owner: dict[str, str] = {}
    for host in hosts:
        address = ipaddress.IPv4Address(host.address)
        if address not in network:
            problems.append(f"{host.name} ({address}) is outside {network}, the network of {hosts[0].name}: the lab has one /24")
        elif address in (network.network_address, network.network_address + 1, network.broadcast_address):
            problems.append(f"{host.name} cannot have {address}: it is the network's, the lab's own or the broadcast address")
        if host.address in owner:
            problems.append(f"{host.name} and {owner[host.address]} both have the address {address}")
        owner[host.address] = host.name
    return problems
