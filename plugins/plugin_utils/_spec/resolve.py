# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resolved spec: an inventory and its variables become one validated description of the cluster, before any host is touched.

Pure: no host is asked, and of files only the roles' argument specifications are read.
"""

from __future__ import annotations

import dataclasses
import posixpath
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import (
    api_endpoint,
    checksums,
    chosen_versions,
    cidrs,
    component_table,
    controller_job,
    downloads,
    flannel_backend,
    hosts,
    naming,
    node_certificates,
    pod_ports,
    port_matrix,
    releases,
    renewal,
    role_variables,
    roles_of_hosts,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import ClusterInputs, Reader, nearest
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import Problems
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.variables import CLUSTER, HOST


@dataclasses.dataclass(frozen=True)
class Spec:
    """The cluster; the keys are documented in docs/architecture/spec.md and in the module's RETURN."""

    name: str
    domain: str
    versions: t.Mapping[str, str]
    features: t.Mapping[str, t.Any]
    network: t.Mapping[str, t.Any]
    flannel: t.Mapping[str, str]
    api: t.Mapping[str, t.Any]
    nodes: t.Mapping[str, hosts.Node]
    etcd: t.Mapping[str, t.Any]
    masters: tuple[str, ...]
    minions: tuple[str, ...]
    node_hosts: tuple[str, ...]
    etcd_hosts: tuple[str, ...]
    balancers: tuple[str, ...]
    certificates: t.Mapping[str, t.Any]
    architecture: str
    binaries: t.Mapping[str, t.Any]
    checksums: t.Mapping[str, t.Any]
    images: t.Mapping[str, str]
    downloads: t.Mapping[str, t.Any]
    ports: tuple[port_matrix.Opening, ...]
    components: t.Mapping[str, t.Any]
    paths: t.Mapping[str, str]
    pki_directory: str
    identity: t.Mapping[str, str]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, t.Any]:
        """Plain data, as JSON has it."""
        return t.cast("dict[str, t.Any]", _jsonable(dataclasses.asdict(self)))


@dataclasses.dataclass(frozen=True)
class _Draft:
    """Everything that was read. A part that is None had a problem, which has been recorded."""

    name: str | None
    domain: str | None
    versions: dict[str, str] | None
    networks: cidrs.Networks
    roles: roles_of_hosts.Roles
    nodes: dict[str, hosts.Node]
    api_port: int | None
    endpoint: api_endpoint.Endpoint | None
    api_sources: tuple[str, ...] | None
    node_ports: str | None
    node_port_sources: tuple[str, ...] | None
    pod_host_ports: pod_ports.HostPorts | None
    flannel: flannel_backend.Flannel | None
    architecture: str | None
    binaries: dict[str, t.Any]
    proofs: checksums.Checksums | None
    registry: str | None
    downloads: dict[str, t.Any]
    pki_directory: str | None
    renew_before_days: int | None
    admin_days: int | None
    node_certificates: str | None


def resolve(inputs: ClusterInputs) -> Spec:
    """The spec of this inventory. Raises SpecError with every problem found."""
    problems = Problems()
    reader = Reader(inputs, problems)
    draft = _read(inputs, reader, problems)
    spec = None if problems.found else _build(draft, reader, problems)
    known = None if spec is None else spec.as_dict()
    role_variables.check(inputs.of_roles(known), known, problems)
    problems.raise_if_any()
    return _sure(spec)


def _read(inputs: ClusterInputs, reader: Reader, problems: Problems) -> _Draft:
    _check_names_of_variables(inputs, problems)
    _check_job(inputs, problems)
    name, domain = _cluster_name(reader), _cluster_domain(reader)
    versions = chosen_versions.read_versions(reader, problems)
    networks = cidrs.read_networks(reader)
    roles = roles_of_hosts.read_roles(inputs, reader, problems)
    hosts.check_equality(inputs, problems, roles)
    roles_of_hosts.check_groups(inputs, reader, roles)
    nodes = hosts.read_nodes(inputs, problems, roles)
    hosts.check_separation(reader, nodes, networks)
    cidrs.check_capacity(reader, problems, networks, nodes=len(roles.nodes))
    api_port = port_matrix.read_api_port(reader)
    endpoint = api_endpoint.read_endpoint(reader, problems, roles, nodes, networks, api_port=api_port)
    api_endpoint.check_extra_names(reader)
    api_ports = {port for port in (api_port, endpoint.port if endpoint and endpoint.mode in ("vip", "local") else None) if port is not None}
    pki_directory = _pki_directory(inputs, reader)
    architecture = releases.read_architecture(reader)
    proofs, binaries = _binaries(reader, versions, architecture, pki_directory, problems)
    return _Draft(
        name=name,
        domain=domain,
        versions=versions,
        networks=networks,
        roles=roles,
        nodes=nodes,
        api_port=api_port,
        endpoint=endpoint,
        api_sources=_api_sources(reader, problems, endpoint),
        node_ports=port_matrix.read_node_ports(reader, problems, api_ports=api_ports),
        node_port_sources=port_matrix.read_sources(reader, "cluster_node_port_sources"),
        pod_host_ports=pod_ports.read(reader),
        flannel=flannel_backend.read_flannel(reader),
        architecture=architecture,
        binaries=binaries,
        proofs=proofs,
        registry=releases.read_registry(reader),
        downloads=downloads.read(reader),
        pki_directory=pki_directory,
        renew_before_days=reader.integer("cluster_certificate_renew_before", low=1, high=364),
        admin_days=reader.integer("cluster_admin_certificate_days", low=1, high=365),
        node_certificates=node_certificates.read(reader),
    )


