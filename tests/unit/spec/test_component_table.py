# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of components: consistent in itself, complete in the spec and in the documentation of the spec."""

from __future__ import annotations

import dataclasses
import re
import typing as t

import pytest
import yaml
from spec_inventory import spec_of

from ansible_collections.barehost.kubernetes.plugins.modules import cluster_spec
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import component_table
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import Component

TABLE = component_table.components(api_server_port=7443, api_endpoint_port=8443)


def paths(component: Component) -> list[str]:
    pairs = [path for pair in component.pairs.values() for path in (pair.cert, pair.key)]
    own = [component.program, component.directory, component.data_directory, component.socket]
    return [path for path in [*own, *component.tools.values(), *component.files.values(), *component.pki.values(), *pairs] if path]


@pytest.mark.parametrize("name", TABLE)
def test_every_path_is_absolute_and_every_name_fits_a_template(name: str) -> None:
    component = TABLE[name]
    assert all(path.startswith("/") for path in paths(component))
    names = [name, *component.files, *component.tools, *component.pki, *component.pairs, *component.ports, *component.urls]
    assert all(re.fullmatch(r"[a-z][a-z_]*", word) and not hasattr(dict, word) for word in names), names


def test_no_two_components_share_a_unit_or_a_port() -> None:
    units = [component.unit for component in TABLE.values() if component.unit]
    numbers = [port.number for component in TABLE.values() for port in component.ports.values()]
    assert len(units) == len(set(units))
    assert len(numbers) == len(set(numbers)) == len(component_table.ports())


def test_the_ports_of_the_api_are_the_clusters() -> None:
    assert TABLE["kube_apiserver"].health[0]["http"] == "https://127.0.0.1:7443/readyz"
    assert [TABLE[name].health for name in ("haproxy", "nginx")] == [({"tcp": "127.0.0.1:8443"},)] * 2


def test_the_spec_has_the_whole_table() -> None:
    spec = spec_of({"cluster_api_port": 7443}).as_dict()
    assert set(spec["components"]) == set(TABLE)
    assert spec["components"]["kube_apiserver"]["urls"]["api"] == "https://127.0.0.1:7443"
    assert spec["components"]["etcd"]["pairs"]["root"] == {"cert": "/etc/etcd/pki/root.crt", "key": "/etc/etcd/pki/root.key"}
    assert spec["paths"] == dict(component_table.PATHS)
    assert all(value for component in spec["components"].values() for value in component.values())


def test_the_documentation_names_everything() -> None:
    returned: dict[str, t.Any] = yaml.safe_load(cluster_spec.RETURN)
    components, paths_text = " ".join(returned["components"]["description"]), " ".join(returned["paths"]["description"])
    words = [*TABLE, *(field.name for field in dataclasses.fields(Component))]
    assert [word for word in words if f"C({word})" not in components] == []
    assert [word for word in component_table.PATHS if f"C({word})" not in paths_text] == []
    sample = returned["components"]["sample"]["kube_scheduler"]
    assert sample == spec_of().as_dict()["components"]["kube_scheduler"]
