# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of playbooks/restart-nodes.yml, and what an upgrade of packages leaves alone."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.batch import Batch
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart import units
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart.request import OPTIONS, Request, request

NOT_GIVEN: dict[str, t.Any] = dict.fromkeys(OPTIONS)


def asked(**given: t.Any) -> Request:
    return request({**NOT_GIVEN, **given})


def test_without_variables_the_defaults_hold() -> None:
    assert asked() == Request()


def test_texts_of_the_command_line_are_read() -> None:
    found = asked(packages="kernel, glibc", reboot="always", drain="no", batch="20%", pause="5", timeout="900", unmanaged_pods="true")
    assert found == Request(("kernel", "glibc"), "always", False, Batch(20, True), 5.0, 900.0, True)
    assert asked(packages=["openssl"], batch=3) == Request(packages=("openssl",), batch=Batch(3))
    assert asked(packages="security").packages == "security"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"packages": "all,glibc"}, "restart_packages is 'all,glibc', wanted none, security, all, or names of packages divided by commas"),
        ({"packages": []}, r"restart_packages is \[\], wanted"),
        ({"packages": "--nogpgcheck"}, "restart_packages is '--nogpgcheck', wanted"),
        ({"reboot": "yes"}, "restart_reboot is 'yes', wanted needed, always or never: -e restart_reboot=needed"),
        ({"batch": 0}, "restart_batch is 0, wanted a number of hosts from 1, or per cent of the workers such as 20%"),
        ({"batch": "120%"}, "restart_batch is '120%', wanted"),
        ({"drain": "perhaps"}, "restart_drain is 'perhaps', wanted true or false: -e restart_drain=false"),
        ({"timeout": 0}, "restart_timeout is 0, wanted seconds, a number from 1 to 86400"),
        ({"reboot": "never"}, "restart_reboot is never and restart_packages is none, so there is nothing to do"),
    ],
)
def test_wrong_options_are_refused(given: dict[str, t.Any], told: str) -> None:
    with pytest.raises(ComponentError, match=f"Nothing was touched: {told}"):
        asked(**given)


def test_a_misspelt_variable_is_refused() -> None:
    with pytest.raises(ComponentError, match=r"restart_package is no variable of this playbook; did you mean restart_packages\?"):
        request(NOT_GIVEN, variables=["restart_package", "restart_reboot"])


def test_packages_whose_version_the_inventory_decides_stay() -> None:
    docker = ["docker-ce", "docker-ce-cli", "docker-ce-rootless-extras", "containerd.io"]
    assert units.excluded("") == []
    assert units.excluded("", ["docker-ce", "containerd.io"], ["python3-devel", "vim"]) == []
    assert units.excluded("29.8.0", ["docker-ce"]) == docker
    assert units.excluded("", ["docker-ce-3:29.8.0", "containerd.io"], ["nginx-1:1.26.3-1.el10", "jq-1.7"]) == [*docker, "nginx", "jq"]


def test_a_kernel_brings_the_modules_that_the_present_one_has() -> None:
    assert units.named(["kernel", "glibc"], extra_modules=True) == ["kernel", "glibc", "kernel-modules-extra"]
    assert units.named(["kernel"], extra_modules=False) == ["kernel"]
    assert units.named(["glibc"], extra_modules=True) == ["glibc"]
