# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every variable the spec is made of, as data: the resolver reads by it, the documentation is tested against it."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import component_table

Kind = t.Literal["text", "version", "integer", "boolean", "list", "map"]


@dataclasses.dataclass(frozen=True)
class Variable:
    """One input. ``default`` None: derived from other inputs."""

    kind: Kind
    default: t.Any = None
    example: str = ""


# Set once for the whole cluster, usually in group_vars/all.
CLUSTER: t.Mapping[str, Variable] = {
    "cluster_name": Variable("text", "kubernetes"),
    "cluster_domain": Variable("text", "cluster.local"),
    "cluster_kubernetes_version": Variable("version", example="1.37.1"),
    "cluster_node_version": Variable("version", example="1.36.3"),
    "cluster_emulated_version": Variable("text", "", example='"1.36"'),
    "cluster_etcd_version": Variable("version", example="3.7.2"),
    "cluster_cri_dockerd_version": Variable("version", example="0.4.4"),
    "cluster_cni_plugins_version": Variable("version", example="1.9.1"),
    "cluster_flannel_version": Variable("version", example="0.28.9"),
    "cluster_coredns_version": Variable("version", example="1.14.7"),
    "cluster_pause_version": Variable("version", example="3.10.2"),
    "cluster_docker_version": Variable("version", "", example="29.8.0"),
    "cluster_pod_cidr": Variable("text", "10.255.0.0/16"),
    "cluster_node_cidr_size": Variable("integer", 24),
    "cluster_service_cidr": Variable("text", "10.254.0.0/16"),
    "cluster_dns_address": Variable("text", example="10.254.0.10"),
    "cluster_node_port_range": Variable("text", "30000-32767"),
    "cluster_node_port_sources": Variable("list", (), example="[192.0.2.10, 10.0.0.0/24]"),
    "cluster_pod_host_ports": Variable("list", example="[9100/tcp]"),
    "cluster_flannel_backend": Variable("text", "kube"),
    "cluster_flannel_etcd_prefix": Variable("text", "/k8s/network"),
    "cluster_api_port": Variable("integer", component_table.API_PORT),
    "cluster_api_endpoint_mode": Variable("text", example="direct"),
    "cluster_api_endpoint_host": Variable("text", "", example="api.example.org"),
    "cluster_api_endpoint_port": Variable("integer", example="8443"),
    "cluster_api_extra_sans": Variable("list", (), example="[api.example.org, 192.0.2.10]"),
    "cluster_api_sources": Variable("list", (), example="[192.0.2.10, 10.0.0.0/24]"),
    "cluster_etcd_hosts": Variable("list", example="\"{{ groups['etcd'] }}\""),
    "cluster_master_hosts": Variable("list", example="\"{{ groups['master'] }}\""),
    "cluster_minion_hosts": Variable("list", example="\"{{ groups['minion'] }}\""),
    "cluster_balancer_hosts": Variable("list", example="\"{{ groups['balancer'] }}\""),
    "cluster_interface": Variable("text", "", example="eth1"),
    "cluster_mirror": Variable("text", "", example="https://mirror.example.org/kubernetes"),
    "cluster_mirror_own_builds": Variable("boolean", False),
    "cluster_image_registry": Variable("text", "", example="registry.example.org:5000"),
    "cluster_http_proxy": Variable("text", "", example="http://proxy.example.org:3128"),
    "cluster_https_proxy": Variable("text", "", example="http://proxy.example.org:3128"),
    "cluster_no_proxy": Variable("list", (), example="[.example.org, 10.0.0.0/8]"),
    "cluster_ca_bundle": Variable("text", "", example="\"{{ lookup('ansible.builtin.file', inventory_dir ~ '/mirror-ca.pem') }}\""),
    "cluster_checksums": Variable("map", {}, example="{cri-dockerd: <64 hexadecimal digits>}"),
    "cluster_checksums_asked_by": Variable("text", "controller", example="hosts"),
    "cluster_checksums_file": Variable("text", example="/srv/clusters/prod/checksums.txt"),
    "cluster_architecture": Variable("text", "amd64"),
    "cluster_pki_directory": Variable("text", example='"{{ inventory_dir }}/pki"'),
    "cluster_certificate_renew_before": Variable("integer", 30),
    "cluster_admin_certificate_days": Variable("integer", 90),
    "cluster_node_certificates": Variable("text", "issued", example="rotated"),
    "master_registers_node": Variable("boolean", True),
}

# Set per host, or per group of hosts.
HOST: t.Mapping[str, Variable] = {
    "node_address": Variable("text", example="192.0.2.10"),
    "node_name": Variable("text", example="node1.example.org"),
    "node_interface": Variable("text", "", example="eth1"),
    "node_labels": Variable("map", {}, example="{example.org/rack: r1}"),
    "node_taints": Variable("list", (), example='["example.org/dedicated=batch:NoSchedule"]'),
}

# Read per host besides.
CONNECTION = ("ansible_host",)
