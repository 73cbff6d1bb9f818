# SPDX-License-Identifier: GPL-3.0-or-later
"""What the resolver makes of good inventories."""

from __future__ import annotations

import json
import typing as t

import pytest
from spec_inventory import build, large, problems_of, spec_of

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import releases, version_table
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Unusable
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.resolve import resolve

DIGEST = "a1" * 32


def test_small_cluster() -> None:
    spec = spec_of().as_dict()
    assert json.loads(json.dumps(spec)) == spec
    assert spec["name"] == "kubernetes"
    assert spec["versions"]["kubernetes"] == "1.37.1"
    assert spec["network"] == {
        "pod_cidr": "10.255.0.0/16",
        "service_cidr": "10.254.0.0/16",
        "node_cidr_size": 24,
        "dns_address": "10.254.0.10",
        "api_service_address": "10.254.0.1",
        "node_port_range": "30000-32767",
        "node_port_sources": [],
        "pod_host_ports": None,
    }
    assert spec["api"] == {
        "mode": "direct",
        "host": "192.0.2.10",
        "port": 6443,
        "url": "https://192.0.2.10:6443",
        "server_port": 6443,
        "proxies": [],
        "check_interval": 1000,
    }
    assert spec["masters"] == ["m1"]
    assert spec["minions"] == ["w1", "w2"]
    assert spec["node_hosts"] == ["m1", "w1", "w2"]
    assert spec["etcd"]["initial_cluster"] == "m1=https://192.0.2.10:2380"
    assert spec["etcd"]["client_urls"] == ["https://192.0.2.10:2379"]
    assert spec["pki_directory"] == "/srv/inventory/pki"
    assert spec["images"] == {"pause": "registry.k8s.io/pause:3.10.2", "coredns": "registry.k8s.io/coredns/coredns:v1.14.7"}
    assert spec["warnings"] == []
    assert spec["nodes"]["m1"]["roles"] == ["etcd", "master"]
    assert spec["nodes"]["m1"]["taints"] == [{"key": "node-role.kubernetes.io/control-plane", "value": "", "effect": "NoSchedule"}]
    assert spec["nodes"]["w1"]["taints"] == []


def test_certificate_names() -> None:
    names = spec_of({"cluster_api_extra_sans": ["api.example.org", "*.example.net", "203.0.113.7", "2001:db8::7"]}).certificates[
        "apiserver"
    ]
    assert names["dns"][:5] == [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "localhost",
    ]
    assert names["dns"][5:] == ["m1", "api.example.org", "*.example.net"]
    assert names["ips"] == ["127.0.0.1", "10.254.0.1", "192.0.2.10", "203.0.113.7", "2001:db8::7"]


def test_endpoint_name_is_in_the_certificate() -> None:
    spec = spec_of({"cluster_api_endpoint_host": "API.example.org", "cluster_api_port": 8443})
    assert spec.api["url"] == "https://api.example.org:8443"
    assert "api.example.org" in spec.certificates["apiserver"]["dns"]


def test_all_in_one() -> None:
    spec = spec_of(hosts={"box": {"ansible_host": "192.0.2.10"}}, groups={"etcd": ["box"], "master": ["box"], "minion": ["box"]})
    assert spec.nodes["box"].roles == ("etcd", "master", "minion")
    assert spec.nodes["box"].taints == (), "a master that is a minion runs ordinary pods"


def test_masters_that_are_no_nodes() -> None:
    spec = spec_of({"master_registers_node": "no"})
    assert spec.node_hosts == ("w1", "w2")
    assert spec.nodes["m1"].taints == ()
    assert next(row for row in spec.ports if row.name == "barehost-kubelet").roles == ("minion",)


def test_separate_etcd_of_even_size_is_warned_about() -> None:
    hosts = {f"{role}{number}": {"ansible_host": f"192.0.2.{index}{number}"} for index, role in enumerate("emw", 1) for number in (1, 2)}
    spec = spec_of(hosts=hosts, groups={"etcd": ["e1", "e2"], "master": ["m1"], "minion": ["w1", "w2"]})
    assert [warning for warning in spec.warnings if "etcd has 2 members" in warning]
    assert spec.node_hosts == ("m1", "w1", "w2")
    ports = {row.name: row for row in spec.ports}
    assert ports["barehost-etcd-peer"].sources == ("192.0.2.11", "192.0.2.12")
    assert ports["barehost-etcd-client"].sources == ("192.0.2.21", "192.0.2.11", "192.0.2.12")
    assert ports["barehost-flannel-vxlan"].protocol == "udp"
    assert ports["barehost-kube-apiserver"].sources == ()
    assert spec.flannel == {"backend": "kube", "etcd_prefix": "/k8s/network"}
    assert not spec.etcd["authentication"]


