# SPDX-License-Identifier: GPL-3.0-or-later
"""F33: logins to registries as the kubelet and cri-dockerd read them; no message shows a password."""

from __future__ import annotations

import base64
import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.barehost.kubernetes.plugins.filter.cluster import registry_logins
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import ours

GOOD = {"registry": "registry.example.com:5000", "username": "me", "password": "pass:wörd-4711"}


def test_f33_the_keys_are_those_of_docker() -> None:
    found = registry_logins([GOOD, {**GOOD, "registry": "docker.io"}])["auths"]
    assert list(found) == ["registry.example.com:5000", "https://index.docker.io/v1/"]
    assert base64.b64decode(found["registry.example.com:5000"]["auth"]).decode() == "me:pass:wörd-4711"
    assert registry_logins([]) == {"comment": ours.MANAGED, "auths": {}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"registry": "https://registry.example.com"}, "is not a registry"),
        ({"registry": "registry.example.com/path"}, "is not a registry"),
        ({"username": "a:b"}, "holds a colon"),
        ({"username": ""}, "its username is empty"),
        ({"password": 4711}, "its password is empty or not a text"),
        ({"token": "4711"}, "does not have exactly"),
    ],
)
def test_f33_a_wrong_login_is_named_without_its_password(change: dict[str, t.Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"entry 2.*{message}") as caught:
        registry_logins([GOOD, {**GOOD, "registry": "other", **change}])
    assert "4711" not in str(caught.value)


def test_f33_a_registry_has_one_login() -> None:
    with pytest.raises(AnsibleFilterError, match=r"there is a login for .* already"):
        registry_logins([GOOD, GOOD])
