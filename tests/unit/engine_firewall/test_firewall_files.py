# SPDX-License-Identifier: GPL-3.0-or-later
"""firewalld's files: what is planned is written, then nothing is left to plan, and foreign entries stand."""

from __future__ import annotations

import grp
import json
import os
import pathlib
import pwd
import typing as t
import xml.etree.ElementTree as ET

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import firewall, firewall_xml
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import firewall as plan_firewall
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

CONTEXT = PlanContext(component="firewall", now=0.0)
FOREIGN_ZONE = """<?xml version="1.0" encoding="utf-8"?>
<zone>
  <short>Public</short>
  <service name="ssh"/>
  <port port="9999" protocol="tcp"/>
  <rule family="ipv4">
    <source address="10.1.0.0/16"/>
    <port port="80" protocol="tcp"/>
    <log prefix="a &lt; b"/>
    <accept/>
  </rule>
  <forward/>
</zone>
"""

_NAMES = st.sampled_from(["etcd", "kube-apiserver", "kubelet", "vxlan", "kube-controller-manager"]).map("barehost-{}".format)
_SOURCES = st.sampled_from(["192.0.2.1", "192.0.2.0/24", "198.51.100.0/25", "2001:db8::1", "2001:db8::/32", "0.0.0.0/0"])
_SERVICES = st.fixed_dictionaries(
    {
        "name": _NAMES,
        "description": st.sampled_from(["why", "a <b> & c"]),
        "ports": st.lists(st.sampled_from(["22/tcp", "8472/udp", "30000-32767/tcp"]), min_size=1, unique=True),
        "protocols": st.sampled_from([[], ["vrrp"]]),
        "sources": st.lists(_SOURCES, unique=True, max_size=3),
    }
)
ITEMS = st.fixed_dictionaries(
    {
        "services": st.lists(_SERVICES, unique_by=lambda service: service["name"], max_size=4),
        "trusted_interfaces": st.lists(st.sampled_from(["cni0", "flannel.1", "eth0"]), unique=True),
        "zone": st.sampled_from(["", "work"]),
    }
)


@pytest.fixture
def root(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A host's root with firewalld's files, on which firewalld does not run."""
    user = atomic.Ownership(pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name, "0644")
    monkeypatch.setattr(firewall_xml, "_OWNERSHIP", user)
    monkeypatch.setattr(firewall, "ROOT", tmp_path)
    monkeypatch.setattr(firewall, "is_running", lambda: False)
    _reset(tmp_path)
    return tmp_path


def _reset(root: pathlib.Path) -> None:
    for zone in ("public", "trusted", "work"):
        shipped = root / f"usr/lib/firewalld/zones/{zone}.xml"
        shipped.parent.mkdir(parents=True, exist_ok=True)
        shipped.write_text(f"<zone><short>{zone}</short></zone>")
    for path in (root / "etc/firewalld").glob("*/*"):
        path.unlink()
    configured = root / "etc/firewalld/zones/public.xml"
    configured.parent.mkdir(parents=True, exist_ok=True)
    configured.write_text(FOREIGN_ZONE)


def _plan(item: dict[str, t.Any]) -> list[PlannedAction]:
    (state,) = firewall.collect([item])
    return plan_firewall.plan(item, json.loads(json.dumps(state)), CONTEXT)


def _converge(item: dict[str, t.Any]) -> list[PlannedAction]:
    actions = _plan(item)
    results = firewall.apply(json.loads(json.dumps([action.for_host() for action in actions])))
    assert len(results) == len(actions)
    return actions


@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(first=ITEMS, second=ITEMS)
def test_after_apply_nothing_is_planned(root: pathlib.Path, first: dict[str, t.Any], second: dict[str, t.Any]) -> None:
    _reset(root)
    for item in (first, second):
        _converge(item)
        assert _plan(item) == []
    _converge({"services": [], "trusted_interfaces": []})
    assert not list((root / "etc/firewalld").glob("*/barehost-*"))
    assert "barehost-" not in (root / "etc/firewalld/zones/public.xml").read_text()


@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(item=ITEMS)
def test_foreign_entries_stand_as_they_are(root: pathlib.Path, item: dict[str, t.Any]) -> None:
    _reset(root)
    _converge({**item, "zone": "public"})
    _converge({"services": [], "trusted_interfaces": []})
    written = ET.canonicalize((root / "etc/firewalld/zones/public.xml").read_text(), strip_text=True)
    assert written == ET.canonicalize(FOREIGN_ZONE, strip_text=True)


def test_the_zone_begins_as_the_shipped_one(root: pathlib.Path) -> None:
    _converge({"services": [], "trusted_interfaces": ["cni0"]})
    assert (root / "etc/firewalld/zones/trusted.xml").read_text() == (
        '<?xml version="1.0" encoding="utf-8"?>\n<zone>\n  <short>trusted</short>\n  <interface name="cni0"/>\n</zone>\n'
    )


def test_an_unreadable_file_of_ours_is_written_again(root: pathlib.Path) -> None:
    item = {"services": [{"name": "barehost-etcd", "ports": ["2379/tcp"], "description": "etcd"}]}
    _converge(item)
    (root / "etc/firewalld/services/barehost-etcd.xml").write_text("<service")
    (action,) = _converge(item)
    assert (action.target, action.reason) == ("service barehost-etcd", "differs")
    assert "not valid XML" in action.before
    assert _plan(item) == []


def test_an_unreadable_foreign_file_is_an_error_that_names_it(root: pathlib.Path) -> None:
    (root / "etc/firewalld/zones/public.xml").write_text("<zone")
    with pytest.raises(HostError, match=r"zones/public\.xml is not valid XML"):
        _plan({"services": []})


def test_a_zone_that_is_not_there_is_refused(root: pathlib.Path) -> None:
    with pytest.raises(HostError, match=r"no zone 'dmz'; it has public, trusted, work"):
        _plan({"services": [], "zone": "dmz"})


def test_apply_without_firewalld_says_what_is_missing(root: pathlib.Path) -> None:
    for path in root.glob("*/**/zones/*.xml"):
        path.unlink()
    with pytest.raises(HostError, match="firewalld is not installed"):
        _converge({"services": [], "trusted_interfaces": ["cni0"]})


def test_the_configured_default_zone_counts(root: pathlib.Path) -> None:
    (root / "etc/firewalld/firewalld.conf").write_text("# DefaultZone=old\nDefaultZone=work\n")
    targets = [action.target for action in _plan({"services": [{"name": "barehost-a", "ports": ["1/tcp"]}]})]
    assert targets == ["service barehost-a", "zone work: barehost-a"]