def test_flannel_on_etcd_lets_the_nodes_in_and_has_etcd_ask_for_users() -> None:
    hosts = {name: {"ansible_host": f"192.0.2.{number}"} for number, name in enumerate(("e1", "m1", "w1"), 1)}
    spec = spec_of(
        {"cluster_flannel_backend": "etcd", "cluster_flannel_etcd_prefix": "/flannel"},
        hosts=hosts,
        groups={"etcd": ["e1"], "master": ["m1"], "minion": ["w1"]},
    )
    assert spec.flannel == {"backend": "etcd", "etcd_prefix": "/flannel"}
    assert spec.etcd["authentication"]
    ports = {row.name: row for row in spec.ports}
    assert set(ports["barehost-etcd-client"].sources) == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}
    assert ports["barehost-etcd-peer"].sources == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("variables", "warning"),
    [
        ({"cluster_kubernetes_version": "1.37.0"}, "Kubernetes 1.37.0 is not tested"),
        ({"cluster_node_cidr_size": 26}, "gives each node 61 pod addresses"),
        ({"cluster_pod_cidr": "172.16.0.0/12"}, "overlaps 172.17.0.0/16"),
        ({"cluster_node_port_range": "30000-33000"}, "ports that hosts use for their own connections"),
        ({"cluster_mirror": "http://192.0.2.1", "cluster_mirror_own_builds": True}, "come by the same clear text"),
        ({"cluster_region": "north"}, "cluster_region is not a variable of this collection"),
    ],
)
def test_warnings(variables: dict[str, t.Any], warning: str) -> None:
    spec = spec_of(variables)
    assert len(spec.warnings) == 1
    assert warning in spec.warnings[0]


def test_node_variables() -> None:
    hosts = {
        "m1": {"ansible_host": "192.0.2.10"},
        "W1.Example.org": {
            "ansible_host": "bastion.example.org",
            "node_address": "192.0.2.11",
            "node_interface": "eth1",
            "node_labels": {"example.org/rack": "r1", "topology.kubernetes.io/zone": "z1"},
            "node_taints": ["dedicated=batch:NoSchedule", {"key": "gpu", "effect": "NoExecute"}],
        },
        "192.0.2.12": {},
    }
    spec = spec_of(
        {"cluster_interface": "eth0"}, hosts=hosts, groups={"etcd": ["m1"], "master": ["m1"], "minion": ["W1.Example.org", "192.0.2.12"]}
    )
    node = spec.nodes["W1.Example.org"]
    assert (node.name, node.address, node.interface) == ("w1.example.org", "192.0.2.11", "eth1")
    assert node.taints == (
        {"key": "dedicated", "value": "batch", "effect": "NoSchedule"},
        {"key": "gpu", "value": "", "effect": "NoExecute"},
    )
    assert spec.nodes["192.0.2.12"].address == "192.0.2.12"
    assert spec.nodes["m1"].interface == "eth0"


def test_host_lists_win_over_groups() -> None:
    spec = spec_of({"cluster_minion_hosts": ["w2"]})
    assert spec.minions == ("w2",)
    assert "w1" not in spec.nodes


def test_values_from_the_command_line_are_text() -> None:
    spec = spec_of({"cluster_node_cidr_size": "25", "cluster_api_port": "7443"})
    assert spec.network["node_cidr_size"] == 25
    assert spec.api["port"] == 7443


def test_null_counts_as_not_set() -> None:
    assert spec_of({"cluster_name": None, "cluster_dns_address": None, "cluster_etcd_hosts": None}) == spec_of()


def test_value_that_cannot_be_evaluated() -> None:
    found = problems_of(build({"cluster_domain": Unusable("'zone' is undefined")}))
    assert found == ["cluster_domain cannot be evaluated: 'zone' is undefined.\nWrite e.g. cluster_domain: cluster.local."]


def test_problem_names_the_file() -> None:
    inputs = build({"cluster_api_port": 1})
    inputs = type(inputs)(**{**vars(inputs), "origins": {("", "cluster_api_port"): "group_vars/all.yml:7"}})
    assert problems_of(inputs)[0].startswith("cluster_api_port (group_vars/all.yml:7) is 1: it is out of range")


def test_pki_directory() -> None:
    assert spec_of({"cluster_pki_directory": "../keys"}).pki_directory == "/srv/keys"
    assert spec_of({"cluster_pki_directory": "/keys"}, directory=None).pki_directory == "/keys"
    assert "this inventory is not a folder" in problems_of(build(directory=None))[0]


# --- programs


