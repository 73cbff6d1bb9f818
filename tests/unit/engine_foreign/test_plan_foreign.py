# SPDX-License-Identifier: GPL-3.0-or-later
"""F30, F31: the refusal of what others have set up, and the looks for a host of a cluster."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import description
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import foreign
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import component_table, foreign_looks

CONTEXT = PlanContext(component="host", now=0)


def item(*accepted: str, remedy: str | None = None) -> dict[str, t.Any]:
    return {"looks": [{"remedy": remedy}], "accepted": list(accepted), "variable": "host_foreign_accepted"}


def state(**finding: t.Any) -> dict[str, t.Any]:
    return {"findings": [[finding]]}


@pytest.mark.parametrize("sort", sorted(foreign.SORTS))
def test_f31_a_refusal_says_found_and_remedy_and_where_to_accept_it(sort: str) -> None:
    found = state(name="/the/name", sort=sort, found="something is there")
    with pytest.raises(PlanError) as caught:
        foreign.plan(item(), found, CONTEXT)
    message = str(caught.value)
    assert "- something is there: " in message
    assert "[/the/name]" in message
    assert "`host_foreign_accepted`" in message
    assert "{" not in message
    assert foreign.plan(item("/the/name"), found, CONTEXT) == []


def test_f31_a_look_has_its_own_remedy() -> None:
    with pytest.raises(PlanError, match=r"remove it by `k3s-uninstall.sh`, not k3s.service"):
        foreign.plan(
            item(remedy="remove it by `k3s-uninstall.sh`, not {name}"), state(name="k3s.service", sort="service", found="it runs"), CONTEXT
        )


def test_f31_what_is_harmless_is_told_of() -> None:
    found = state(name="/x.conf", sort="drop-in", found="/x.conf sets Nice", harmless=True)
    assert foreign.plan(item(), found, CONTEXT) == []
    assert foreign.told([item()], [found]) == ["/x.conf sets Nice; it stays as it is"]
    assert foreign.told([item("/x.conf")], [found]) == []


def cluster(*roles: str, node: bool) -> dict[str, t.Any]:
    return {
        "nodes": {"one": {"roles": list(roles)}},
        "node_hosts": ["one"] if node else [],
        "api": {"server_port": 6443, "port": 6443, "mode": "vip", "proxies": ["one"] if "balancer" in roles else []},
        "components": {name: part.as_dict() for name, part in component_table.components().items()},
    }


@pytest.mark.parametrize(
    ("roles", "node", "units", "ports"),
    [
        (["balancer"], False, [], [6443]),
        (["etcd"], False, ["etcd"], [2379, 2380, 2381]),
        (["master"], False, ["kube-apiserver", "kube-controller-manager", "kube-scheduler"], [10257, 10259, 6443]),
        (["minion"], True, ["docker", "cri-docker", "kubelet", "kube-proxy", "flanneld"], [10250, 10248, 10249, 10256, 8472]),
    ],
)
def test_f31_a_host_is_looked_at_for_what_its_roles_bring(roles: list[str], node: bool, units: list[str], ports: list[int]) -> None:
    looks = foreign_looks.of_host(cluster(*roles, node=node), "one")
    assert [look["unit"].removesuffix(".service") for look in looks if "unit" in look] == units
    assert [int(look["port"].split("/")[0]) for look in looks if "port" in look] == ports
    assert [look["cni"] for look in looks if "cni" in look] == ([component_table.FLANNELD.files["cni_configuration"]] if node else [])
    services = {look.get("service") for look in looks}
    assert {"nftables.service", "k3s.service"} <= services
    assert ({"haproxy.service", "nginx.service", "keepalived.service"} <= services) == ("balancer" in roles)
    assert not {look["unit"] for look in looks if not look.get("written", True)} - {"docker.service"}
    description.parse_description({"name": "host", "foreign": {"looks": looks}})


@pytest.mark.parametrize("mode", ["vip", "local"])
def test_a_balancer_alone_looks_as_its_host_would(mode: str) -> None:
    spec = cluster("balancer", node=False)
    spec["api"]["mode"] = mode
    looks = foreign_looks.of_balancer(spec)
    whole = foreign_looks.of_host(spec, "one")
    assert [look for look in whole if look in looks] == looks
    assert {"port": "6443/tcp", "of": ["haproxy.service", "nginx.service"]} in looks
    services = {look.get("service") for look in looks} - {None}
    assert services == ({"haproxy.service", "nginx.service", "keepalived.service"} if mode == "vip" else set())
    # the role hands them to its component
    role = pathlib.Path(__file__).parents[3] / "roles/balancer/tasks/main.yml"
    (task,) = [task for task in yaml.safe_load(role.read_text(encoding="utf-8")) if "barehost.kubernetes.component" in task]
    described = task["barehost.kubernetes.component"]["foreign"]
    assert "foreign_looks(inventory_hostname, balancer=true)" in described["looks"]
    assert described["variable"] == "host_foreign_accepted"
