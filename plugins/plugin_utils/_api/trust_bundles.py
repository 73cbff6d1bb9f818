# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a replaced authority means for objects of the API: pods must have got the new one, and others may hold the old one. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.trust_bundles import digests
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.listed import at_most
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError

# The longest list of names in a message.
_SHOWN = 10


@dataclasses.dataclass(frozen=True)
class Digests:
    """What identifies certificates: SHA-256 in hexadecimal digits. ``new`` is what stays, None if it is not made yet."""

    new: str | None
    old: tuple[str, ...]

    @classmethod
    def of(cls, new: str | None, old: c.Iterable[str]) -> Digests:
        """From PEM texts of one certificate each."""
        return cls(None if new is None else next(iter(digests(new))), tuple(found for one in old for found in digests(one)))

    def asked(self, *, deadline: float) -> dict[str, t.Any]:
        """What the host is asked; it waits ``deadline`` seconds for the controller manager."""
        return {"wanted": self.new, "about": list(self.old), "deadline": deadline}


def refuse(found: c.Iterable[c.Mapping[str, t.Any]], *, name: str) -> None:
    """Raises PlanError unless one of the masters has seen that every namespace publishes the new authority."""
    answers = list(found)
    known = [answer for answer in answers if not answer["error"]]
    if not known:
        told = "; ".join(dict.fromkeys(answer["error"] for answer in answers)) or "no master was asked"
        raise PlanError(
            f"It is not known whether pods trust the new {name}, because the API did not answer: {told}. Mend the API (playbooks/health.yml"
            " tells what is wrong) and run replace-authority.yml again, which goes on here"
        )
    if all(answer["namespaces"] for answer in known):
        lacking = min((answer["namespaces"] for answer in known), key=len)
        raise PlanError(
            f"Pods would not trust the new {name}: the ConfigMap kube-root-ca.crt lacks it in {at_most(_SHOWN, lacking)}. The controller "
            "manager writes it: look at `journalctl -u kube-controller-manager` on the masters. Then run replace-authority.yml again"
        )


def warnings(found: c.Iterable[c.Mapping[str, t.Any]], digests: Digests, *, name: str) -> list[str]:
    """Tells of objects that trust the old authority and not the new one."""
    held: dict[str, list[str]] = {}
    for answer in found:
        held.update(answer["objects"])
    lacking = sorted(item for item, holds in held.items() if digests.new not in holds)
    if not lacking:
        return []
    return [
        f"{at_most(_SHOWN, lacking)}: caBundle holds the old {name} and not the new one. Nothing changes that. If what is called there has "
        f"a certificate of {name}, add the new one before the old one is dropped"
    ]
