# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates a run issues anew although nothing is wrong with them. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import certificate_files

# The fact that holds what the filter `renewal` returns.
VARIABLE = "barehost_renewal"
ALL = "all"
# That of the kubeconfig on the controller, which is no file of a host.
ADMINISTRATOR = "kubeconfig"
# What certificates last where nothing else is said.
_YEAR = 365


def of_administrator(days: int, renew_before_days: int) -> dict[str, int]:
    """Lifetime and renewal of the administrator's certificates. Shorter ones are renewed in their last third, so not by every run."""
    last_third = min(-(-days // 3), days - 1)
    return {"days": days, "renew_before_days": renew_before_days if days >= _YEAR else min(renew_before_days, last_third)}


def names() -> list[str]:
    """The certificates by the names of their files, such as ``apiserver`` for apiserver.crt."""
    return sorted({path.rpartition("/")[2].removesuffix(".crt") for path in certificate_files()} | {ADMINISTRATOR})


def choice(text: str | t.Sequence[str], since: float) -> dict[str, t.Any]:
    """The value of ``VARIABLE``: the chosen ``names``, and ``since``.

    What was issued before that moment, in seconds since the epoch, is issued anew. So a host that is asked twice in a run gets no second
    certificate. Raises ValueError for a name that no certificate has.
    """
    given = text.split(",") if isinstance(text, str) else text
    wanted = [name.strip() for name in given if name.strip()]
    unknown = [name for name in wanted if name not in (ALL, *names())]
    if unknown or not wanted:
        found = ", ".join(unknown) or "nothing"
        raise ValueError(f"Nothing was renewed: renew names {found}, and there are {ALL}, {', '.join(names())}. Correct -e renew=…")
    return {"since": float(since), "names": names() if ALL in wanted else wanted}
