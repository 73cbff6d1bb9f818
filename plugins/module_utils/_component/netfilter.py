# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads network state of the kernel: interfaces, tables of nftables, chains and rules of iptables."""

from __future__ import annotations

import socket
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run

# The programs of iptables, and the family that nftables has their tables in
FAMILIES = {"iptables": "ip", "ip6tables": "ip6"}


class Table(t.NamedTuple):
    """A table of iptables: the policy of each chain ("-" for one that is not the kernel's), and the rules as they would be appended."""

    policies: dict[str, str]
    rules: list[str]


def interfaces() -> list[str]:
    return [name for _number, name in socket.if_nameindex()]


def tables(program: str) -> dict[str, Table]:
    """None where the program is not installed."""
    found: dict[str, Table] = {}
    table = Table({}, [])
    for line in run([f"{program}-save"]).output.splitlines():
        if line.startswith("*"):
            table = found[line[1:]] = Table({}, [])
        elif line.startswith(":"):
            name, policy = line[1:].split()[:2]
            table.policies[name] = policy
        elif line.startswith("-A"):
            table.rules.append(line)
    return found


def chains() -> list[str]:
    """As "program table chain"."""
    return [f"{program} {name} {chain}" for program in FAMILIES for name, table in tables(program).items() for chain in table.policies]
