# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the clocks of controller and host agree well enough to issue a certificate. Pure."""

from __future__ import annotations

import datetime

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import CLOCK_SKEW, PkiError

# A controller whose clock is behind by more finds out too late what ends, and issues what ends too soon.
_CLOCK_BEHIND = datetime.timedelta(hours=1)


def refuse_early(*, ahead: float, host: str) -> None:
    """Raises PkiError if a host would not accept yet what is issued now, or would see it end too soon.

    ``ahead``: seconds by which the controller's clock is ahead. One that is a little behind does no harm: what is issued is valid already.
    """
    if -ahead > _CLOCK_BEHIND.total_seconds():
        raise PkiError(
            f"Nothing was issued for {host}: its clock is {-ahead / 3600:.1f} hours ahead of the controller's, wanted at most "
            f"{_CLOCK_BEHIND.total_seconds() / 3600:.0f}. A certificate would end too soon there, and be renewed too late. Correct the "
            "clock that is wrong ('timedatectl' here, 'chronyc tracking' there) and run again."
        )
    if ahead > CLOCK_SKEW.total_seconds():
        raise PkiError(
            f"Nothing was issued for {host}: its clock is {ahead / 60:.0f} minutes behind the controller's, wanted at most "
            f"{CLOCK_SKEW.total_seconds() / 60:.0f}. Until that has passed, hosts would take a new certificate for one that is not valid "
            "yet. Correct the clock that is wrong ('timedatectl' here, 'chronyc tracking' there) and run again."
        )
