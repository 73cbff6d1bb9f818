# SPDX-License-Identifier: GPL-3.0-or-later
"""Each variable of docs/reference/variables.md, set to another valid value, changes the spec or what the roles do."""

from __future__ import annotations

import functools
import json
import pathlib
import re
import subprocess
import sys
import typing as t

import pytest
import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.variables import CLUSTER, HOST, Variable

ROOT = pathlib.Path(__file__).parents[3]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
Object = dict[str, t.Any]

_TWO_MASTERS = {"etcd": ["m1"], "master": ["m1", "m2"], "minion": ["w1", "w2"]}
_BALANCED = {
    "groups": {**_TWO_MASTERS, "balancer": ["b1"]},
    "variables": {"cluster_api_endpoint_host": "192.0.2.99", "balancer_statistics_port": 9000},
}
_ONE_HOST = {"host": "w1"}

# What a variable needs so that it has a meaning: other groups, other variables, or one host that alone has it.
CONTEXTS: dict[str, Object] = {
    "cluster_flannel_etcd_prefix": {"variables": {"cluster_flannel_backend": "etcd"}},
    "cluster_api_endpoint_port": {
        "groups": _TWO_MASTERS,
        "variables": {"cluster_api_endpoint_mode": "external", "cluster_api_endpoint_host": "192.0.2.99"},
    },
    "cluster_no_proxy": {"variables": {"cluster_https_proxy": "http://proxy.example.org:3128"}},
    "cluster_emulated_version": {"variables": {"cluster_node_version": "1.36.3"}},
    "cluster_etcd_hosts": {"groups": _TWO_MASTERS},
    "cluster_master_hosts": {"groups": _TWO_MASTERS},
    "cluster_balancer_hosts": {**_BALANCED, "groups": {**_TWO_MASTERS, "balancer": ["b1", "b2"]}},
    **dict.fromkeys(HOST, _ONE_HOST),
    "balancer_router_id": _BALANCED,
    "balancer_password": _BALANCED,
    "balancer_max_connections": _BALANCED,
    "balancer_check_interval": _BALANCED,
    "balancer_idle_timeout": _BALANCED,
    "balancer_statistics_address": _BALANCED,
}

# Another valid value, where none follows from type, choices, default and example.
VALUES: dict[str, t.Any] = {
    "cluster_dns_address": "10.254.0.11",
    "cluster_api_endpoint_mode": "local",
    "cluster_api_endpoint_port": 8443,
    "cluster_etcd_hosts": ["m2"],
    "cluster_master_hosts": ["m1"],
    "cluster_minion_hosts": ["w1"],
    "cluster_balancer_hosts": ["b1"],
    "cluster_ca_bundle": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "cluster_checksums": {"cri-dockerd": "0" * 64},
    "node_address": "192.0.2.77",
    "node_name": "another.example",
    "cluster_emulated_version": "1.36",
    "etcd_settings": {"ETCD_MAX_TXN_OPS": "200"},
    "master_admission_plugins": ["AlwaysPullImages"],
    "master_apiserver_arguments": {"event-ttl": "2h"},
    "master_pod_security": {"defaults": {"enforce": "baseline"}},
    "master_event_rate_limits": [{"type": "Server", "qps": 50, "burst": 100}],
    "master_tls_cipher_suites": ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
    "minion_tls_cipher_suites": ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
    "master_controller_manager_arguments": {"concurrent-gc-syncs": "30"},
    "master_scheduler_arguments": {"profiling": "false"},
    "minion_kubelet_arguments": {"hostname-override": "another.example"},
    "minion_kubelet_config": {"registryBurst": 77},
    "minion_proxy_arguments": {"profiling": "true"},
    "minion_proxy_config": {"oomScoreAdj": -998},
    "flannel_backend": {"Type": "vxlan", "VNI": 7},
    "master_authentication_jwt": [
        {
            "issuer": {"url": "https://issuer.example", "audiences": ["kubernetes"]},
            "claimMappings": {"username": {"claim": "sub", "prefix": "oidc:"}},
        }
    ],
    "docker_registry_logins": [{"registry": "registry.example", "username": "one", "password": "two"}],
}

# What only actions read, and what they import. The text stands in a file below plugins.
_CONTROL = "the default value"
READ_BY_ACTIONS = {
    "cluster_certificate_renew_before": '.get("certificates", {}).get("renew_before_days"',
    "cluster_checksums_asked_by": '.get("asked_by", "controller")',
    "cluster_checksums_file": '.get("file")',
    "cluster_pki_directory": '.get("pki_directory")',
    "node_labels": 'cluster["nodes"][host] for host in arguments["hosts"]',
}

# By type, the first that the resolver takes
_TEXTS = ["another", "/another", "192.0.2.7", "5m", "30s", "daily", "2G", "https://192.0.2.7/x"]
_LISTS: list[t.Any] = [["another"], ["192.0.2.7"], ["eth7"], [{"name": "barehost-another", "ports": ["7777/tcp"]}]]
_MAPS: list[t.Any] = [{"another": "1"}, {"another": True}]


@functools.cache
def options() -> dict[str, tuple[str, Object]]:
    """Every variable of a role, with the role."""
    found = {}
    for role in ROLES:
        specs = yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
        found |= {name: (role, option) for name, option in (specs["main"].get("options") or {}).items() if name != "cluster"}
    return found


