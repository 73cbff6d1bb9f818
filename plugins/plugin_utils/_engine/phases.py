# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A phase that changes the cluster: where it fails, what is told ends with how to go on."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible.errors import AnsibleConnectionFailure

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import HostFailure

Object = dict[str, t.Any]


def told_how_to_go_on(perform: c.Callable[[], Object], words: str, *, refusals: bool = True) -> Object:
    """The result of a phase; its error, also that of a connection that is lost meanwhile, ends with these words.

    Not chained, because Ansible would add the text of the cause after these words.
    ``refusals``: whether a plan that is refused does so, too, because an earlier phase has changed something.
    """
    try:
        result = perform()
    except HostFailure as error:
        raise HostFailure(f"{error.message}\n{words}", error.result) from None
    except ComponentError as error:
        if not refusals:
            raise
        raise ComponentError(f"{error.message}\n{words}") from None
    except AnsibleConnectionFailure as error:
        raise ComponentError(f"the host that is asked does not answer any more: {error}\n{words}") from None
    return {**result, "msg": f"{result.get('msg', '')}\n{words}"} if result.get("failed") else result


def nothing() -> Object:
    """The result of a phase in which this host has nothing to do."""
    return {"changed": False, "actions": []}
