# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor is told of drift: as a component plans it, without contents, and without what its other groups compare."""

from __future__ import annotations

import pathlib
import typing as t

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.barehost.kubernetes.plugins.module_utils._doctor import drift as on_host
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import description
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.planner import PLANNERS
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import drift, role_tasks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.wanted import Wanted

FILE = {"type": "file", "owner": "root", "group": "root", "mode": "0644", "same": True, "text": None}


def wanted(*faults: str, **options: t.Any) -> Wanted:
    loader = DataLoader()
    task = role_tasks.RoleTask("Converge", pathlib.Path("/roles/minion"), {}, {}, (), "", ())
    site = Site("w1", Templar(loader=loader), loader, {}, check_mode=True)
    return Wanted(task, site, None if faults else description.parse_description({"name": "kubelet", **options}), faults)


def told(one: Wanted, **states: t.Any) -> dict[str, t.Any]:
    (component,) = drift.judged(drift.compared([one]), {"states": states}, now=0.0)["components"]
    return component


def test_what_differs_is_told_without_its_content() -> None:
    secret = "only-for-root"
    one = wanted(
        files=[{"path": "/etc/a", "content": secret}, {"path": "/etc/b", "content": "b"}],
        units=[{"name": "a.service", "inputs": ["/etc/a"]}, {"name": "b.service", "inputs": ["/etc/b"]}],
    )
    own = drift.request(drift.compared([one]))["wanted"]["file"]
    assert secret not in str(own)
    states = [{**FILE, "same": item["path"] != "/etc/a", "mode": "0755" if item["path"].endswith("/stamp") else "0644"} for item in own]
    found = told(one, file=states)
    assert [(change["path"], change["reason"]) for change in found["changes"]] == [("/etc/a", "its content differs")]
    assert found["units"] == ["a.service"], "what explains that a unit is older than its files"
    assert secret not in str(found)


def test_nothing_differs() -> None:
    found = told(wanted(packages=["chrony"]), package=[{"installed": ["4.6"]}])
    assert (found["changes"], found["refused"], found["unknown"]) == ([], "", "")


def test_what_other_groups_compare_is_left_out() -> None:
    one = wanted(
        files=[
            {"path": "/etc/ca.crt", "pki": "kubernetes-ca.crt"},
            {"path": "/etc/kubeconfig", "yaml": {"kind": "Config", "users": []}},
            {"path": "/etc/own", "yaml": {"kind": "KubeletConfiguration"}},
        ],
        sysctls=[{"name": "net.ipv4.ip_forward", "value": "1"}],
    )
    asked = drift.request(drift.compared([one]))["wanted"]
    assert {kind: [item["path"] for item in items] for kind, items in asked.items()} == {"file": ["/etc/own"]}


def test_what_site_yml_would_refuse() -> None:
    found = told(wanted(files=[{"path": "/etc/a", "content": "a"}]), file=[{**FILE, "type": "directory"}])
    assert "a directory was found where a file is wanted" in found["refused"] and found["changes"] == []


def test_what_cannot_be_read_is_not_known_and_hides_no_other() -> None:
    components = drift.compared([wanted("what role minion describes is not known: 'x' is undefined"), wanted(packages=["chrony"])])
    assert list(drift.request(components)["wanted"]) == ["package"]
    first, second = drift.judged(components, {"states": {"package": [{"installed": []}]}}, now=0.0)["components"]
    assert (first["name"], first["changes"]) == ("minion", []) and "'x' is undefined" in first["unknown"]
    assert [change["path"] for change in second["changes"]] == ["chrony"]


def test_a_host_knows_all_kinds_that_are_compared() -> None:
    assert set(on_host.KINDS) == set(drift.KINDS) < set(PLANNERS)
