# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``lab exec``, ``ssh``, ``run`` and ``kubectl`` become.

Tests ask here too: a start of ``lab/lab`` costs more than what it passes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from barelab import cgroups, hosts, network, ssh, state
from barelab.errors import LabError


def on_host(words: Sequence[str]) -> list[str]:
    """A command on the host of the first word, next to its services: it ends with the host."""
    name, *command = words
    lab = state.require()
    host = lab.host(name)
    return cgroups.joined(host.name, hosts.enter(lab, host, command), below="payload")


def by_ssh(words: Sequence[str]) -> list[str]:
    name, *command = words
    return ssh.command(state.require().host(name), command)


def in_network(words: Sequence[str]) -> list[str]:
    """A command on this machine, in the lab's network."""
    state.require()
    return network.inside(words)


def kubectl(words: Sequence[str]) -> list[str]:
    """The kubectl of the cluster's version, with the kubeconfig of the inventory."""
    inventory = state.require().inventory
    configuration = inventory / "kubeconfig"
    if not configuration.is_file():
        raise LabError(
            f"{configuration} does not exist: the cluster is not installed yet (ansible-playbook playbooks/site.yml -i {inventory})"
        )
    return network.inside([str(state.KUBECTL), f"--kubeconfig={configuration}", *words])


COMMANDS: Mapping[str, Callable[[Sequence[str]], list[str]]] = {"exec": on_host, "ssh": by_ssh, "run": in_network, "kubectl": kubectl}
