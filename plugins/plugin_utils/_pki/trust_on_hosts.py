# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether hosts are as a phase of a replacement wants them, so that the next one may begin. Pure.

What cannot be known counts as bad: a host that did not answer is named, too.
"""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, encryption_replacement, generations
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.replacement import (
    ACCEPTED,
    DROPPED,
    NONE,
    PHASES,
    Replacement,
    Trust,
)

Texts = c.Mapping[str, "str | None"]


class Replaced(t.Protocol):
    """What is replaced, whatever it is."""

    @property
    def name(self) -> str: ...

    @property
    def subject(self) -> str: ...

    @property
    def phase(self) -> str: ...


def refuse(
    phase: str, work: Replacement, found: c.Mapping[str, Texts | None], *, bundles: c.Collection[str], without: c.Collection[str]
) -> None:
    """Raises PlanError if the phase of a replacement is not ``phase``, or a host is not as that one wants it.

    ``found``: for each host of the cluster what it has, or None if it did not answer. ``bundles``: the paths of what hosts trust; the
    others are certificates that hosts show or sign with. ``without``: hosts that may be away.
    """
    trust, name = work.trust, work.name
    refuse_faults(phase, work, found, fault=lambda texts: _fault(phase, trust, texts, bundles=bundles, name=name), without=without)


def refuse_faults(
    phase: str, work: Replaced, found: c.Mapping[str, t.Any], *, fault: c.Callable[[t.Any], str | None], without: c.Collection[str]
) -> None:
    """As ``refuse``; ``fault`` says what is wrong with what a host has."""
    name = work.name
    if work.phase != phase:
        raise PlanError(f"{name} is in the phase {work.phase!r}, and what comes now needs {phase!r}: run replace-authority.yml")
    unknown = sorted(set(without) - set(found))
    if unknown:
        raise PlanError(f"Nothing was changed: replace_without names {', '.join(unknown)}, which the cluster does not have")
    faults = [
        f"{host} {told}"
        for host, answer in found.items()
        if host not in without and (told := "did not answer" if answer is None else fault(answer))
    ]
    if not faults:
        return
    raise PlanError(
        f"{standing(phase, name)}: {'; '.join(faults)}. Bring these hosts back and run replace-authority.yml again, which goes on here. To "
        "go on without a host that is gone for longer, add -e replace_without=HOST; site.yml brings it in when it is back"
    )


def standing(phase: str, name: str) -> str:
    """How a replacement stands that cannot go on: how its errors begin."""
    return "Nothing was changed" if phase == NONE else f"The phase {phase!r} of {name} is not complete"


def _fault(phase: str, trust: Trust, texts: Texts, *, bundles: c.Collection[str], name: str) -> str | None:
    lacking = {NONE: trust.signing, ACCEPTED: trust.next}.get(phase, trust.signing)
    unwanted = trust.old if phase == DROPPED else ()
    for path, text in texts.items():
        if text is None:
            continue
        found = generations.blocks(text)
        if path not in bundles:
            if phase in (NONE, ACCEPTED):
                continue
            if set(trust.old) & set(found):
                return f"has the old {name} in {path}"
            if certs.issued_by_any(text, trust.old):
                return f"has {path}, which the old {name} has issued"
        elif lacking is not None and not set(generations.blocks(lacking)) <= set(found):
            return f"does not trust the {'present' if phase == NONE else 'new'} {name} in {path}"
        elif set(unwanted) & set(found):
            return f"still trusts the old {name} in {path}"
    return None


def steps(work: Replaced) -> list[str]:
    """What the playbook does, one line a phase, for people."""
    done = PHASES[1 : PHASES.index(work.phase) + 1]
    return [f"{work.name}: {'done' if phase in done else 'to do'}: {step(work, phase)}" for phase in PHASES[1:]]


def step(work: Replaced, phase: str) -> str:
    """What a phase means for this subject, for people."""
    if work.subject == encryption_replacement.SUBJECT:
        return encryption_replacement.STEPS[phase]
    told: t.Mapping[str, str] = {
        "accepted": f"a new one is made; hosts trust it beside the old one, restarting {_TRUST[work.subject]}",
        "switched": f"the new one signs; {_SIGNED[work.subject]}",
        "dropped": f"hosts trust the new one only, restarting {_TRUST[work.subject]}",
        "finished": "no host trusts the old one",
    }
    return told[phase]


# What restarts because it does not read again what it trusts: docs/architecture/replacing-authorities.md.
_TRUST: t.Mapping[str, str] = {
    "kubernetes": "the control plane, kubelet, kube-proxy and flannel, a host after the other",
    "etcd": "etcd, a member after the other, and the apiservers",
    "front-proxy": "nothing: apiservers read it again",
    "node": "apiservers, a master after the other",
    "service-account": "apiservers and controller managers, a master after the other",
}
_SIGNED: t.Mapping[str, str] = {
    "kubernetes": "every certificate of this authority is issued anew, and what uses it restarts, a host after the other",
    "etcd": "the certificates of members and clients are issued anew, a host after the other",
    "front-proxy": "the apiservers' client certificate is issued anew",
    "node": "masters get its key; kubelets forget what the old one has issued, restart and ask for new certificates",
    "service-account": "new tokens are of the new key; kubelets replace those of pods within the hour",
}
