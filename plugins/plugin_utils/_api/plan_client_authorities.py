# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans what apiservers publish of authorities that were replaced: they add to it, and never take away. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.trust_bundles import digests
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

TITLE = "ConfigMap kube-system/extension-apiserver-authentication"
# By key of the ConfigMap whose retired certificates may be in it, by the names of authorities.
KEYS: t.Mapping[str, tuple[str, ...]] = {
    "client-ca-file": ("kubernetes-ca", "node-ca"),
    "requestheader-client-ca-file": ("front-proxy-ca",),
}

# What the host answers: module_utils/_api/client_authorities.py
Answer = c.Mapping[str, t.Any]


def asked(retired: c.Mapping[str, c.Iterable[str]]) -> dict[str, list[str]]:
    """The digests that are looked for, by key. ``retired``: by the name of an authority the certificates that it has no more."""
    found = {key: [one for name in names for text in retired.get(name, ()) for one in digests(text)] for key, names in KEYS.items()}
    return {key: own for key, own in found.items() if own}


def plan(answer: Answer) -> list[PlannedAction]:
    """One action for what is published still; none for an API that is not there."""
    published: c.Mapping[str, list[str]] = answer["published"]
    if not published:
        return []
    before = "".join(f"{key}: {digest}\n" for key, own in published.items() for digest in own)
    reason = f"{' and '.join(published)} has an authority that was replaced, and apiservers never take one away"
    return [PlannedAction("api_object", "patch", TITLE, reason, before=before)]


def refuse(answers: c.Iterable[Answer], *, name: str) -> None:
    """Raises PlanError unless a master has seen that the authority ``name`` is published no more in any of its former states."""
    known = [answer for answer in answers if not answer["unready"]]
    told = "the API did not answer" if not known else f"{TITLE} has it" if any(answer["published"] for answer in known) else ""
    if told:
        raise PlanError(
            f"Controller managers, schedulers and aggregated APIs may still accept what the old {name} has issued: {told}. Mend the API "
            "(playbooks/health.yml tells what is wrong) and run replace-authority.yml again, which goes on here"
        )
