# SPDX-License-Identifier: GPL-3.0-or-later
"""A survey evaluates what roles describe by Jinja alone: the results are those of Ansible, and nothing is left to Ansible."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
import typing as t

import pytest
import yaml
from ansible.constants import DEFAULT_VAULT_ID_MATCH
from ansible.parsing.vault import VaultLib, VaultSecret

pytestmark = pytest.mark.slow
ROOT = pathlib.Path(__file__).parents[3]
INVENTORIES = sorted(path.name for path in (ROOT / "inventories").iterdir())

# Other branches of descriptions and templates, and templates in an inventory
OTHERS: dict[str, dict[str, t.Any]] = {
    "ha": {
        "balancer_proxy": "nginx",
        "balancer_statistics_port": 8404,
        "cluster_node_certificates": "rotated",
        "cluster_flannel_backend": "etcd",
        "etcd_settings": {"ETCD_MAX_TXN_OPS": "{{ 100 * 2 }}"},
        "master_admission_plugins": ["AlwaysPullImages"],
        "master_audit_secret_reads": True,
        "master_authentication_jwt": [
            {
                "issuer": {"url": "https://issuer.example", "audiences": ["kubernetes"]},
                "claimMappings": {"username": {"claim": "sub", "prefix": "oidc:"}},
            }
        ],
        "master_event_rate_limits": [{"type": "Server", "qps": 50, "burst": 100}],
        "master_pod_security": {"defaults": {"enforce": "baseline"}},
        "master_tls_min_version": "VersionTLS13",
    },
    "two-node": {
        "a_proxy": "http://proxy.example:{{ 3000 + 128 }}",
        "cluster_https_proxy": "{{ a_proxy }}",
        "cluster_node_port_sources": ["192.0.2.0/24", "{{ '198.51.100.7' }}"],
        "docker_registry_logins": [{"registry": "registry.example", "username": "one", "password": "two"}],
        "docker_live_restore": True,
        "firewall_services": [{"name": "barehost-{{ inventory_hostname | length }}", "ports": ["7777/tcp"]}],
        "host_ntp_servers": ["{{ 'time' ~ '.example' }}"],
        "host_sysctls": {"vm.max_map_count": "{# none #}262144"},
        "host_zram_swap": "off",
        "minion_kubelet_config": {"registryBurst": "{{ 7 * 11 }}"},
        "minion_kubelet_arguments": {"v": "{{ 2 + 2 }}"},
        "minion_static_pod_path": "/etc/kubernetes/manifests",
    },
}


def compared(inventory: pathlib.Path, **environment: str) -> dict[str, dict[str, t.Any]]:
    program = [sys.executable, str(pathlib.Path(__file__).with_name("described_twice.py")), str(inventory / "hosts.yml")]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env={"HOME": str(pathlib.Path.home()), **environment})
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, dict[str, t.Any]] = json.loads(done.stdout)
    return found


def are_the_same(found: dict[str, dict[str, t.Any]]) -> None:
    assert {host: one["different"] for host, one in found.items() if one["different"]} == {}
    assert {host: one["left_to_ansible"] for host, one in found.items() if one["left_to_ansible"]} == {}
    assert min(one["texts"] for one in found.values()) > 30


@pytest.mark.parametrize("name", INVENTORIES)
def test_of_an_inventory(name: str) -> None:
    are_the_same(compared(ROOT / "inventories" / name))


@pytest.mark.parametrize("name", OTHERS)
def test_of_other_variables(name: str, tmp_path: pathlib.Path) -> None:
    inventory = shutil.copytree(ROOT / "inventories" / name, tmp_path / name)
    (inventory / "group_vars/all/others.yml").write_text(yaml.safe_dump(OTHERS[name]), encoding="utf-8")
    are_the_same(compared(inventory))


def test_of_a_value_that_is_encrypted(tmp_path: pathlib.Path) -> None:
    """Ansible decrypts it, also inside of a list."""
    inventory = shutil.copytree(ROOT / "inventories" / "two-node", tmp_path / "two-node")
    (tmp_path / "password").write_text("word\n", encoding="utf-8")
    secret = VaultLib([(DEFAULT_VAULT_ID_MATCH, VaultSecret(b"word"))]).encrypt("a secret").decode()
    lines = "".join(f"      {line}\n" for line in secret.splitlines())
    text = f"docker_registry_logins:\n  - registry: registry.example\n    username: one\n    password: !vault |\n{lines}"
    (inventory / "group_vars/all/others.yml").write_text(text, encoding="utf-8")
    are_the_same(compared(inventory, ANSIBLE_VAULT_PASSWORD_FILE=str(tmp_path / "password")))
