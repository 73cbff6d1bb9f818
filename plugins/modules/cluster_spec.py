# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Implemented by the action plugin of the same name; this file is its documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_spec
short_description: Resolve and validate a cluster from its inventory
version_added: 0.1.0
description:
  - Turns the inventory and its variables into one description of the cluster, on the controller, before any host is reached.
  - Fails with a list of everything that is wrong, each with the place and with what to write instead.
  - Its result is the spec, to be registered as C(cluster), the name that the collection's roles read. With C(run_once=true) one call
    serves every host of the play; the free strategy knows no C(run_once), there every host resolves for itself.
  - Roles that are used alone need no such task; they resolve the cluster by P(barehost.kubernetes.cluster_spec#lookup).
  - Warnings are Ansible's own, shown once. One is for each authority in the PKI directory that has less than a year left.
  - All hosts of the inventory count, whatever C(--limit) says.
  - Values of C(--tags) and C(--skip-tags) that nothing in the playbooks of the command line has are an error. With the tag V(always), the
    task finds them whatever tags were given. It finds nothing where an C(include_tasks) is to run, whose tasks are not read yet.
author:
  - The barehost.kubernetes authors (@barehost)
options:
  hosts_from_groups:
    description:
      - Whether the plays run on the inventory's groups C(etcd), C(master), C(minion) and C(balancer). The collection's playbooks do.
      - A variable C(cluster_<role>_hosts) that names other hosts than the group is then an error. Plays would not reach them.
    type: bool
    default: false
  versions:
    description:
      - By name of a program, such as V(kubernetes) or V(etcd), the version to use in place of that in the variables.
      - An upgrade resolves its stages with it. Roles and playbooks read the versions of the result, never the variables.
    type: dict
    default: {}
  show:
    description: Print the spec, whatever the verbosity.
    type: bool
    default: false
attributes:
  check_mode:
    description: Changes nothing; runs the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
  platform:
    description: Runs on the controller; needs the Python package netaddr there.
    platforms: posix
    support: full
notes:
  - The variables below are read from the inventory. Those whose names begin with C(cluster_) must be the same for all hosts of the
    cluster, usually in C(group_vars/all). A misspelt name is an error; a null counts as not set.
  - C(cluster_name) (text, default V(kubernetes)). One DNS label of up to 63 characters.
  - C(cluster_domain) (text, default V(cluster.local)). The DNS domain of services.
  - C(cluster_kubernetes_version) (version, default V(1.37.1)). Three numbers without C(v). Known are 1.37, 1.36 and 1.35;
    V(1.37.1), V(1.36.3) and V(1.35.4) are tested, others give a warning.
  - C(cluster_node_version) (version, default that of C(cluster_kubernetes_version)). That of kubelet and kube-proxy, which may be up to
    three minor versions older.
  - C(cluster_emulated_version) (minor version, default empty). An older minor version, V(1.36) for 1.37, whose APIs and features the
    control plane has. Its programs can then go back to it. Nodes must not be newer.
  - C(cluster_etcd_version) (version, default by Kubernetes version, V(3.7.2) for 1.37). 1.37 takes 3.6.11 up
    to 3.7, 1.36 takes 3.6 and 3.7, 1.35 takes 3.6.
  - C(cluster_cri_dockerd_version) (version, default V(0.4.4)). 0.3.26 up to 0.4.
  - C(cluster_cni_plugins_version) (version, default V(1.9.1)). 1.0.0 or newer.
  - C(cluster_flannel_version) (version, default V(0.28.9)). 0.28.
  - C(cluster_coredns_version) (version, default V(1.14.7)). 1.14.
  - C(cluster_pause_version) (version, default V(3.10.2)). 3.9.0 or newer.
  - C(cluster_docker_version) (version, default empty). 26.1.0 or newer; empty takes what the package repository offers.
  - C(cluster_pod_cidr) (network, default V(10.255.0.0/16)). IPv4; must not overlap the services or a host.
  - C(cluster_node_cidr_size) (integer, default V(24)). Prefix length of one node's pod network, from that of the pod network to
    16 more, at most 28; below 110 pod addresses there is a warning.
  - C(cluster_service_cidr) (network, default V(10.254.0.0/16)). IPv4, from /12 to /28.
  - C(cluster_dns_address) (address, default the tenth of the service network).
  - C(cluster_node_port_range) (two ports, default V(30000-32767)). From 1 to 65535, without a port that the hosts use themselves.
  - C(cluster_node_port_sources) (list of IPv4 addresses and networks, default empty). Who may reach NodePorts and host ports of pods.
    Empty means everybody, whom the list replaces; the hosts of the cluster and their pods may in any case.
  - C(cluster_pod_host_ports) (list of ports, default not set). What pods reach of their own host, besides the API and the kubelet, as
    V(9100/tcp) or V(9000-9010/udp). An empty list means nothing. Not set means every port. Ports of etcd and of the pod network's tunnel
    are closed to pods in any case.
  - C(cluster_flannel_backend) (choice, default V(kube)). Where flannel keeps which node has which part of the pod network. V(kube) is
    the Kubernetes API. V(etcd) is etcd itself, which then asks everybody for a user and lets flannel's touch nothing but
    C(cluster_flannel_etcd_prefix). To be chosen before the first run.
  - C(cluster_flannel_etcd_prefix) (prefix, default V(/k8s/network)). Where flannel's keys are in etcd, with that backend.
  - C(cluster_api_port) (integer, default V(6443)). The port of the apiservers, from 1024 to 65535.
  - C(cluster_api_endpoint_mode) (choice, default by the inventory). V(direct) with one master, V(vip) when there are balancers, else
    V(local), where each node has a proxy on its loopback address; or V(external).
  - C(cluster_api_endpoint_host) (address or DNS name, default empty). In mode V(direct) the master's address when empty; the virtual
    address in mode V(vip); the load balancer in mode V(external).
  - C(cluster_api_endpoint_port) (integer, default C(cluster_api_port), in mode V(local) V(6444)). From 1 to 65535.
  - C(cluster_api_extra_sans) (list of DNS names and addresses, default empty). Further names for the apiserver's certificate.
  - C(cluster_api_sources) (list of IPv4 addresses and networks, default empty). Who may reach the Kubernetes API. Empty means everybody,
    whom the list replaces; the hosts of the cluster and their pods may in any case.
  - C(cluster_etcd_hosts), C(cluster_master_hosts), C(cluster_minion_hosts), C(cluster_balancer_hosts) (lists of inventory names,
    default the groups C(etcd), C(master), C(minion) and C(balancer)). They replace the groups.
  - C(cluster_interface) (interface name, default empty). The interface of the cluster's traffic;
    empty means the one that has the host's address.
  - C(cluster_mirror) (http or https address, default empty). Where C(dl.k8s.io/) and C(github.com/) are mirrored, with the checksum
    files that upstream publishes there, such as etcd's C(SHA256SUMS), and a C(.sha256) beside every file for which it publishes none.
  - C(cluster_mirror_own_builds) (boolean, default V(false)). Whether the mirror's programs are other builds than upstream's files. The
    collection's pins do not count then; the mirror's checksum files do.
  - C(cluster_image_registry) (registry, default empty). Host, port and path of a registry that has the images under upstream's paths.
  - C(cluster_http_proxy), C(cluster_https_proxy) (addresses of proxies, default empty). Through which proxy the downloads of hosts with
    C(http://) and C(https://) go. The collection's own downloads, dnf and Docker use them, and nothing else does on hosts. The
    controller asks for checksum files through them, and without them if it gets no answer. They begin with C(http://), have a port and
    no login. A proxy in C(dnf.conf) or in C(docker_daemon_options) goes before them.
  - C(cluster_no_proxy) (list, default empty). What is downloaded without the proxy, besides the networks, names and addresses of the
    cluster itself. Names, which stand for the names below them too, domains that begin with a dot, IPv4 addresses and networks.
  - C(cluster_ca_bundle) (certificates as PEM, default empty). The authorities of C(cluster_mirror) and C(cluster_image_registry), where
    hosts do not trust them already. Used for these two alone, and for C(docker_repository_baseurl) on the host of the mirror. The
    controller trusts them where it asks the mirror for checksum files.
  - C(cluster_checksums) (map, default empty). sha256 by program or file name; replaces every other source for it. Without it the digests
    count that the collection pins, which are those of upstream's own files. For what is not pinned, checksum files are asked for. For
    cri-dockerd and flannel upstream publishes none; there, and without a mirror, it is GitHub's REST API (C(api.github.com)), which has
    digests of files uploaded since June 2025, and answers 60 requests an hour from one address. It was developed where this API could
    not be reached, from GitHub's documentation.
  - C(cluster_checksums_asked_by) (choice, default V(controller)). Who asks for the digests of what is not pinned. V(controller), once a
    run; if it gets no answer, hosts do. V(hosts), each when it installs, for controllers that do not reach the servers.
  - C(cluster_checksums_file) (path, default C(checksums.txt) beside the PKI directory). On the controller; the digests that were asked
    for, so that later hosts get the same files. A relative path counts from the folder that holds the PKI directory.
  - C(cluster_architecture) (choice, default V(amd64)). V(amd64) or V(arm64), for all hosts.
  - C(cluster_pki_directory) (path, default C(pki) in the inventory's folder). On the controller; holds the keys of the authorities.
  - C(cluster_certificate_renew_before) (integer, default V(30)). Days before the end of a certificate from which on C(site.yml) renews it,
    from 1 to 364.
  - C(cluster_admin_certificate_days) (integer, default V(90)). Days for which the certificates of the administrator are valid,
    on the masters and on the controller, from 1 to 365. Fewer than 365 are renewed in their last third. C(site.yml) must run that often.
  - C(cluster_node_certificates) (choice, default V(issued)). Who renews the certificates of kubelets. V(issued), C(site.yml) does;
    V(rotated), kubelets do, which puts the key of an authority onto the masters. See docs/tasks/rotate-kubelet-certificates.md before.
  - C(master_registers_node) (boolean, default V(true)). Whether masters are nodes too, with the control plane's taint.
  - Per host, C(node_address) (address, default C(ansible_host), else the inventory name, when that is an address). IPv4,
    by which other hosts reach it.
  - Per host, C(node_name) (DNS name, default the inventory name in lower case). At most 63 characters per part;
    at most 52 in all where a kubelet runs and 64 elsewhere, because it is a part of the common name of certificates.
  - Per host, C(node_interface) (interface name, default C(cluster_interface)). At most 15 characters.
  - Per host, C(node_labels) (map of text, default empty). Labels a kubelet may give itself. They add to those of its roles.
  - Per host, C(node_taints) (list, default empty). C(key=value:Effect), C(key:Effect) or maps
    of C(key), C(value), C(effect). A master that is no
    minion has the control plane's taint besides.
"""

EXAMPLES = r"""
- name: Resolve the cluster
  barehost.kubernetes.cluster_spec:
  run_once: true
  register: cluster

- name: Show where the API is
  ansible.builtin.debug:
    msg: "{{ cluster.api.url }} serves Kubernetes {{ cluster.versions.kubernetes }}"
"""

RETURN = r"""
name:
  description: The cluster's name.
  returned: success
  type: str
  sample: kubernetes
domain:
  description: The DNS domain of services.
  returned: success
  type: str
  sample: cluster.local
versions:
  description: The version of every program, without C(v); C(docker) is empty for what the package repository offers. C(node) is that
    of kubelet and kube-proxy. C(emulated) is empty, or a minor version.
  returned: success
  type: dict
  sample:
    kubernetes: 1.37.1
    node: 1.37.1
    emulated: ""
    etcd: 3.7.2
    cri_dockerd: 0.4.4
    cni_plugins: 1.9.1
    flannel: 0.28.9
    coredns: 1.14.7
    pause: 3.10.2
    docker: ""
features:
  description: What these versions ask for. C(apiserver_feature_gates) by name, C(docker_minimum).
  returned: success
  type: dict
  sample: {apiserver_feature_gates: {ExtendWebSocketsToKubelet: false}, docker_minimum: 26.1.0}
network:
  description: The cluster's networks.
  returned: success
  type: dict
  sample:
    pod_cidr: 10.255.0.0/16
    node_cidr_size: 24
    service_cidr: 10.254.0.0/16
    dns_address: 10.254.0.10
    api_service_address: 10.254.0.1
    node_port_range: 30000-32767
    node_port_sources: []
    pod_host_ports: null
flannel:
  description: C(backend), V(kube) or V(etcd), and C(etcd_prefix).
  returned: success
  type: dict
  sample: {backend: kube, etcd_prefix: /k8s/network}
api:
  description: Where nodes and clients reach the API. C(mode), C(host), C(port), C(url); C(server_port), on which the apiservers
    listen; C(proxies), the hosts that run a proxy in front of them.
  returned: success
  type: dict
  sample: {mode: direct, host: 192.0.2.10, port: 6443, url: "https://192.0.2.10:6443", server_port: 6443, proxies: []}
nodes:
  description: Every host of the cluster by its inventory name. C(host), C(name), C(address), C(interface), C(roles), C(labels), C(taints).
  returned: success
  type: dict
  sample:
    node1:
      host: node1
      name: node1
      address: 192.0.2.11
      interface: ""
      roles: [minion]
      labels: {}
      taints: []
etcd:
  description:
    - C(members), each with C(host), C(name), C(address), C(client_url) and C(peer_url); C(client_urls); C(initial_cluster);
      C(authentication), whether etcd has users.
  returned: success
  type: dict
  sample:
    members: [{host: m1, name: m1, address: 192.0.2.10, client_url: "https://192.0.2.10:2379", peer_url: "https://192.0.2.10:2380"}]
    client_urls: ["https://192.0.2.10:2379"]
    initial_cluster: m1=https://192.0.2.10:2380
    authentication: false
masters:
  description: Inventory names of the masters.
  returned: success
  type: list
  elements: str
minions:
  description: Inventory names of the minions.
  returned: success
  type: list
  elements: str
node_hosts:
  description: Inventory names of all hosts that run a kubelet.
  returned: success
  type: list
  elements: str
etcd_hosts:
  description: Inventory names of the etcd members.
  returned: success
  type: list
  elements: str
balancers:
  description: Inventory names of the balancers.
  returned: success
  type: list
  elements: str
certificates:
  description:
    - C(apiserver) with the subject alternative names, C(dns) and C(ips), of every apiserver.
    - C(renew_before_days), the days before the end of a certificate from which on it is renewed.
    - C(administrator) with the same for the administrator's certificates, and C(days), their lifetime.
    - C(nodes), who renews the certificates of kubelets, V(issued) or V(rotated).
    - C(node_authority), whether hosts trust the authority that signs for kubelets.
    - C(chain), whether the authority of the API has others above it.
  returned: success
  type: dict
  sample:
    apiserver: {dns: [kubernetes, localhost], ips: [127.0.0.1, 10.254.0.1]}
    renew_before_days: 30
    administrator: {days: 90, renew_before_days: 30}
    nodes: issued
    node_authority: false
    chain: false
binaries:
  description: Every download by its name, as the C(binaries) of M(barehost.kubernetes.component) take it.
  returned: success
  type: dict
  sample:
    kubelet:
      name: kubelet
      version: 1.37.1
      url: https://dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubelet
      sha256: cee008c1640c3b41820ef31d35b3cffc132b0c4b78c288be2b8022ebc7aa8293
      pinned_by: collection
      install: [{path: /usr/local/bin/kubelet}]
architecture:
  description: That of all programs, V(amd64) or V(arm64).
  returned: success
  type: str
  sample: amd64
checksums:
  description: C(file), the record of digests on the controller; C(asked_by), who asks for what is not pinned; C(given), the digests of the
    inventory, by program or file name; C(own_builds), whether the mirror has other builds than upstream's.
  returned: success
  type: dict
  sample: {file: /srv/inventories/prod/checksums.txt, asked_by: controller, given: {}, own_builds: false}
images:
  description: Full references of the images C(pause) and C(coredns).
  returned: success
  type: dict
  sample: {pause: "registry.k8s.io/pause:3.10.2", coredns: "registry.k8s.io/coredns/coredns:v1.14.7"}
downloads:
  description:
    - How hosts reach what they download. C(http_proxy), C(https_proxy); C(no_proxy), with the networks and names of the cluster, but not
      its hosts; C(ca_bundle).
  returned: success
  type: dict
  sample:
    http_proxy: http://proxy.example.org:3128
    https_proxy: http://proxy.example.org:3128
    no_proxy: [localhost, 127.0.0.0/8, 10.255.0.0/16, 10.254.0.0/16, .cluster.local, 192.0.2.10, .example.org]
    ca_bundle: ""
ports:
  description:
    - What the firewall lets in. C(name), C(port), C(protocol) (VRRP has port 0), the C(roles) whose
      hosts open it, C(sources) (empty for anyone), C(reason), C(pods) (whether pods are among the callers).
  returned: success
  type: list
  elements: dict
  sample:
    - name: barehost-etcd-peer
      port: 2380
      protocol: tcp
      roles: [etcd]
      sources: [192.0.2.10]
      reason: etcd, among its members
      pods: false
components:
  description:
    - The programs that run on hosts, by name with underscores. C(etcd), C(etcd_snapshot), C(etcd_snapshot_timer), C(kube_apiserver),
      C(kube_apiserver_liveness), C(kubelet_certificate_approver), C(kube_controller_manager), C(kube_scheduler), C(kubectl), C(kubelet),
      C(kube_proxy), C(docker), C(cri_dockerd), C(cri_dockerd_socket), C(flanneld), C(haproxy), C(nginx), C(check_apiservers),
      C(keepalived), C(chronyd), C(firewalld), C(packet_filter).
    - Each with those of these fields that it has a value for. C(unit), the systemd unit; C(program), the path of its program;
      C(tools), further programs by name; C(directory) and C(files) of its configuration, the files by subject; C(pki), the C(directory)
      of its certificates and the paths of CA certificates; C(pairs), the paths C(cert) and C(key) of its certificates by their user;
      C(data_directory), the default if it can be changed; C(socket); C(table), the table of nftables with its
      family; C(ports), each with C(number), C(purpose) and C(protocol);
      C(urls), where it answers on its own host; C(health), its health checks as a unit of M(barehost.kubernetes.component) takes them.
  returned: success
  type: dict
  sample:
    kube_scheduler:
      unit: kube-scheduler.service
      program: /usr/local/bin/kube-scheduler
      directory: /etc/kubernetes
      files:
        common: /etc/kubernetes/config
        settings: /etc/kubernetes/scheduler
        kubeconfig: /etc/kubernetes/scheduler.kubeconfig
      pki: {directory: /etc/kubernetes/pki, ca: /etc/kubernetes/pki/ca.crt}
      pairs:
        scheduler: {cert: /etc/kubernetes/pki/scheduler.crt, key: /etc/kubernetes/pki/scheduler.key}
      ports:
        secure: {number: 10259, purpose: kube-scheduler, protocol: tcp}
      health:
        - http: https://127.0.0.1:10259/healthz
          ca: /etc/kubernetes/pki/ca.crt
paths:
  description:
    - Directories that several components share. C(programs), C(cni_programs), C(cni), C(cni_state), C(helpers) (programs of this
      collection), C(settings) (their configuration), C(identity) (to which cluster the host belongs), C(kubernetes), C(kubernetes_pki).
  returned: success
  type: dict
  sample: {programs: /usr/local/bin, helpers: /usr/local/libexec/barehost, kubernetes_pki: /etc/kubernetes/pki}
pki_directory:
  description: Absolute path on the controller.
  returned: success
  type: str
  sample: /srv/inventories/prod/pki
identity:
  description: Settings that a running cluster cannot change. Each host has a record of them, and a run with others is refused.
  returned: success
  type: dict
  sample: {name: kubernetes, pod_cidr: 10.255.0.0/16, service_cidr: 10.254.0.0/16, flannel_backend: kube}
"""