def values_of_role(option: Object) -> list[t.Any]:
    default, kind = option.get("default"), option["type"]
    if option.get("choices"):
        return [choice for choice in option["choices"] if choice != default]
    if kind == "bool":
        return [not default]
    if kind in ("int", "float"):
        return [default + 1, default * 2, 7777]
    return {"str": _TEXTS, "path": _TEXTS[1:], "list": _LISTS, "dict": _MAPS}[kind]


def values_of_cluster(variable: Variable) -> list[t.Any]:
    default = variable.default
    if variable.kind == "boolean":
        return [not default]
    if variable.kind == "version":
        series, _dot, last = variable.example.rpartition(".")
        return [f"{series}.{int(last) - 1}", f"{series}.{int(last) + 1}"]
    if variable.kind == "integer":
        return [default + 1, default - 1] if default else [yaml.safe_load(variable.example)]
    example = [yaml.safe_load(variable.example)] if variable.example and "{{" not in variable.example else []
    others = {"list": _LISTS, "map": _MAPS}.get(
        variable.kind, [*_TEXTS, "another.example", "10.200.0.0/16", "20000-22767", "arm64", "etcd"]
    )
    return [value for value in [*example, *others] if value != default]


def case_of(name: str, values: list[t.Any], places: list[str]) -> Object:
    values = [VALUES[name]] if name in VALUES else values
    return {"name": name, "values": values, "context": CONTEXTS.get(name, {}), "places": places}


@functools.cache
def cases() -> dict[str, Object]:
    # Those that read most of the spec come first: a difference in one place is enough.
    everywhere = list(dict.fromkeys(["minion", "flannel", "master", "etcd", "docker", *ROLES, "playbooks"]))
    found = {name: case_of(name, values_of_cluster(variable), everywhere) for name, variable in {**CLUSTER, **HOST}.items()}
    # a control: a value that changes nothing
    found[_CONTROL] = {"name": "docker_log_max_files", "values": [5], "context": {}, "places": everywhere}
    return found | {name: case_of(name, values_of_role(option), [role, "playbooks"]) for name, (role, option) in options().items()}


@functools.cache
def answers() -> dict[str, Object]:
    program = [sys.executable, str(pathlib.Path(__file__).with_name("changes.py"))]
    done = subprocess.run(program, input=json.dumps(list(cases().values())), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(cases(), json.loads(done.stdout), strict=True))


@pytest.mark.slow
def test_a_value_that_changes_nothing_is_seen() -> None:
    assert (answers()[_CONTROL]["changes"], answers()[_CONTROL]["lost"]) == ([], [])


@pytest.mark.slow
@pytest.mark.parametrize("name", [*CLUSTER, *HOST, *options()])
def test_each_variable_changes_something(name: str) -> None:
    answer = answers()[name]
    assert not answer["refused"], f"no other valid value of {name} is known: {answer['refused']}"
    done = [change for change in answer["changes"] if change != "spec"]
    if name in READ_BY_ACTIONS:
        done = [path.name for path in (ROOT / "plugins").rglob("*.py") if READ_BY_ACTIONS[name] in path.read_text(encoding="utf-8")]
        done = done if "spec" in answer["changes"] else []
    assert done, f"{name} = {answer['value']!r} changes nothing but {answer['changes'] or 'nothing'}"


# ---------------------------------------------------------------- lists and maps


_ADDS = re.compile(r"\b(Further|[Tt]hey add|besides)\b")
_REPLACES = re.compile(r"\breplaces?\b(?! that one)")
_ALONE = "The role has none of its own."


def _text_of(option: Object) -> str:
    text = option["description"]
    return text if isinstance(text, str) else " ".join(text)


@functools.cache
def described() -> dict[str, str]:
    """What is written of each list and map."""
    found = {name: _text_of(option) for name, (_role, option) in options().items() if option["type"] in ("list", "dict")}
    page = " ".join((ROOT / "docs/reference/variables.md").read_text(encoding="utf-8").split())
    for name, variable in {**CLUSTER, **HOST}.items():
        if variable.kind in ("list", "map"):
            found[name] = re.split(r" - \*\*`| ## ", page.partition(f"**`{name}`**")[2])[0]
            if found[name].endswith(","):
                # several names with one text
                found[name] = found[name] + page.partition(f"**`{name}`**")[2].partition("): ")[2].partition(" - **")[0]
    return found


@pytest.mark.parametrize("name", list(described()))
def test_each_list_and_map_says_whether_it_adds_or_replaces(name: str) -> None:
    text = described()[name]
    said = [bool(_ADDS.search(text)), bool(_REPLACES.search(text)), _ALONE in text]
    assert sum(said) == 1, f"{name}: does it add to what the collection has, or replace it? {text}"


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, text in described().items() if name in options() and _ADDS.search(text)])
def test_f13_what_adds_takes_nothing_away(name: str) -> None:
    assert answers()[name]["lost"] == [], f"{name} = {answers()[name]['value']!r} takes away what was there without it"


def replacing() -> list[str]:
    """Without those whose only other values repeat the default, such as the Type of flannel's backend."""
    found = [name for name, text in described().items() if name in options() and _REPLACES.search(text)]
    return [name for name in found if not _repeats_default(name)]


def _repeats_default(name: str) -> bool:
    default = options()[name][1].get("default")
    return isinstance(default, dict) and name in VALUES and default.items() <= VALUES[name].items()


@pytest.mark.slow
@pytest.mark.parametrize("name", replacing())
def test_what_replaces_takes_the_default_away(name: str) -> None:
    assert answers()[name]["lost"], f"{name} = {answers()[name]['value']!r} keeps its default"
