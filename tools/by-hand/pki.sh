#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: pki.sh DIRECTORY ENDPOINT NAME=ADDRESS=GROUPS...
# Creates a minimal PKI: two CAs, the certificates of the control plane, one for each kubelet, and one for the administrator.
set -euo pipefail
cd "$1"
endpoint=$2
shift 2
# one certificate for all masters, and one for all members of etcd
masters=IP:127.0.0.1,IP:$endpoint
for host; do
    IFS='=' read -r name address groups <<< "$host"
    [[ ,$groups, != *,master,* ]] || masters+=,IP:$address,DNS:$name
done

authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.crt" -days 3650 -subj "/CN=$1" 2>/dev/null
}

leaf() { # AUTHORITY NAME SUBJECT [ALTERNATIVE_NAMES]
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$2.key" -out "$2.csr" -subj "$3" 2>/dev/null
    openssl x509 -req -in "$2.csr" -CA "$1.crt" -CAkey "$1.key" -CAcreateserial -days 365 -out "$2.crt" \
        -extfile <(printf 'extendedKeyUsage=serverAuth,clientAuth\n%s\n' "${4:+subjectAltName=$4}") 2>/dev/null
}

kubeconfig() { # NAME SERVER
    cat > "$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "$2", certificate-authority: /etc/by-hand/ca.crt}}]
users: [{name: u, user: {client-certificate: /etc/by-hand/$1.crt, client-key: /etc/by-hand/$1.key}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
YAML
}

authority ca
authority etcd-ca
leaf etcd-ca etcd /CN=etcd "$masters"
leaf ca apiserver /CN=kube-apiserver "$masters,IP:10.254.0.1,DNS:kubernetes,DNS:kubernetes.default.svc"
leaf ca admin /O=system:masters/CN=admin
leaf ca controller-manager /CN=system:kube-controller-manager
leaf ca scheduler /CN=system:kube-scheduler
leaf ca proxy /CN=system:kube-proxy
openssl genrsa -out service-account.key 2048 2>/dev/null
openssl rsa -in service-account.key -pubout -out service-account.pub 2>/dev/null
for name in admin controller-manager scheduler proxy; do
    kubeconfig "$name" "https://$endpoint:6443"
done
for host; do
    IFS='=' read -r name address groups <<< "$host"
    [[ ,$groups, =~ ,(master|minion), ]] || continue
    leaf ca "kubelet-$name" "/O=system:nodes/CN=system:node:$name" "DNS:$name,IP:$address"
    kubeconfig "kubelet-$name" "https://$endpoint:6443"
done
