# SPDX-License-Identifier: GPL-3.0-or-later
"""Any inventory either resolves to a spec that holds together or is refused with a list of problems: nothing else happens."""

from __future__ import annotations

import dataclasses
import datetime
import json
import typing as t

import netaddr
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from spec_inventory import build

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import port_matrix
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import ClusterInputs, Unusable
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import SpecError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.resolve import Spec, resolve
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.variables import CLUSTER, HOST

PROFILE = settings(max_examples=3 * settings().max_examples, suppress_health_check=[HealthCheck.too_slow])
HOST_NAMES = ("m1", "m2", "w1", "w2", "W1", "192.0.2.40", "x_y")

junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.one_of(st.text(max_size=5), st.integers()), max_size=3),
    st.dictionaries(st.text(max_size=5), st.one_of(st.text(max_size=5), st.integers()), max_size=3),
    st.just(datetime.date(2026, 1, 1)),
    st.just(Unusable("'x' is undefined")),
)
octets = st.integers(0, 255)
addresses = st.builds("{}.{}.{}.{}".format, st.sampled_from([0, 10, 127, 172, 192, 224, 255]), octets, octets, octets)
networks = st.builds("{}/{}".format, addresses, st.integers(0, 33))
tidy_networks = st.builds(lambda address, prefix: str(netaddr.IPNetwork(f"{address}/{prefix}").cidr), addresses, st.integers(8, 30))
versions = st.builds("{}.{}.{}".format, st.integers(0, 3), st.integers(5, 38), st.integers(0, 12))
ports = st.builds("{}-{}".format, st.integers(0, 70000), st.integers(0, 70000))
LIKELY: dict[str, st.SearchStrategy[t.Any]] = {
    "cluster_pod_cidr": st.one_of(networks, tidy_networks),
    "cluster_service_cidr": st.one_of(networks, tidy_networks),
    "cluster_dns_address": addresses,
    "cluster_node_cidr_size": st.integers(0, 33),
    "cluster_node_port_range": ports,
    "cluster_api_port": st.one_of(st.integers(0, 70000), st.sampled_from(sorted(port_matrix.TAKEN))),
    "cluster_api_endpoint_mode": st.sampled_from(["direct", "vip", "local", "external"]),
    "cluster_api_endpoint_host": st.one_of(addresses, st.just("api.example.org")),
    "cluster_kubernetes_version": st.one_of(versions, st.sampled_from(["1.37.1", "1.36.3", "1.35.4"])),
    "cluster_docker_version": versions,
    "cluster_mirror": st.one_of(st.just(""), st.just("http://192.0.2.1"), st.text(max_size=10)),
    "master_registers_node": st.booleans(),
    "node_address": addresses,
    "node_name": st.text(alphabet="abA-._1", max_size=6),
    "node_interface": st.text(alphabet="eth0/ .", max_size=17),
    **{
        f"cluster_{role}_hosts": st.lists(st.sampled_from([*HOST_NAMES, "absent"]), max_size=3)
        for role in ("etcd", "master", "minion", "balancer")
    },
}


def values(names: t.Iterable[str]) -> st.SearchStrategy[dict[str, t.Any]]:
    """Some of these variables, each with a value that is near to sense, or any at all."""
    return st.fixed_dictionaries({}, optional={name: st.one_of(LIKELY.get(name, junk), LIKELY.get(name, junk), junk) for name in names})


few_cluster = st.lists(st.sampled_from(sorted(CLUSTER)), max_size=3, unique=True).flatmap(values)
few_host = st.lists(st.sampled_from(sorted(HOST)), max_size=2, unique=True).flatmap(values)
members = st.lists(st.sampled_from(HOST_NAMES), max_size=4, unique=True)


