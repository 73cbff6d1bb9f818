# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether hosts, and the values in etcd, are as a phase of the replacement of the key of Secrets wants them. Pure.

Hosts tell digests of the keys that they have, in their order. A master may not be away: its apiserver may run, could not read what the
others write, and would write what they cannot read later.
"""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import trust_on_hosts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.encryption_replacement import NAME, EncryptionReplacement
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.replacement import SWITCHED

# Where Kubernetes keeps its objects in etcd.
REGISTRY = "/registry/"
_SECRETS = "secrets"

# By host its digests by file; None if it did not answer.
Found = c.Mapping[str, "c.Mapping[str, c.Sequence[str]] | None"]


def refuse(
    phase: str,
    work: EncryptionReplacement,
    found: Found,
    *,
    without: c.Collection[str],
    masters: c.Collection[str],
    searched: c.Collection[str],
) -> None:
    """Raises PlanError if the next phase may not begin. ``searched``: the keys, by their digests, by which etcd has no value any more."""
    silent = [f"{host} did not answer" for host in masters if found.get(host) is None]
    silent += [f"replace_without names {host}" for host in masters if host in without]
    if silent:
        raise PlanError(
            f"{trust_on_hosts.standing(phase, NAME)}: {', '.join(silent)}, and {NAME} is replaced only while all masters answer. An "
            "apiserver that is not seen could not read what the others write. Bring the host back, or take it out of the inventory if it "
            "is gone, and run replace-authority.yml again"
        )
    trust_on_hosts.refuse_faults(phase, work, found, fault=lambda digests: _fault(work, digests), without=without)
    if phase == SWITCHED and not {key.digest for key in work.old} <= set(searched):
        raise PlanError(f"Nobody has looked whether etcd has values under the old {NAME}: run playbooks/replace-authority.yml as a whole")


def _fault(work: EncryptionReplacement, files: c.Mapping[str, c.Sequence[str]]) -> str | None:
    names = {key.digest: key.shown for key in work.known}
    wanted = [key.digest for key in work.present]
    for path, digests in files.items():
        there = list(dict.fromkeys(digests))
        if there and there != wanted:
            has, told = (", ".join(names.get(digest, "a key of another cluster") for digest in some) for some in (there, wanted))
            return f"has {has} in {path}, wanted {told}"
    return None


def below(resources: c.Iterable[str]) -> str:
    """Where in etcd these resources are. Others than Secrets have places that their names do not tell, so all is looked through."""
    return f"{REGISTRY}{_SECRETS}/" if set(resources) == {_SECRETS} else REGISTRY


def refuse_left(found: c.Mapping[str, t.Any], work: EncryptionReplacement) -> None:
    """Raises PlanError if etcd has values under an old key."""
    if not found["left"]:
        return
    more = ", …" if found["left"] > len(found["some"]) else ""
    raise PlanError(
        f"{found['left']} of {found['all']} values in etcd are still encrypted by {', '.join(key.shown for key in work.old)}: "
        f"{', '.join(found['some'])}{more}. Apiservers keep that key, and read all. Run replace-authority.yml again, which writes them "
        "again; what the API does not know cannot be written: look at these by hand"
    )
