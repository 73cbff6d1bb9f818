# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that turn the resolved spec into what the roles' files hold; each is documented in <name>.yml beside this file."""

from __future__ import annotations

import collections.abc
import time
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import registry_logins as registries
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import keepalived
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import admission, order_of_roles, pod_ports
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import foreign_looks as looks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import renewal as renewals
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import KUBELET
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.flannel_backend import interface as flannel_interface


def kubeconfig(
    cluster: dict[str, t.Any], user: str, pair: str | collections.abc.Mapping[str, str], *, server: str | None = None
) -> dict[str, t.Any]:
    """A kubeconfig that names certificate and key by path, so that it holds no secret and need not change at a renewal.

    ``pair`` has the paths ``cert`` and ``key``, as in ``cluster.components``; or it is the path of both without their endings.
    ``server`` defaults to the endpoint of the cluster.
    """
    name = cluster["name"]
    cert, key = (f"{pair}.crt", f"{pair}.key") if isinstance(pair, str) else (pair["cert"], pair["key"])
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server or cluster["api"]["url"], "certificate-authority": KUBELET.pki["ca"]}}],
        "users": [{"name": user, "user": {"client-certificate": cert, "client-key": key}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
        "current-context": name,
    }


def flags(values: dict[str, t.Any]) -> str:
    """Command line flags of a mapping, in the order of their names; booleans as Go programs read them.

    Raises AnsibleFilterError for a value that a systemd EnvironmentFile cannot carry unquoted.
    """
    words = []
    for name in sorted(values):
        value = values[name]
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if any(character.isspace() or character in "\"'\\$" for character in text):
            raise AnsibleFilterError(
                f"flag --{name}: {text!r} holds white space, a quote, a backslash or '$'; put this setting into a configuration file"
            )
        words.append(f"--{name}={text}")
    return " ".join(words)


def firewall_services(cluster: dict[str, t.Any], host: str) -> list[dict[str, t.Any]]:
    """The firewalld services of one host: the rows of the port matrix that its roles need."""
    roles = set(cluster["nodes"][host]["roles"])
    return [
        {
            "name": row["name"],
            "description": row["reason"],
            "ports": [f"{row['port']}/{row['protocol']}"] if row["port"] else [],
            "protocols": [] if row["port"] else [row["protocol"]],
            "sources": row["sources"],
        }
        for row in cluster["ports"]
        if roles & set(row["roles"])
    ]


def pod_port_rules(cluster: dict[str, t.Any], host: str) -> dict[str, t.Any]:
    """What the rules of a node say of packets from pods: the port matrix, as a template of nftables takes it."""
    return pod_ports.rules(cluster, host)


def foreign_looks(cluster: dict[str, t.Any], host: str, *, balancer: bool = False) -> list[dict[str, t.Any]]:
    """What of other installers to look for on a host, as the option ``foreign`` of a component takes it.

    ``balancer``: only what stands in the way of a proxy before the apiservers.
    """
    return looks.of_balancer(cluster) if balancer else looks.of_host(cluster, host)


def registry_logins(logins: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    """Docker's config.json with these logins, as the kubelet and cri-dockerd read it; raises AnsibleFilterError."""
    wrong = registries.fault(logins)
    if wrong:
        raise AnsibleFilterError(f"docker_registry_logins: {wrong}")
    return registries.configuration(logins)


def admission_configuration(pod_security: dict[str, t.Any], event_rate_limits: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    """The AdmissionConfiguration with what is asked for of PodSecurity and EventRateLimit; raises AnsibleFilterError for wrong values."""
    for name, wrong in (
        ("master_pod_security", admission.fault_of_pod_security(pod_security)),
        ("master_event_rate_limits", admission.fault_of_limits(event_rate_limits)),
    ):
        if wrong:
            raise AnsibleFilterError(f"{name}: {wrong}")
    return admission.configuration(pod_security, event_rate_limits)


def docker_packages(names: list[str], version: str) -> list[t.Any]:
    """Docker's packages as the component takes them: the engine and its client in the version, the others as they are."""
    if not version:
        return names
    return [{"name": name, "version": version} if name in ("docker-ce", "docker-ce-cli") else name for name in names]


def roles_of(cluster: dict[str, t.Any], host: str) -> list[str]:
    """The roles that ``site.yml`` gives a host, in their order."""
    return order_of_roles.of_host(cluster, host)


def vrrp_authentication(password: str) -> str:
    """The part of Keepalived's configuration that holds the password; raises AnsibleFilterError for one that VRRP cannot carry."""
    try:
        return keepalived.authentication(password)
    except ValueError as error:
        raise AnsibleFilterError(f"balancer_password: {error}") from None


def interface_of(facts: dict[str, t.Any], address: str, virtual: str) -> str:
    """The interface that has the address, if the virtual address belongs to its network; raises AnsibleFilterError."""
    try:
        return keepalived.interface_of(facts, address, virtual)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None


def renewal(text: str | list[str]) -> dict[str, t.Any]:
    """The certificates that a run issues anew if they are older than now; raises AnsibleFilterError for a name that none has."""
    try:
        return renewals.choice(text, time.time())
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {
            "flannel_interface": flannel_interface,
            "kubeconfig": kubeconfig,
            "flags": flags,
            "firewall_services": firewall_services,
            "pod_port_rules": pod_port_rules,
            "foreign_looks": foreign_looks,
            "registry_logins": registry_logins,
            "admission_configuration": admission_configuration,
            "docker_packages": docker_packages,
            "roles_of": roles_of,
            "vrrp_authentication": vrrp_authentication,
            "interface_of": interface_of,
            "renewal": renewal,
        }
