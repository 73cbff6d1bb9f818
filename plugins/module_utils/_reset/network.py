# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undoes what the cluster's programs did to the network: interfaces, tables of nftables, chains and rules of iptables.

Chains are told by the beginning of their names. Rules that go with them are those that jump to one, and those of an interface
that is removed; a table of iptables that has nothing left in it goes too, since before the cluster's programs there was none.
"""

from __future__ import annotations

import functools
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._component import netfilter
from ansible_collections.barehost.kubernetes.plugins.module_utils._component.host_record import Entry
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import nftables
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must, run

# What iptables puts before a name at the end of a rule, or where an interface is named
_JUMP = re.compile(r"(?:-j|-g|--jump|--goto) (\S+)")
_INTERFACE = re.compile(r"(?:-i|-o) (\S+)")


def observers() -> dict[str, t.Callable[[Entry], t.Any]]:
    """The states of entries, by kind. Each kind asks the host once."""
    tables = functools.lru_cache(maxsize=None)(lambda: nftables.tables()[0])
    chains = functools.lru_cache(maxsize=None)(netfilter.chains)
    return {
        "leftover_interface": lambda entry: entry["target"] in netfilter.interfaces(),
        "leftover_table": lambda entry: entry["target"] in tables(),
        "leftover_chain": lambda entry: [chain for chain in chains() if chain.split()[2].startswith(entry["target"])],
    }


def _delete_interface(action: Entry) -> None:
    if action["target"] in netfilter.interfaces():
        must(["ip", "link", "delete", "dev", action["target"]], what=f"delete the interface {action['target']}")


def _delete_table(action: Entry) -> None:
    if action["target"] in nftables.tables()[0]:
        must(["nft", "delete", "table", *action["target"].split()], what=f"delete the table {action['target']} of nftables")


def _remove_chains(action: Entry) -> None:
    """Removes rules and chains, each table in one call of iptables-restore, which does all or nothing."""
    prefixes, interfaces = tuple(action["data"]["prefixes"]), action["data"]["interfaces"]
    for program, family in netfilter.FAMILIES.items():
        for name, table in netfilter.tables(program).items():
            text = without(table.policies, table.rules, prefixes=prefixes, interfaces=interfaces)
            if text is None:
                continue
            must([f"{program}-restore", "--noflush"], what=f"remove chains from {name} of {program}", text=f"*{name}\n{text}COMMIT\n")
            left = netfilter.tables(program)[name]
            if not left.rules and all(policy == "ACCEPT" for policy in left.policies.values()):
                run(["nft", "delete", "table", family, name])


def without(chains: dict[str, str], rules: list[str], *, prefixes: tuple[str, ...], interfaces: list[str]) -> t.Optional[str]:
    """The input of iptables-restore, or None if the table has nothing of ours."""
    ours = [chain for chain in chains if chain.startswith(prefixes)]
    if not ours:
        return None
    kept = [rule for rule in rules if rule.split()[1] not in ours]
    gone = [rule for rule in kept if _goes(rule, ours, interfaces)]
    lines = [rule.replace("-A", "-D", 1) for rule in gone]
    lines += [f"-F {chain}" for chain in ours] + [f"-X {chain}" for chain in ours]
    # Docker makes the policy of FORWARD drop when it puts its chains there.
    opened = [f":{chain} ACCEPT" for chain, policy in chains.items() if chain == "FORWARD" and policy == "DROP" and "DOCKER-USER" in ours]
    return "\n".join([*opened, *lines]) + "\n"


def _goes(rule: str, chains: list[str], interfaces: list[str]) -> bool:
    jump = _JUMP.search(rule)
    return bool(jump and jump[1] in chains) or any(name in interfaces for name in _INTERFACE.findall(rule))


UNDO: dict[tuple[str, str], t.Callable[[Entry], t.Optional[str]]] = {
    ("interface", "delete"): _delete_interface,
    ("table", "delete"): _delete_table,
    ("chains", "remove"): _remove_chains,
}