def _api_sources(reader: Reader, problems: Problems, endpoint: api_endpoint.Endpoint | None) -> tuple[str, ...] | None:
    sources = port_matrix.read_sources(reader, "cluster_api_sources")
    if sources and endpoint is not None and endpoint.mode == "external":
        problems.warn(
            "cluster_api_sources must have the addresses of your load balancer: hosts reach the API through it, and masters let in nobody "
            "else but the cluster's hosts"
        )
    return sources


def _build(draft: _Draft, reader: Reader, problems: Problems) -> Spec:
    """The spec of a draft without problems."""
    roles, nodes = draft.roles, draft.nodes
    endpoint, api_port, versions, domain = _sure(draft.endpoint), _sure(draft.api_port), _sure(draft.versions), _sure(draft.domain)
    network = cidrs.as_dict(draft.networks, node_port_range=_sure(draft.node_ports))
    network["node_port_sources"] = port_matrix.with_hosts(_sure(draft.node_port_sources), nodes)
    network["pod_host_ports"] = _sure(draft.pod_host_ports).named
    service_address = network["api_service_address"]
    names = api_endpoint.apiserver_names(reader, roles, nodes, endpoint, domain=domain, service_address=service_address)
    flannel = _sure(draft.flannel)
    proxies = api_endpoint.proxy_hosts(endpoint, roles)
    openings = port_matrix.openings(
        roles,
        nodes,
        api_port=api_port,
        endpoint_port=endpoint.port,
        balanced=endpoint.mode == "vip",
        flannel_on_etcd=flannel.on_etcd,
        api_sources=_sure(draft.api_sources),
    )
    return Spec(
        name=_sure(draft.name),
        domain=domain,
        versions=versions,
        features=chosen_versions.features_of(versions),
        network=network,
        flannel=flannel.as_dict(),
        api={
            "mode": endpoint.mode,
            "host": endpoint.host,
            "port": endpoint.port,
            "url": endpoint.url,
            "server_port": api_port,
            "proxies": proxies,
            "check_interval": api_endpoint.check_interval(len(proxies)),
        },
        nodes=nodes,
        etcd={**_etcd(roles, nodes), "authentication": flannel.on_etcd},
        masters=roles.by_role["master"],
        minions=roles.by_role["minion"],
        node_hosts=roles.nodes,
        etcd_hosts=roles.by_role["etcd"],
        balancers=roles.by_role["balancer"],
        certificates={
            "apiserver": names,
            "renew_before_days": _sure(draft.renew_before_days),
            "administrator": renewal.of_administrator(_sure(draft.admin_days), _sure(draft.renew_before_days)),
            **node_certificates.as_dict(_sure(draft.node_certificates)),
        },
        architecture=_sure(draft.architecture),
        binaries=draft.binaries,
        checksums=_sure(draft.proofs).as_dict(),
        images=releases.images(versions, registry=_sure(draft.registry)),
        downloads=downloads.complete(draft.downloads, network=network, domain=domain, api_host=endpoint.host),
        ports=tuple(openings),
        components={
            name: component.as_dict()
            for name, component in component_table.components(api_server_port=api_port, api_endpoint_port=endpoint.port).items()
        },
        paths=component_table.PATHS,
        pki_directory=_sure(draft.pki_directory),
        identity={
            "name": _sure(draft.name),
            "pod_cidr": network["pod_cidr"],
            "service_cidr": network["service_cidr"],
            "flannel_backend": flannel.backend,
        },
        warnings=tuple(problems.warnings),
    )


T = t.TypeVar("T")


def _sure(part: T | None) -> T:
    if part is None:
        raise AssertionError("a part of the spec is missing though no problem was found")
    return part


