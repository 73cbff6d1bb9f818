# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps ask a host to which cluster it belongs: those before a change, and not what only reads."""

from __future__ import annotations

import pathlib
import types
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.action import etcd_health
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import bootstrap
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.identity import IdentityError

ANSWER = '{"result": {"state": {}}, "identity": {"authorities": {"kubernetes": "of another cluster", "etcd": null}, "settings": null}}'


def collect(monkeypatch: pytest.MonkeyPatch, host: type[Host], pki: pathlib.Path) -> dict[str, t.Any]:
    """The first step of an action on a host of another cluster, on a controller that has no PKI directory."""
    monkeypatch.setattr(host, "_run", lambda _self, _program: {"stdout": f"{bootstrap.MARK}{ANSWER}\n", "stderr": "", "rc": 0})
    task = types.SimpleNamespace(check_mode=False, delegate_to=None)
    action = types.SimpleNamespace(_task=task, _templar=None, _loader=types.SimpleNamespace(_vault=None))
    variables = {"inventory_hostname": "one", "cluster": {"pki_directory": str(pki)}}
    return host(t.cast(t.Any, action), variables).step("collect", {})


def test_what_changes_a_host_asks_first(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    with pytest.raises(IdentityError, match="Nothing was changed on one"):
        collect(monkeypatch, Host, tmp_path / "pki")


def test_the_health_of_etcd_needs_no_pki_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    assert collect(monkeypatch, etcd_health.EtcdHost, tmp_path / "pki") == {"state": {}}
