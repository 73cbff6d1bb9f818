# SPDX-License-Identifier: GPL-3.0-or-later
"""A wrong request is one clear error, before anything is read or changed."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.replacement_request import Request, request


def test_each_subject_once() -> None:
    found = request(["etcd", " kubernetes", "etcd"], pause="0", variables=["replace_authority", "replacement"])
    assert found == Request(["etcd", "kubernetes"], 0.0)
    assert request(["etcd"]).pause == 120


@pytest.mark.parametrize(
    ("given", "pause", "variables", "told"),
    [
        (
            [],
            0.0,
            ["replace_autority"],
            ["replace_autority is no variable of this playbook; did you mean replace_authority?", "is not given"],
        ),
        (
            ["etdc", "kubernetes"],
            0.0,
            [],
            ["replace_authority is etdc, wanted one or more of kubernetes, etcd, front-proxy, node, service-account, encryption"],
        ),
        (["etcd"], -1, [], ["replace_pause is -1, wanted seconds, a number from 0 to 86400: -e replace_pause=120"]),
        (["etdc"], "soon", [], ["replace_authority is etdc", "replace_pause is 'soon', wanted seconds"]),
    ],
)
def test_every_fault_is_told(given: list[str], pause: t.Any, variables: list[str], told: list[str]) -> None:
    with pytest.raises(ComponentError) as raised:
        request(given, pause=pause, variables=variables)
    assert raised.value.message.startswith("Nothing was changed: ")
    assert [text for text in told if text not in raised.value.message] == []