def test_upstream_addresses() -> None:
    checksums = {"cri-dockerd": DIGEST, "flannel-v0.28.9-linux-amd64.tar.gz": DIGEST.upper()}
    binaries = spec_of({"cluster_mirror": "", "cluster_checksums": checksums, "cluster_kubernetes_version": "1.37.0"}).binaries
    assert binaries["kubelet"] == {
        "name": "kubelet",
        "version": "1.37.0",
        "url": "https://dl.k8s.io/release/v1.37.0/bin/linux/amd64/kubelet",
        "checksum_url": "https://dl.k8s.io/release/v1.37.0/bin/linux/amd64/kubelet.sha256",
        "install": [{"path": "/usr/local/bin/kubelet"}],
    }
    etcd = "https://github.com/etcd-io/etcd/releases/download/v3.7.2"
    assert binaries["etcd"]["url"] == f"{etcd}/etcd-v3.7.2-linux-amd64.tar.gz"
    assert {"member": "etcd-v3.7.2-linux-amd64/etcdctl", "path": "/usr/local/bin/etcdctl"} in binaries["etcd"]["install"]
    assert binaries["cri-dockerd"]["url"].endswith("/Mirantis/cri-dockerd/releases/download/v0.4.4/cri-dockerd-0.4.4.amd64.tgz")
    assert binaries["flannel"]["sha256"] == DIGEST
    assert binaries["cni-plugins"]["store"] == "/opt/cni/cni-plugins-1.9.1/bin"
    assert sorted(binaries) == sorted([*releases.KUBERNETES_PROGRAMS, "etcd", "cri-dockerd", "cni-plugins", "flannel"])


def test_registry() -> None:
    images = spec_of({"cluster_image_registry": "192.0.2.1:5000/mirror"}).images
    assert images == {"pause": "192.0.2.1:5000/mirror/pause:3.10.2", "coredns": "192.0.2.1:5000/mirror/coredns/coredns:v1.14.7"}


# --- versions


@pytest.mark.parametrize("minor", version_table.MINORS)
def test_defaults_of_a_minor_go_together(minor: str) -> None:
    spec = spec_of({"cluster_kubernetes_version": f"{minor}.1"})
    for program, allowed in version_table.MINORS[minor].programs.items():
        assert spec.versions[program] == allowed.default


@pytest.mark.parametrize("version", version_table.TESTED)
def test_tested_versions_give_no_warning(version: str) -> None:
    assert spec_of({"cluster_kubernetes_version": version}).warnings == ()


@pytest.mark.parametrize(
    ("kubernetes", "cri_dockerd", "gates"),
    [
        ("1.37.1", "0.4.4", {"ExtendWebSocketsToKubelet": False}),
        ("1.36.3", "0.4.10", {"ExtendWebSocketsToKubelet": False}),
        ("1.37.1", "0.4.11", {}),
        ("1.35.4", "0.4.4", {}),
    ],
)
def test_feature_gates(kubernetes: str, cri_dockerd: str, gates: dict[str, bool]) -> None:
    spec = spec_of({"cluster_kubernetes_version": kubernetes, "cluster_cri_dockerd_version": cri_dockerd})
    assert spec.features["apiserver_feature_gates"] == gates


# --- endpoints


def masters_and_balancers(variables: dict[str, t.Any], balancers: list[str]) -> t.Any:
    hosts = {name: {"ansible_host": f"192.0.2.{number}"} for number, name in enumerate(("m1", "m2", "m3", "w1", "b1", "b2"), 10)}
    return spec_of(
        variables, hosts=hosts, groups={"etcd": ["m1", "m2", "m3"], "master": ["m1", "m2", "m3"], "minion": ["w1"], "balancer": balancers}
    )


def test_vip() -> None:
    spec = masters_and_balancers({"cluster_api_endpoint_host": "192.0.2.100", "cluster_api_endpoint_port": 443}, ["b1", "b2"])
    assert {key: spec.api[key] for key in ("mode", "url", "server_port")} == {
        "mode": "vip",
        "url": "https://192.0.2.100:443",
        "server_port": 6443,
    }
    assert spec.api["proxies"] == ("b1", "b2")
    assert "192.0.2.100" in spec.certificates["apiserver"]["ips"]
    assert "b1" not in spec.node_hosts


def test_what_balancers_let_in() -> None:
    rows = {row.name: row for row in masters_and_balancers({"cluster_api_endpoint_host": "192.0.2.100"}, ["b1", "b2"]).ports}
    assert (rows["barehost-api-balancer"].port, rows["barehost-api-balancer"].roles) == (6443, ("balancer",))
    vrrp = rows["barehost-vrrp"]
    assert (vrrp.port, vrrp.protocol, vrrp.roles, vrrp.sources) == (0, "vrrp", ("balancer",), ("192.0.2.14", "192.0.2.15"))
    alone = masters_and_balancers({"cluster_api_endpoint_host": "192.0.2.100"}, ["b1"])
    assert "barehost-vrrp" not in {row.name for row in alone.ports}
    assert "there is one balancer (b1)" in alone.warnings[0]


