# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The components of a cluster: their units, programs, files, ports and health checks. The only place that names them.

Roles and playbooks read the table as ``cluster.components`` and ``cluster.paths``. Python on the controller imports this module.
Python on the hosts gets what it needs in its payload.

A setting that a role offers as a variable is not repeated here: the health port of flannel and the folder of scheduled snapshots, for
example. The data directory of etcd is the exception, because playbooks need it too: the table holds the default of
``etcd_data_directory``.
"""

from __future__ import annotations

import dataclasses
import typing as t

API_PORT = 6443  # the default of cluster_api_port
LOCAL_API_PORT = 6444  # the port of a node's own proxy, on 127.0.0.1: the apiserver of a master holds 6443 on all addresses


class Check(t.TypedDict, total=False):
    """A health check, as the option ``health`` of a unit takes it. Who uses it adds a deadline and a message."""

    http: str
    tcp: str
    socket: str
    ca: str
    cert: str
    key: str
    contains: str


@dataclasses.dataclass(frozen=True)
class Pair:
    """The paths of a certificate and its key."""

    cert: str
    key: str


@dataclasses.dataclass(frozen=True)
class Port:
    """A port that the component listens on. ``purpose`` completes the sentence "the port of …"."""

    number: int
    purpose: str
    protocol: str = "tcp"


@dataclasses.dataclass(frozen=True)
class Component:
    """One program that runs on hosts, by what others must know of it. A field is empty where a component has no such thing."""

    unit: str
    program: str = ""
    tools: t.Mapping[str, str] = dataclasses.field(default_factory=dict)  # programs beside it, by name
    directory: str = ""  # of its configuration
    files: t.Mapping[str, str] = dataclasses.field(default_factory=dict)  # configuration and state, by subject
    pki: t.Mapping[str, str] = dataclasses.field(default_factory=dict)  # CA certificates and the directory of all certificates and keys
    pairs: t.Mapping[str, Pair] = dataclasses.field(default_factory=dict)  # certificates with keys, by the name of the user or server
    data_directory: str = ""
    socket: str = ""
    table: str = ""  # of nftables, with its family
    ports: t.Mapping[str, Port] = dataclasses.field(default_factory=dict)
    urls: t.Mapping[str, str] = dataclasses.field(default_factory=dict)  # where it answers on its own host
    health: tuple[Check, ...] = ()

    def as_dict(self) -> dict[str, t.Any]:
        """Plain data without the empty fields: the spec is copied for every host."""
        return {field: value for field, value in dataclasses.asdict(self).items() if value}


# Directories that several components share.
PATHS: t.Mapping[str, str] = {
    "programs": "/usr/local/bin",
    "cni_programs": "/opt/cni/bin",
    "cni": "/etc/cni/net.d",
    "cni_state": "/var/lib/cni",  # of the plugins: pods' addresses, and what they have set up
    "helpers": "/usr/local/libexec/barehost",  # our own programs
    "settings": "/etc/barehost",  # their configuration
    "identity": "/etc/barehost/cluster.json",  # to which cluster the host belongs
    "kubernetes": "/etc/kubernetes",
    "kubernetes_pki": "/etc/kubernetes/pki",
}
_BIN, _HELPERS, _SETTINGS = PATHS["programs"], PATHS["helpers"], PATHS["settings"]
_KUBERNETES, _PKI = PATHS["kubernetes"], PATHS["kubernetes_pki"]
_ETCD = "/etc/etcd"
_ETCD_PKI = f"{_ETCD}/pki"


def _pairs(directory: str, *names: str) -> dict[str, Pair]:
    """Each name is that of the files; as a key it has underscores, so that templates can write it with a dot."""
    return {name.replace("-", "_"): Pair(f"{directory}/{name}.crt", f"{directory}/{name}.key") for name in names}


def _local(scheme: str, port: int) -> str:
    return f"{scheme}://127.0.0.1:{port}"


_ETCD_PAIRS = _pairs(_ETCD_PKI, "member", "root")
_ETCD_PORTS = {"client": Port(2379, "etcd's clients"), "peer": Port(2380, "etcd's peers"), "metrics": Port(2381, "etcd's metrics")}
ETCD = Component(
    unit="etcd.service",
    program=f"{_BIN}/etcd",
    tools={"etcdctl": f"{_BIN}/etcdctl", "etcdutl": f"{_BIN}/etcdutl"},
    directory=_ETCD,
    files={
        "settings": f"{_ETCD}/etcd.conf",
        "initial_cluster": f"{_ETCD}/initial-cluster.conf",
        "started": f"{_ETCD}/member-started",  # made at the first start: the member had data once
        "shell_profile": "/etc/profile.d/etcdctl.sh",
    },
    pki={"directory": _ETCD_PKI, "ca": f"{_ETCD_PKI}/ca.crt"},
    # root is etcd's administrator
    pairs=_ETCD_PAIRS,
    data_directory="/var/lib/etcd",
    ports=_ETCD_PORTS,
    urls={"client": _local("https", _ETCD_PORTS["client"].number), "metrics": _local("http", _ETCD_PORTS["metrics"].number)},
    health=(
        {
            # Not the alarm NOSPACE: a member that is full must be restarted with a larger quota, and only a compaction ends the alarm.
            "http": f"{_local('https', _ETCD_PORTS['client'].number)}/health?exclude=NOSPACE",
            "ca": f"{_ETCD_PKI}/ca.crt",
            "cert": _ETCD_PAIRS["member"].cert,
            "key": _ETCD_PAIRS["member"].key,
            "contains": '"health":"true"',
        },
    ),
)


def etcd_urls(address: str) -> dict[str, str]:
    """Where a member at this address serves clients and its peers."""
    return {f"{name}_url": f"https://{address}:{ETCD.ports[name].number}" for name in ("client", "peer")}


ETCD_SNAPSHOT = Component(
    unit="etcd-snapshot.service",
    program=f"{_HELPERS}/etcd-snapshot",
    files={"settings": f"{_SETTINGS}/etcd-snapshot.json"},
)
ETCD_SNAPSHOT_TIMER = Component(
    unit="etcd-snapshot.timer",
    files={"last_run": "/var/lib/systemd/timers/stamp-etcd-snapshot.timer"},
)

_CONTROL_PLANE_PKI = {"directory": _PKI, "ca": f"{_PKI}/ca.crt"}
# Only where kubelets rotate their certificates: the authority that signs them, and what apiservers and nodes know kubelets by then.
_NODE_PKI = {"node_ca": f"{_PKI}/node-ca.crt", "kubernetes_and_node_ca": f"{_PKI}/kubernetes-and-node-ca.crt"}
# The EnvironmentFile that all programs of the control plane share.
_COMMON = f"{_KUBERNETES}/config"


def _kube_apiserver(port: int) -> Component:
    """The apiserver, which listens on a port that the cluster chooses."""
    return Component(
        unit="kube-apiserver.service",
        program=f"{_BIN}/kube-apiserver",
        directory=_KUBERNETES,
        files={
            "common": _COMMON,
            "settings": f"{_KUBERNETES}/apiserver",
            "authentication": f"{_KUBERNETES}/authentication-config.yaml",
            "admission": f"{_KUBERNETES}/admission-config.yaml",
            "audit_policy": f"{_KUBERNETES}/audit-policy.yaml",
            "encryption": f"{_KUBERNETES}/encryption-config.yaml",
            "service_account_public_key": f"{_PKI}/service-account.pub",
            "service_account_key": f"{_PKI}/service-account.key",
        },
        pki={
            **_CONTROL_PLANE_PKI,
            "etcd_ca": f"{_PKI}/etcd-ca.crt",
            "front_proxy_ca": f"{_PKI}/front-proxy-ca.crt",
            "kubernetes_and_node_ca": _NODE_PKI["kubernetes_and_node_ca"],
        },
        pairs=_pairs(_PKI, "apiserver", "apiserver-kubelet-client", "apiserver-etcd-client", "front-proxy-client"),
        data_directory="/var/log/kubernetes",
        urls={"api": _local("https", port)},
        health=({"http": f"{_local('https', port)}/readyz", "ca": f"{_PKI}/ca.crt"},),
    )


# Ends an apiserver that is not live any more.
KUBE_APISERVER_LIVENESS = Component(
    unit="kube-apiserver-liveness.service",
    program=f"{_HELPERS}/kube-apiserver-liveness",
    files={"settings": f"{_SETTINGS}/kube-apiserver-liveness.json"},
)


# Approves the serving certificates that kubelets ask for.
KUBELET_CERTIFICATE_APPROVER = Component(
    unit="kubelet-certificate-approver.service",
    program=f"{_HELPERS}/kubelet-certificate-approver",
    files={"settings": f"{_SETTINGS}/kubelet-certificate-approver.json"},
    pki=_CONTROL_PLANE_PKI,
    pairs=_pairs(_PKI, "kubelet-certificate-approver"),
)


def _control_loop(name: str, port: Port, **pki: str) -> Component:
    """The controller manager and the scheduler: set up alike, both clients of the apiserver beside them."""
    short = name.removeprefix("kube-")
    return Component(
        unit=f"{name}.service",
        program=f"{_BIN}/{name}",
        directory=_KUBERNETES,
        files={"common": _COMMON, "settings": f"{_KUBERNETES}/{short}", "kubeconfig": f"{_KUBERNETES}/{short}.kubeconfig"},
        pki={**_CONTROL_PLANE_PKI, **pki},
        pairs=_pairs(_PKI, short),
        ports={"secure": port},
        health=({"http": f"{_local('https', port.number)}/healthz", "ca": f"{_PKI}/ca.crt"},),
    )


KUBE_CONTROLLER_MANAGER = _control_loop(
    "kube-controller-manager",
    Port(10257, "kube-controller-manager"),
    published_ca=f"{_PKI}/ca.chain.crt",
    node_ca=_NODE_PKI["node_ca"],
    node_ca_key=f"{_PKI}/node-ca.key",
)
KUBE_SCHEDULER = _control_loop("kube-scheduler", Port(10259, "kube-scheduler"))

# Not a service: the administrator's client on masters.
KUBECTL = Component(
    unit="",
    program=f"{_BIN}/kubectl",
    directory="/root/.kube",
    files={"kubeconfig": "/root/.kube/config"},
    pki=_CONTROL_PLANE_PKI,
    pairs=_pairs(_PKI, "admin"),
    data_directory="/root/.kube/cache",
)

_KUBELET_PORTS = {"server": Port(10250, "the kubelet"), "healthz": Port(10248, "the kubelet's health check")}
KUBELET = Component(
    unit="kubelet.service",
    program=f"{_BIN}/kubelet",
    directory=_KUBERNETES,
    files={
        "settings": f"{_KUBERNETES}/kubelet",
        "configuration": f"{_KUBERNETES}/kubelet.yaml",
        "drop_ins": f"{_KUBERNETES}/kubelet.conf.d",
        "kubeconfig": f"{_KUBERNETES}/kubelet.kubeconfig",
        "logins": "/var/lib/kubelet/config.json",
        # what it rotates: links to the present certificate with its key
        "rotated": "/var/lib/kubelet/pki",
        "rotated_client": "/var/lib/kubelet/pki/kubelet-client-current.pem",
        "rotated_server": "/var/lib/kubelet/pki/kubelet-server-current.pem",
    },
    pki={**_CONTROL_PLANE_PKI, "kubernetes_and_node_ca": _NODE_PKI["kubernetes_and_node_ca"]},
    pairs=_pairs(_PKI, "kubelet"),
    data_directory="/var/lib/kubelet",
    ports=_KUBELET_PORTS,
    health=({"http": f"{_local('http', _KUBELET_PORTS['healthz'].number)}/healthz"},),
)

_PROXY_PORTS = {"metrics": Port(10249, "kube-proxy's metrics"), "healthz": Port(10256, "kube-proxy's health check")}
KUBE_PROXY = Component(
    unit="kube-proxy.service",
    program=f"{_BIN}/kube-proxy",
    directory=_KUBERNETES,
    files={
        "settings": f"{_KUBERNETES}/proxy",
        "configuration": f"{_KUBERNETES}/proxy.yaml",
        "kubeconfig": f"{_KUBERNETES}/proxy.kubeconfig",
    },
    pki=_CONTROL_PLANE_PKI,
    pairs=_pairs(_PKI, "proxy"),
    data_directory="/var/lib/kube-proxy",
    ports=_PROXY_PORTS,
    health=({"http": f"{_local('http', _PROXY_PORTS['metrics'].number)}/healthz"},),
)

DOCKER = Component(
    unit="docker.service",
    directory="/etc/docker",
    files={"configuration": "/etc/docker/daemon.json"},
    data_directory="/var/lib/docker",
    socket="/run/docker.sock",
    health=({"socket": "/run/docker.sock"},),
)
CRI_DOCKERD = Component(
    unit="cri-docker.service",
    program=f"{_BIN}/cri-dockerd",
    files={"settings": "/etc/sysconfig/cri-docker", "logins": "/var/lib/cri-dockerd/config.json"},
    data_directory="/var/lib/cri-dockerd",
    socket="/run/cri-dockerd.sock",
    health=({"socket": "/run/cri-dockerd.sock"},),
)
CRI_DOCKERD_SOCKET = Component(unit="cri-docker.socket", socket=CRI_DOCKERD.socket)

FLANNELD = Component(
    unit="flanneld.service",
    program=f"{_BIN}/flanneld",
    tools={"cni": f"{_HELPERS}/flannel-cni", "tunnel": f"{_HELPERS}/flannel-tunnel"},
    files={
        "settings": "/etc/sysconfig/flanneld",
        "network": f"{_KUBERNETES}/flannel-net.json",
        "kubeconfig": f"{_KUBERNETES}/flannel.kubeconfig",
        "subnet": "/run/flannel/subnet.env",
        "addresses": f"{PATHS['cni_state']}/networks/flannel",  # of the pods; "flannel" is the name of the network in the CNI configuration
        "cni_settings": f"{_SETTINGS}/flannel-cni.json",
        "tunnel_settings": f"{_SETTINGS}/flannel-tunnel.json",
        "tunnel": "/run/flannel/tunnel.json",  # for which Node the interface was made
        "cni_configuration": f"{PATHS['cni']}/10-flannel.conflist",
    },
    pki={**_CONTROL_PLANE_PKI, "etcd_ca": f"{_PKI}/etcd-ca.crt"},
    # which of the two there is depends on cluster_flannel_backend
    pairs=_pairs(_PKI, "flannel", "flannel-etcd"),
    data_directory="/run/flannel",
    ports={"vxlan": Port(8472, "flannel's VXLAN", "udp")},
)


def _proxy(name: str, port: int, configuration: str, **rest: t.Any) -> Component:
    """A proxy in front of the apiservers."""
    return Component(
        unit=f"{name}.service",
        directory=f"/etc/{name}",
        files={"configuration": f"/etc/{name}/{configuration}"},
        pki={"directory": f"/etc/{name}", "ca": f"/etc/{name}/kubernetes-ca.crt"},
        data_directory=f"/var/lib/{name}",
        health=({"tcp": f"127.0.0.1:{port}"},),
        **rest,
    )


# Finds for Nginx which apiservers are ready; HAProxy does that itself.
CHECK_APISERVERS = Component(
    unit="check-apiservers.service",
    program=f"{_HELPERS}/check-apiservers",
    directory="/run/nginx-apiservers",
    files={"settings": f"{_SETTINGS}/check-apiservers.json", "ready": "/run/nginx-apiservers/ready.conf"},
)
KEEPALIVED = Component(
    unit="keepalived.service",
    tools={"check": f"{_HELPERS}/check-balancer"},
    directory="/etc/keepalived",
    files={"configuration": "/etc/keepalived/keepalived.conf", "authentication": "/etc/keepalived/authentication.conf"},
)

CHRONYD = Component(unit="chronyd.service", files={"configuration": "/etc/chrony.conf"}, data_directory="/var/lib/chrony")
FIREWALLD = Component(unit="firewalld.service")
# On nodes: what firewalld cannot tell, which is what pods reach of hosts, and who reaches NodePorts.
PACKET_FILTER = Component(
    unit="barehost-packet-filter.service",
    program="/usr/sbin/nft",
    files={"rules": f"{_SETTINGS}/packet-filter.nft"},
    table="inet barehost",
)


def components(*, api_server_port: int = API_PORT, api_endpoint_port: int = API_PORT) -> dict[str, Component]:
    """The whole table by name. The ports of the API are the cluster's choice: where apiservers listen, and where proxies do."""
    return {
        "etcd": ETCD,
        "etcd_snapshot": ETCD_SNAPSHOT,
        "etcd_snapshot_timer": ETCD_SNAPSHOT_TIMER,
        "kube_apiserver": _kube_apiserver(api_server_port),
        "kube_apiserver_liveness": KUBE_APISERVER_LIVENESS,
        "kubelet_certificate_approver": KUBELET_CERTIFICATE_APPROVER,
        "kube_controller_manager": KUBE_CONTROLLER_MANAGER,
        "kube_scheduler": KUBE_SCHEDULER,
        "kubectl": KUBECTL,
        "kubelet": KUBELET,
        "kube_proxy": KUBE_PROXY,
        "docker": DOCKER,
        "cri_dockerd": CRI_DOCKERD,
        "cri_dockerd_socket": CRI_DOCKERD_SOCKET,
        "flanneld": FLANNELD,
        "haproxy": _proxy("haproxy", api_endpoint_port, "haproxy.cfg"),
        "nginx": _proxy("nginx", api_endpoint_port, "nginx.conf"),
        "check_apiservers": CHECK_APISERVERS,
        "keepalived": KEEPALIVED,
        "chronyd": CHRONYD,
        "firewalld": FIREWALLD,
        "packet_filter": PACKET_FILTER,
    }


def certificate_files() -> list[str]:
    """Where hosts have their certificates, each path once."""
    return sorted({pair.cert for component in components().values() for pair in component.pairs.values()})


def ports() -> dict[int, str]:
    """The fixed ports, with their purpose. The ports of the API are not among them: they are variables."""
    return {port.number: port.purpose for component in components().values() for port in component.ports.values()}