@st.composite
def inventories(draw: st.DrawFn) -> ClusterInputs:
    hosts = {name: {"ansible_host": f"192.0.2.{number}", **draw(few_host)} for number, name in enumerate(HOST_NAMES, 1)}
    groups = {"all": list(HOST_NAMES), "etcd": ["m1"], "master": ["m1"], "minion": ["w1", "w2"]}
    groups |= draw(st.dictionaries(st.sampled_from(["etcd", "master", "minion", "balancer", "masters"]), members, max_size=2))
    return build(draw(few_cluster), hosts=hosts, groups=groups, directory=draw(st.sampled_from(["/srv/inventory", None])))


def check(spec: Spec) -> None:
    """What every later part relies on."""
    pod, service = netaddr.IPNetwork(spec.network["pod_cidr"]), netaddr.IPNetwork(spec.network["service_cidr"])
    assert pod not in service
    assert service not in pod
    dns, api = netaddr.IPAddress(spec.network["dns_address"]), netaddr.IPAddress(spec.network["api_service_address"])
    assert dns in service
    assert api in service
    assert dns != api
    assert 2 ** (spec.network["node_cidr_size"] - pod.prefixlen) >= len(spec.node_hosts)
    low, high = (int(port) for port in spec.network["node_port_range"].split("-"))
    assert 1 <= low <= high <= 65535
    assert not [row for row in spec.ports if low <= row.port <= high]
    nodes = spec.nodes.values()
    assert len({node.name for node in nodes}) == len({node.address for node in nodes}) == len(spec.nodes)
    assert not [node for node in nodes if netaddr.IPAddress(node.address) in pod or netaddr.IPAddress(node.address) in service]
    assert len(spec.masters) >= 1
    assert len(spec.etcd["members"]) == len(spec.etcd_hosts) >= 1
    assert set(spec.minions) <= set(spec.node_hosts) <= set(spec.nodes)
    for item in spec.binaries.values():
        assert ("sha256" in item) != ("checksum_url" in item)
    assert {row["name"] for row in map(vars, spec.ports)} >= {"barehost-kube-apiserver", "barehost-etcd-client", "barehost-etcd-peer"}
    plain = spec.as_dict()
    assert json.loads(json.dumps(plain)) == plain


@PROFILE
@given(inventories())
def test_resolves_or_says_why(inputs: ClusterInputs) -> None:
    try:
        spec = resolve(inputs)
    except SpecError as error:
        event("refused")
        assert error.problems
        assert all(problem.where and problem.wrong and problem.instead for problem in error.problems)
        assert len(set(error.problems)) == len(error.problems)
    else:
        event("taken")
        check(spec)


@PROFILE
@given(few_cluster)
def test_same_inventory_same_spec(variables: dict[str, t.Any]) -> None:
    """A run must not plan changes because of the order of a set."""
    outcomes = []
    for _attempt in range(2):
        try:
            outcomes.append(json.dumps(resolve(build(variables)).as_dict()))
        except SpecError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


def reversed_groups(inputs: ClusterInputs) -> ClusterInputs:
    lists = [name for name in inputs.variables if name.endswith("_hosts") and isinstance(inputs.variables[name], list)]
    variables = {**inputs.variables, **{name: inputs.variables[name][::-1] for name in lists}}
    hosts = {name: {**values, **{key: variables[key] for key in lists if key in values}} for name, values in inputs.hosts.items()}
    groups = {name: list(reversed(members)) for name, members in inputs.groups.items()}
    return dataclasses.replace(inputs, variables=variables, hosts=dict(reversed(hosts.items())), groups=groups)


@PROFILE
@given(inventories())
def test_the_order_of_hosts_means_nothing(inputs: ClusterInputs) -> None:
    """The same cluster listed from the last host to the first: no file of any host may differ, or everything would be restarted."""
    try:
        spec = resolve(inputs).as_dict()
    except SpecError:
        return
    again = resolve(reversed_groups(inputs)).as_dict()
    for side in (spec, again):
        side["warnings"] = sorted(side["warnings"])
    assert json.dumps(again) == json.dumps(spec)
