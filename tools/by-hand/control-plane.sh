#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# usage, on a master: control-plane.sh NAME ADDRESS MEMBERS SERVERS
# MEMBERS and SERVERS: etcd on all masters, as etcd's --initial-cluster and the apiserver's --etcd-servers name it
set -euo pipefail
name=$1 address=$2 members=$3 servers=$4
pki=/etc/by-hand
run() { systemd-run -q --unit="$1" "${@:2}"; }
run hand-etcd /opt/by-hand/etcd --name="$name" --data-dir=/var/lib/etcd-by-hand --listen-client-urls="https://$address:2379" \
    --advertise-client-urls="https://$address:2379" --listen-peer-urls="https://$address:2380" \
    --initial-advertise-peer-urls="https://$address:2380" --initial-cluster="$members" \
    --cert-file=$pki/etcd.crt --key-file=$pki/etcd.key --trusted-ca-file=$pki/etcd-ca.crt --client-cert-auth \
    --peer-cert-file=$pki/etcd.crt --peer-key-file=$pki/etcd.key --peer-trusted-ca-file=$pki/etcd-ca.crt --peer-client-cert-auth
run hand-apiserver /opt/by-hand/kube-apiserver --etcd-servers="$servers" --etcd-cafile=$pki/etcd-ca.crt \
    --etcd-certfile=$pki/etcd.crt --etcd-keyfile=$pki/etcd.key --service-cluster-ip-range=10.254.0.0/16 \
    --tls-cert-file=$pki/apiserver.crt --tls-private-key-file=$pki/apiserver.key --client-ca-file=$pki/ca.crt \
    --kubelet-client-certificate=$pki/admin.crt --kubelet-client-key=$pki/admin.key \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=$pki/service-account.pub \
    --service-account-signing-key-file=$pki/service-account.key --authorization-mode=Node,RBAC \
    --advertise-address="$address" --allow-privileged
until /opt/by-hand/kubectl --kubeconfig=$pki/admin.kubeconfig get --raw /readyz >/dev/null 2>&1; do sleep 0.2; done
run hand-controller-manager /opt/by-hand/kube-controller-manager --kubeconfig=$pki/controller-manager.kubeconfig \
    --root-ca-file=$pki/ca.crt --service-account-private-key-file=$pki/service-account.key --use-service-account-credentials \
    --allocate-node-cidrs --cluster-cidr=10.255.0.0/16 --service-cluster-ip-range=10.254.0.0/16
run hand-scheduler /opt/by-hand/kube-scheduler --kubeconfig=$pki/scheduler.kubeconfig
