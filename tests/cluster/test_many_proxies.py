# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/ha-local, where each node's proxy asks apiservers as seldom as in a cluster of more than 80 nodes."""

from __future__ import annotations

import collections.abc
import pathlib
import time

import pytest
import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.api_endpoint import LONGEST_CHECK_INTERVAL

from . import checks, failing
from .driver import Cluster
from .own_inventory import copy_of
from .probing import probed_on_node
from .setups import bare_hosts

pytestmark = pytest.mark.long

MASTERS = {f"k8s.master{number}.dev": f"192.168.200.10{number}" for number in (1, 2, 3)}
MINION = "k8s.minion1.dev"
LOCAL = "https://127.0.0.1:6444"
BOUND = 5.0


@pytest.fixture(scope="module")
def cluster(
    request: pytest.FixtureRequest, artefacts: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> collections.abc.Iterator[Cluster]:
    inventory = copy_of("ha-local", tmp_path_factory.mktemp("many-proxies"))
    variables = {"balancer_check_interval": LONGEST_CHECK_INTERVAL}
    (inventory / "group_vars" / "all" / "seldom.yml").write_text(yaml.safe_dump(variables), encoding="utf-8")
    with bare_hosts(inventory, session=request.session, artefacts=artefacts) as cluster:
        checks.install(cluster)
        yield cluster


def test_apiservers_restart_one_after_the_other_and_no_request_fails(cluster: Cluster) -> None:
    """One ends before proxies have noticed. A new connection to it is refused, and made to another."""
    assert f"inter {LONGEST_CHECK_INTERVAL} " in cluster.on(MINION, "cat /etc/haproxy/haproxy.cfg")
    with probed_on_node(cluster, MINION, server=LOCAL) as seen:
        run = cluster.playbook("playbooks/site.yml", "--extra-vars", '{"master_apiserver_arguments": {"event-ttl": "2h"}}')
    assert run.changed
    print(seen.summary())
    assert len(seen.reads) > 100
    assert seen.failed == [], seen.summary()


def test_a_master_loses_power(cluster: Cluster) -> None:
    victim = "k8s.master3.dev"
    with probed_on_node(cluster, MINION, server=LOCAL) as seen:
        event = time.time()
        cluster.lab("stop", victim)
        time.sleep(5 * BOUND)
    print(seen.summary(event))
    assert seen.errors_end(event) <= BOUND, seen.summary(event)
    cluster.lab("start", victim)
    failing.is_whole(cluster, MASTERS, (*MASTERS, MINION))
