#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# usage, on a node: node.sh NAME ADDRESS REGISTRY
set -euo pipefail
name=$1 address=$2 registry=$3
pki=/etc/by-hand
run() { systemd-run -q --unit="$1" "${@:2}"; }
sysctl -q -w net.ipv4.ip_forward=1
run hand-cri /opt/by-hand/cri-dockerd --container-runtime-endpoint=unix:///run/cri-dockerd.sock --network-plugin=cni \
    --pod-infra-container-image="$registry/pause:3.10.2"
until [ -S /run/cri-dockerd.sock ]; do sleep 0.1; done
cat > $pki/kubelet.yaml <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix:///run/cri-dockerd.sock
authentication: {x509: {clientCAFile: $pki/ca.crt}}
cgroupDriver: systemd
failCgroupV1: false
failSwapOn: false
tlsCertFile: $pki/kubelet-$name.crt
tlsPrivateKeyFile: $pki/kubelet-$name.key
localStorageCapacityIsolation: false
oomScoreAdj: 0
YAML
run hand-kubelet -p Delegate=yes /opt/by-hand/kubelet --config=$pki/kubelet.yaml --kubeconfig="$pki/kubelet-$name.kubeconfig" \
    --hostname-override="$name" --node-ip="$address"
echo '{"Network": "10.255.0.0/16", "Backend": {"Type": "vxlan"}}' > $pki/flannel.json
run hand-flannel -p Restart=on-failure -p RestartSec=0.5 -p StartLimitIntervalSec=0 --setenv=NODE_NAME="$name" /opt/by-hand/flanneld \
    --kube-subnet-mgr --kubeconfig-file=$pki/admin.kubeconfig --net-config-path=$pki/flannel.json --ip-masq --iface="$address"
until [ -s /run/flannel/subnet.env ]; do sleep 0.1; done
# shellcheck disable=SC1091
. /run/flannel/subnet.env
cat > /etc/cni/net.d/10-flannel.conflist <<JSON
{"cniVersion": "1.0.0", "name": "flannel", "plugins": [{"type": "bridge", "bridge": "cni0", "isDefaultGateway": true, "hairpinMode": true,
 "mtu": $FLANNEL_MTU, "ipam": {"type": "host-local", "ranges": [[{"subnet": "${FLANNEL_SUBNET%.1/*}.0/24"}]]}}]}
JSON
cat > $pki/proxy.yaml <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $pki/proxy.kubeconfig}
mode: nftables
clusterCIDR: 10.255.0.0/16
conntrack: {maxPerCore: 0, min: 0}
YAML
run hand-proxy /opt/by-hand/kube-proxy --config=$pki/proxy.yaml --hostname-override="$name"
