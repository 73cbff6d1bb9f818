# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever stands in a role's variables, in a description or behind an option: it is taken, or refused by one of our errors."""

from __future__ import annotations

import collections.abc as c
import copy
import functools
import json
import pathlib
import typing as t

import host_model
import pytest
import yaml
from ansible.errors import AnsibleError
from host_faults import WELL
from hypothesis import example, given
from hypothesis import strategies as st
from lies import ANYTHING, lies
from spec_inventory import build
from two_faults import TALLY, examples

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import request as certificates
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import registry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import request as doctor
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import maintenance_request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain import request as explain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._logs import request as logs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._people import request as people
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart import request as restart
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import ClusterInputs, Given
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import SpecError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.resolve import resolve
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import upgrade_request

ROLES = pathlib.Path(__file__).parents[3] / "roles"


@functools.cache
def variables_of_roles() -> list[str]:
    found = []
    for path in sorted(ROLES.glob("*/meta/argument_specs.yml")):
        found += yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"].get("options", {})
    return found


@examples(2)
@given(values=st.dictionaries(st.sampled_from(variables_of_roles()), ANYTHING, min_size=1, max_size=3))
@example(values={"addons_coredns_replicas": [1 << 63, None, None]})
def test_variables_of_roles(values: dict[str, t.Any]) -> None:
    TALLY.count("parameters, roles", ())
    inputs = build()
    hosts = list(inputs.hosts)
    of_roles = [Given(host, name, value) for host in hosts for name, value in values.items()]
    try:
        resolve(ClusterInputs(inputs.variables, inputs.hosts, inputs.groups, inputs.inventory_directory, of_roles=lambda _spec: of_roles))
    except SpecError as error:
        assert all(problem.where and problem.wrong and problem.instead for problem in error.problems)


@given(data=st.data())
def test_descriptions_of_components(data: st.DataObject) -> None:
    TALLY.count("parameters, component", ())
    described = data.draw(lies(json.loads(json.dumps(copy.deepcopy(data.draw(WELL)).args))))
    try:
        host_model.description.parse_description(described)
    except AnsibleError as error:
        assert error.message


@functools.cache
def _cluster() -> dict[str, t.Any]:
    return resolve(build()).as_dict()


REQUESTS: dict[str, tuple[c.Callable[[dict[str, t.Any]], t.Any], tuple[str, ...]]] = {
    "certificates": (certificates.request, certificates.OPTIONS),
    "doctor": (lambda given: doctor.request(given, registry.checks()), ("skip", "groups", "fail_on", "details", "json", "junit", "html")),
    "etcd": (maintenance_request.request, tuple(maintenance_request._OPTIONS)),
    "explain": (lambda given: explain.subject(given, _cluster()), tuple(explain.OPTIONS)),
    "logs": (logs.request, logs.OPTIONS),
    "people": (people.request, people.OPTIONS),
    "restart": (restart.request, restart.OPTIONS),
    "upgrade": (upgrade_request.request, tuple(upgrade_request.OPTIONS)),
}


@pytest.mark.parametrize("playbook", REQUESTS)
@examples(0.25)
@given(data=st.data())
def test_options_of_playbooks(playbook: str, data: st.DataObject) -> None:
    TALLY.count(f"parameters, {playbook}", ())
    request, options = REQUESTS[playbook]
    chosen = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(options, ANYTHING)))
    try:
        request({**dict.fromkeys(options), **chosen})
    except AnsibleError as error:
        assert error.message