def _binaries(
    reader: Reader, versions: dict[str, str] | None, architecture: str | None, pki_directory: str | None, problems: Problems
) -> tuple[checksums.Checksums | None, dict[str, t.Any]]:
    """How downloads are proven, and the downloads; nothing as far as something of it has a fault."""
    mirror = releases.read_mirror(reader)
    found = releases.releases(versions, architecture=architecture) if versions is not None and architecture is not None else []
    names = [name for release in found for name in (release.name, release.file_name)]
    proofs = checksums.read(reader, names=names, mirror=mirror, pki_directory=pki_directory)
    if architecture is None or mirror is None or proofs is None:
        return proofs, {}
    items = releases.items(found, architecture=architecture, mirror=mirror, checksums=proofs)
    unproven = releases.unproven(items)
    if unproven:
        problems.warn(
            f"cluster_mirror {mirror} is http: {', '.join(unproven)} and their checksums come by the same clear text, and whoever can "
            "change one on the way can change the other. Give the checksums in cluster_checksums, or use https"
        )
    return proofs, items


def _jsonable(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {key: _jsonable(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(entry) for entry in value]
    return value


def _etcd(roles: roles_of_hosts.Roles, nodes: t.Mapping[str, hosts.Node]) -> dict[str, t.Any]:
    entries = [
        {
            "host": host,
            "name": nodes[host].name,
            "address": nodes[host].address,
            **component_table.etcd_urls(nodes[host].address),
        }
        for host in roles.by_role["etcd"]
    ]
    return {
        "members": entries,
        "client_urls": [entry["client_url"] for entry in entries],
        "initial_cluster": ",".join(f"{entry['name']}={entry['peer_url']}" for entry in entries),
    }


def _cluster_name(reader: Reader) -> str | None:
    text = reader.text("cluster_name")
    fault = naming.label_fault(text) if text is not None else ""
    if fault:
        reader.fault("cluster_name", fault, "Write e.g. kubernetes")
    return text


def _cluster_domain(reader: Reader) -> str | None:
    text = reader.text("cluster_domain")
    fault = naming.subdomain_fault(text) if text is not None else ""
    if fault:
        reader.fault("cluster_domain", fault, f"Write e.g. {naming.mended_name(text or '') if text else 'cluster.local'}")
    return text


def _pki_directory(inputs: ClusterInputs, reader: Reader) -> str | None:
    """Absolute: a relative path counts from the inventory's folder."""
    base = inputs.inventory_directory
    text = reader.text("cluster_pki_directory") if reader.given("cluster_pki_directory") else "pki"
    if text is None:
        return None
    if not text or (base is None and not posixpath.isabs(text)):
        reader.problem(
            reader.where("cluster_pki_directory"),
            "is empty" if not text else _why_no_default(inputs),
            "Set it to an absolute path on the controller, outside of version control",
        )
        return None
    if controller_job.is_job(inputs.job) and controller_job.is_lost(text, inventory_directory=base):
        reader.problem(
            reader.where("cluster_pki_directory"),
            f"is {text!r}, beside the inventory, and this is a job of AWX: the authorities would be lost with its container",
            "Set it to an absolute path of a volume that every job mounts",
        )
        return None
    return posixpath.normpath(posixpath.join(base or "/", text))


def _why_no_default(inputs: ClusterInputs) -> str:
    if inputs.inventory_directories:
        return f"has no default, because this inventory is in several folders: {', '.join(inputs.inventory_directories)}"
    return "has no default, because this inventory is not a folder on disk"


def _check_job(inputs: ClusterInputs, problems: Problems) -> None:
    fault = controller_job.slice_fault(inputs.job)
    if fault:
        problems.add(
            "this job of AWX",
            fault,
            "Set the number of job slices of the template to 1, and divide the hosts by limits (docs/many-hosts.md); or, if it is no "
            "slice, give the workflow another name",
        )


def _check_names_of_variables(inputs: ClusterInputs, problems: Problems) -> None:
    """Misspelt variables would be silently without effect."""
    seen = [("", name) for name in inputs.variables]
    seen += [(host, name) for host, variables in inputs.hosts.items() for name in variables]
    said: set[str] = set()
    for host, name in seen:
        if name in said or name in CLUSTER or name in HOST:
            continue
        cluster = name.startswith("cluster_")
        near = nearest(name, CLUSTER, cutoff=0.8) if cluster else nearest(name, HOST, cutoff=0.85) if name.startswith("node_") else ""
        if not cluster and not near:
            continue
        said.add(name)
        origin = inputs.origins.get((host, name))
        where = f"{name}{f' ({origin})' if origin else ''}"
        if near:
            problems.add(where, "is not a variable of this collection", f"Did you mean {near}?")
        else:
            problems.warn(f"{where} is not a variable of this collection and has no effect here")
