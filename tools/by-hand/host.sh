#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# usage, on a host: host.sh MIRROR
# Installs Docker, and the programs of a release from the mirror.
set -euo pipefail
mirror=$1
systemctl stop firewalld
dnf -q -y install docker-ce docker-ce-cli containerd.io iptables-nft nftables conntrack-tools openssl tar >/dev/null
mkdir -p /opt/by-hand /opt/cni/bin /etc/cni/net.d /etc/by-hand /etc/docker
echo '{"exec-opts": ["native.cgroupdriver=systemd"]}' > /etc/docker/daemon.json
systemctl enable --now -q docker &
kubernetes=$mirror/dl.k8s.io/release/v1.37.1/bin/linux/amd64
github=$mirror/github.com
unpack() { curl -sSf "$1" | tar -xz --no-same-owner "${@:2}"; }
unpack "$github/etcd-io/etcd/releases/download/v3.7.2/etcd-v3.7.2-linux-amd64.tar.gz" -C /opt/by-hand --strip-components=1 &
unpack "$github/Mirantis/cri-dockerd/releases/download/v0.4.4/cri-dockerd-0.4.4.amd64.tgz" -C /opt/by-hand --strip-components=1 &
unpack "$github/flannel-io/flannel/releases/download/v0.28.9/flannel-v0.28.9-linux-amd64.tar.gz" -C /opt/by-hand &
unpack "$github/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-amd64-v1.9.1.tgz" -C /opt/cni/bin &
for program in kubelet kube-proxy kubectl kube-apiserver kube-controller-manager kube-scheduler; do
    curl -sSf -o "/opt/by-hand/$program" "$kubernetes/$program" &
done
wait
chmod +x /opt/by-hand/*
