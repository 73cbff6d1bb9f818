#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# usage, on a balancer: balancer.sh VIRTUAL_ADDRESS ADDRESS RANK MASTER_ADDRESS...
# Rank 0 takes the virtual address at once, the others if it is gone.
set -euo pipefail
virtual=$1 address=$2 rank=$3
shift 3
systemctl stop firewalld
dnf -q -y install haproxy keepalived >/dev/null
{
    cat <<'CONF'
defaults
    mode tcp
    timeout connect 1s
    timeout client 1h
    timeout server 1h
listen apiservers
    bind *:6443
    option httpchk GET /readyz
    default-server check check-ssl verify none inter 500ms fall 2 rise 1
CONF
    for master; do echo "    server $master $master:6443"; done
} > /etc/haproxy/haproxy.cfg
interface=$(ip -o -4 address show to "$address" | awk '{print $2}')
cat > /etc/keepalived/keepalived.conf <<CONF
vrrp_instance api {
    state $([ "$rank" = 0 ] && echo MASTER || echo BACKUP)
    interface $interface
    virtual_router_id 51
    priority $((100 - rank))
    virtual_ipaddress {
        $virtual/32
    }
}
CONF
systemctl start haproxy keepalived
