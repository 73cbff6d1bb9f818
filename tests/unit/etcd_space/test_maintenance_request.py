# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of playbooks/etcd.yml, as the command line gives them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.maintenance_request import Request, request


def test_without_options_nothing_is_wanted() -> None:
    assert request(dict.fromkeys(("compact", "defragment", "disarm", "defragment_above", "pause"))) == Request()


def test_texts_of_the_command_line_are_read() -> None:
    given = {"compact": "true", "defragment": True, "disarm": "no", "defragment_above": "25", "pause": "0.5"}
    assert request(given) == Request(compact=True, defragment=True, disarm=False, defragment_above=25, pause=0.5)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("compact", "maybe"),
        ("compact", ""),
        ("defragment", [True]),
        ("defragment_above", "100"),
        ("defragment_above", "-1"),
        ("defragment_above", "2.5"),
        ("defragment_above", True),
        ("pause", "10s"),
        ("pause", "nan"),
        ("pause", "inf"),
        ("pause", {}),
    ],
)
def test_a_wrong_value_is_named_with_what_to_write(option: str, value: t.Any) -> None:
    with pytest.raises(ComponentError, match=rf"Nothing was touched: etcd_{option} is .*, wanted .*: -e etcd_{option}="):
        request({option: value})


def test_all_faults_come_at_once() -> None:
    with pytest.raises(ComponentError) as error:
        request({"compact": "x", "pause": "y"}, variables=["etcd_defrag", "etcd_disarm", "etcd_data_directory", "etcd_mine", "other"])
    message = str(error.value)
    assert "etcd_compact is 'x'" in message and "etcd_pause is 'y'" in message
    assert message.count("is no variable of this playbook") == 1
    assert "etcd_defrag is no variable of this playbook; did you mean etcd_defragment?" in message
