# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of others to look for on a host, by the roles that it has."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import FLANNELD, PATHS
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.naming import TUNNELS

Look = dict[str, t.Any]

# Services that load rules of their own, and flush what others have loaded: firewalld of EL 9 stops them when it starts, and on EL 10 their
# reload removes the rules of Docker, flannel and kube-proxy.
_RULES = ("nftables.service", "iptables.service", "ip6tables.service")
_RULES_REMEDY = "give `firewall_services` what it lets in, then `systemctl disable --now {name}`"
# Other distributions of Kubernetes: their units, and the command that removes them, by their documentation.
_INSTALLERS: t.Mapping[str, tuple[str, ...]] = {
    "k3s-uninstall.sh": ("k3s.service",),
    "k3s-agent-uninstall.sh": ("k3s-agent.service",),
    "rke2-uninstall.sh": ("rke2-server.service", "rke2-agent.service"),
    "k0s stop && k0s reset": ("k0scontroller.service", "k0sworker.service"),
    "snap remove --purge microk8s": ("snap.microk8s.daemon-kubelite.service",),
}
# kubeadm runs the control plane by these files; kubespray does, too.
_STATIC_PODS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_KUBEADM = "remove it by `kubeadm reset --force` (kubespray: its reset.yml)"
# Of flannel, Calico, Cilium, Weave, kube-router and kube-proxy in its mode ipvs. They stay until somebody deletes them.
_INTERFACES = (f"{TUNNELS}*", "cni0", "vxlan.calico", "cilium_vxlan", "cilium_host", "weave", "kube-bridge", "kube-ipvs0")
# What an administrator may want, and what nodes do not notice until a client misses them.
_FIREWALLD = (
    (
        "/etc/firewalld/firewalld.conf",
        r"\s*StrictForwardPorts\s*=\s*(yes|true)\b",
        "firewalld rejects connections to NodePorts, host ports of pods, and ports that Docker publishes",
    ),
    (
        "/etc/firewalld/direct.xml",
        r".*<(rule|chain|passthrough)\b",
        "firewalld may flush iptables at each reload, and host ports of pods are away until these start anew",
    ),
)
_BY_ROLE = {"etcd": ("etcd",), "master": ("kube_apiserver", "kube_controller_manager", "kube_scheduler")}
_OF_NODES = ("docker", "cri_dockerd", "kubelet", "kube_proxy", "flanneld")


def of_host(cluster: t.Mapping[str, t.Any], host: str) -> list[Look]:
    """The looks for a host of the cluster, as the option ``foreign`` of a component takes them. ``cluster`` is the resolved spec."""
    roles, node = cluster["nodes"][host]["roles"], host in cluster["node_hosts"]
    names = [name for role in roles for name in _BY_ROLE.get(role, ())] + (list(_OF_NODES) if node else [])
    looks: list[Look] = [{"service": name, "remedy": _RULES_REMEDY} for name in _RULES]
    looks += [{"service": unit, "remedy": f"remove it by `{command}`"} for command, units in _INSTALLERS.items() for unit in units]
    for name in names:
        looks += _of_component(cluster["components"][name])
    if "master" in roles:
        looks.append(_port(cluster["api"]["server_port"], "tcp", cluster["components"]["kube_apiserver"]["unit"]))
    if host in cluster["api"]["proxies"]:
        looks += of_balancer(cluster)
    if node or "master" in roles:
        looks += [{"file": f"{PATHS['kubernetes']}/manifests/{name}.yaml", "remedy": _KUBEADM} for name in _STATIC_PODS]
    return looks + (_network() if node else [])


def _of_component(component: t.Mapping[str, t.Any]) -> list[Look]:
    # The units of packages are not ours to write: there, another unit file is somebody's choice.
    unit = {"unit": component["unit"], "written": bool(component.get("program"))}
    return [unit, *(_port(port["number"], port["protocol"], component["unit"]) for port in component.get("ports", {}).values())]


def of_balancer(cluster: t.Mapping[str, t.Any]) -> list[Look]:
    """A proxy that balances something else would lose its configuration. Which of the two is wanted is a variable of a role."""
    components = cluster["components"]
    units = [components[name]["unit"] for name in ("haproxy", "nginx")]
    looks = [{"port": f"{cluster['api']['port']}/tcp", "of": units}]
    if cluster["api"]["mode"] == "vip":
        looks += [{"service": unit, "of": [unit]} for unit in (*units, components["keepalived"]["unit"])]
    return looks


def _port(number: int, protocol: str, unit: str) -> Look:
    return {"port": f"{number}/{protocol}", "of": [unit]}


def _network() -> list[Look]:
    ours = FLANNELD.files["cni_configuration"]
    return [
        *({"line": {"files": [path], "pattern": pattern, "effect": effect, "harmless": True}} for path, pattern, effect in _FIREWALLD),
        {"cni": ours},
        {"file": ours, "of": [FLANNELD.unit]},
        *({"interface": name, "of": [FLANNELD.unit]} for name in _INTERFACES),
    ]
