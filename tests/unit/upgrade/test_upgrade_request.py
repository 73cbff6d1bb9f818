# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of playbooks/upgrade.yml."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.batch import Batch
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.upgrade_request import OPTIONS, Request, request

NOT_GIVEN: dict[str, t.Any] = dict.fromkeys(OPTIONS)


def asked(**given: t.Any) -> Request:
    return request({**NOT_GIVEN, **given})


def test_without_variables_the_defaults_hold() -> None:
    assert asked() == asked(before_node="") == Request()
    assert Request().for_plays() == {
        "timeout": 300.0,
        "pause": 0.0,
        "wait_for_pods": True,
        "unmanaged_pods": False,
        "before_node": "",
        "after_node": "",
        "batch": "1",
    }


def test_texts_of_the_command_line_are_read() -> None:
    found = asked(only="nodes", drain="no", batch="20%", pause="5", timeout="900", unmanaged_pods="true", wait_for_pods="false")
    assert found == Request("nodes", False, True, False, Batch(20, True), 900.0, 5.0)
    assert asked(batch=3).for_plays()["batch"] == "3"


def test_tasks_of_the_user_are_found_from_where_the_run_begins(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "before.yml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for given in ("before.yml", "~/before.yml", "$HOME/before.yml", str(tmp_path / "before.yml")):
        assert asked(before_node=given).for_plays()["before_node"] == str(tmp_path / "before.yml")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"only": "etcd"}, "upgrade_only is 'etcd', wanted all, masters or nodes: -e upgrade_only=masters"),
        ({"drain": "perhaps"}, "upgrade_drain is 'perhaps', wanted true or false: -e upgrade_drain=false"),
        (
            {"batch": "some"},
            "upgrade_batch is 'some', wanted a number of nodes from 1, or per cent of them such as 20%: -e upgrade_batch=2",
        ),
        ({"timeout": "soon"}, "upgrade_timeout is 'soon', wanted seconds, a number from 1 to 86400: -e upgrade_timeout=900"),
        ({"timeout": -5}, "upgrade_timeout is -5, wanted seconds, a number from 1 to 86400"),
        ({"before_node": "~nobody-here/a.yml"}, "upgrade_before_node is '~nobody-here/a.yml', wanted the path of a file with tasks"),
        ({"pause": -1}, "upgrade_pause is -1, wanted seconds, a number from 0 to 86400"),
        ({"after_node": "missing.yml"}, "upgrade_after_node is 'missing.yml', wanted the path of a file with tasks, which is there"),
        ({"after_node": ["one.yml"]}, "upgrade_after_node is ['one.yml'], wanted the path of a file"),
    ],
)
def test_wrong_options_are_refused(given: dict[str, t.Any], told: str) -> None:
    with pytest.raises(PlanError) as caught:
        asked(**given)
    assert str(caught.value).startswith(f"Nothing was changed: {told}")


def test_all_faults_are_one_message() -> None:
    with pytest.raises(PlanError) as caught:
        request({**NOT_GIVEN, "pause": "long"}, variables=["upgrade_bach", "upgrade_take_over"], tags=["etcd"])
    for told in ("did you mean upgrade_batch?", "upgrade_pause is 'long'", "tags (etcd) divide no upgrade"):
        assert told in str(caught.value)
