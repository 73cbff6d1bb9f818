# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a run would make one machine several hosts.

``ansible-pull`` and ``-c local`` give every host of the inventory the connection to this machine. One of them may be this machine. With
two in the run, the second would be written over the first. A host of etcd and a master also look at the others of their kind.
"""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.listed import at_most


def refusal(
    spec: c.Mapping[str, t.Any], *, run_hosts: c.Iterable[str], variables_of: c.Callable[[str], c.Mapping[str, t.Any]], default: str
) -> str:
    """Why the run is refused, or nothing. ``default`` is the connection of hosts whose variables name none."""
    run = [host for host in run_hosts if host in spec["nodes"]]
    together = [*spec["etcd_hosts"], *spec["masters"]]
    looked_at = dict.fromkeys([*run, *(together if set(run) & set(together) else ())])
    local = [host for host in looked_at if _connection(variables_of(host), default) == "local"]
    if len(local) < 2:
        return ""
    others = [host for host in local if host not in run]
    why = f"; a host of etcd and a master look at each other, and {others[0]} is not this machine" if others else ""
    return (
        f"{at_most(3, local)} have the connection local, so this run would take one machine for all of them{why}. No host was touched. "
        "With ansible-pull or -c local, name one minion with --limit, and run the others from a controller"
    )


def default_connection(of_host: c.Mapping[str, t.Any], *, task: str | None, command_line: str | None) -> str:
    """The connection of hosts whose variables name none, as a task sees it that runs for one host.

    The task has it, from the play or the command line. But with ansible-core 2.21 it has the connection of its host, which that host's
    variables may name; then the command line says what others have.
    """
    return str((command_line if of_host.get("ansible_connection") else task) or "")


def _connection(variables: c.Mapping[str, t.Any], default: str) -> str:
    return str(variables.get("ansible_connection") or default).rpartition(".")[2]
