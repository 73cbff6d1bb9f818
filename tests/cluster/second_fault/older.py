# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that has something to upgrade: its programs have the names of an older patch, without the time that another release takes."""

from __future__ import annotations

import collections.abc as c

from .. import failing
from ..driver import Cluster
from .faults import MASTER3, MASTERS, WORKER1, running

# The program under its older name, linked as the one to start. What runs, runs on.
_RENAME = """\
for program in etcd kube-apiserver kubelet; do
  link=/usr/local/bin/$program
  file=$(readlink -f $link 2>/dev/null) || continue
  case $file in *-1.37.1|*-3.7.2) ;; *) continue ;; esac
  older=${file%.*}.0
  ln -f $file $older && ln -sfn $older $link
done
"""


def make(cluster: Cluster) -> None:
    """On all hosts that have power. On the last master and on a worker, older programs run, too: the upgrade has to restart these."""
    for host in running(cluster):
        cluster.on(host, _RENAME)
    cluster.on(MASTER3, "systemctl restart etcd kubelet")
    if WORKER1 in running(cluster):
        cluster.on(WORKER1, "systemctl restart kubelet")


def whole_and_older(cluster: Cluster, nodes: c.Collection[str]) -> None:
    failing.is_whole(cluster, dict.fromkeys(MASTERS, ""), nodes)
    make(cluster)
    failing.is_whole(cluster, dict.fromkeys(MASTERS, ""), nodes)