def test_local() -> None:
    """The apiserver of a master has port 6443 on loopback too, so the proxies listen beside it."""
    spec = masters_and_balancers({}, [])
    assert spec.api["url"] == "https://127.0.0.1:6444"
    assert spec.api["proxies"] == spec.node_hosts == ("m1", "m2", "m3", "w1")
    assert masters_and_balancers({"cluster_api_endpoint_port": 8443}, []).api["url"] == "https://127.0.0.1:8443"
    assert {"m1", "m2", "m3"} <= set(spec.certificates["apiserver"]["dns"])


@pytest.mark.parametrize(("nodes", "interval"), [(4, 1000), (20, 1000), (21, 2000), (40, 2000), (41, 4000), (81, 8000), (1000, 8000)])
def test_many_proxies_ask_less_often(nodes: int, interval: int) -> None:
    """Otherwise a thousand nodes would ask each apiserver a thousand times a second."""
    masters, minions = ["m1", "m2", "m3"], [f"w{number}" for number in range(nodes - 3)]
    hosts = {name: {"ansible_host": f"198.18.{number // 250}.{number % 250 + 1}"} for number, name in enumerate(masters + minions)}
    networks = {"cluster_pod_cidr": "10.0.0.0/12", "cluster_service_cidr": "10.96.0.0/16"}
    spec = spec_of(networks, hosts=hosts, groups={"etcd": masters, "master": masters, "minion": minions})
    assert len(spec.api["proxies"]) == nodes
    assert spec.api["check_interval"] == interval


def test_external() -> None:
    spec = masters_and_balancers({"cluster_api_endpoint_mode": "external", "cluster_api_endpoint_host": "api.example.org"}, ["b1"])
    assert spec.api["url"] == "https://api.example.org:6443"
    assert spec.api["proxies"] == ()
    assert "api.example.org" in spec.certificates["apiserver"]["dns"]
    assert "the balancers (b1) have nothing to do" in spec.warnings[0]


def test_hundred_hosts_have_a_node_network_each() -> None:
    assert len(resolve(large(100)).nodes) == 100
    inputs = large(300)
    assert "holds 256 node networks of /24, and 300 hosts need one each" in problems_of(inputs)[0]


def test_the_longest_node_names_fit_their_certificates() -> None:
    hosts = {"m1": {"ansible_host": "192.0.2.10"}, "w1": {"ansible_host": "192.0.2.11", "node_name": f"{'w' * 50}.a"}}
    hosts["e1"] = {"ansible_host": "192.0.2.12", "node_name": f"{'e' * 62}.a"}
    spec = spec_of(hosts=hosts, groups={"etcd": ["e1"], "master": ["m1"], "minion": ["w1"]})
    assert [len(spec.nodes[name].name) for name in ("w1", "e1")] == [52, 64]


def test_api_sources_come_besides_the_hosts_of_the_cluster() -> None:
    sources = {
        row.name: set(row.sources)
        for row in spec_of({"cluster_api_sources": ["203.0.113.7", "10.7.0.0/16"]}).ports
        if "6443" in str(row.port)
    }
    hosts = {node.address for node in spec_of({}).nodes.values()}
    assert sources["barehost-kube-apiserver"] == {*hosts, "203.0.113.7", "10.7.0.0/16"}
    assert {len(found) for found in sources.values()} == {len(hosts) + 2}
    assert {row.sources for row in spec_of({}).ports if row.name == "barehost-kube-apiserver"} == {()}


def test_sources_of_node_ports_come_besides_the_hosts_of_the_cluster() -> None:
    hosts = {node.address for node in spec_of({}).nodes.values()}
    assert spec_of({}).network["node_port_sources"] == ()
    assert set(spec_of({"cluster_node_port_sources": ["10.7.0.0/16"]}).network["node_port_sources"]) == {*hosts, "10.7.0.0/16"}


def test_a_load_balancer_of_others_must_be_let_in() -> None:
    external = {"cluster_api_endpoint_mode": "external", "cluster_api_endpoint_host": "198.51.100.5"}
    assert not [text for text in spec_of(external).warnings if "cluster_api_sources" in text]
    assert [text for text in spec_of({**external, "cluster_api_sources": ["198.51.100.5"]}).warnings if "cluster_api_sources" in text]
