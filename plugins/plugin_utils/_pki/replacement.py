# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaces an authority, or the key of service accounts, in phases. Each is one atomic change of the PKI directory.

``accepted``
    A new one is there. Hosts trust both, and the old one signs.
``switched``
    The new one signs. Hosts trust both.
``dropped``
    Hosts trust the new one only.

Between two phases ``site.yml`` brings all hosts to what the PKI directory says. Whatever kills a phase, the next call finishes it. A
switch is the moment in which the public part is replaced; the key is found by its public part, whatever its file is called.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, generations, issuing, own_authority
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import AUTHORITIES, NODE, Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.generations import NEXT, PREVIOUS, RETIRED, SERVICE_ACCOUNT

SUBJECTS = (*AUTHORITIES, NODE, SERVICE_ACCOUNT)
NONE, ACCEPTED, SWITCHED, DROPPED = PHASES = ("none", "accepted", "switched", "dropped")


@dataclasses.dataclass(frozen=True)
class Trust:
    """Public parts in PEM form, which hosts are compared with. ``old`` has those that must not be trusted any more at the end."""

    signing: str
    next: str | None
    old: tuple[str, ...]


class Replacement:
    """The replacement of one subject in one PKI directory. ``now`` is seconds since the epoch."""

    def __init__(self, pki: Pki, subject: str, *, now: float) -> None:
        if subject not in SUBJECTS:
            raise PkiError(f"{subject!r} cannot be replaced; there are {', '.join(SUBJECTS)}.")
        self.name = SERVICE_ACCOUNT if subject == SERVICE_ACCOUNT else certs.authority_name(subject)
        self._pki = pki
        self.subject = subject
        self._now = now

    @property
    def phase(self) -> str:
        """What was done last: one of ``PHASES``. Raises PkiError if there is nothing to replace."""
        own = self._public()
        if own is None:
            raise PkiError(f"{self._pki.directory} has no {generations.public_name(self.name)}, so there is nothing to replace.")
        if self._public(NEXT) not in (None, own):
            # Without the mark it is what an operator has put there, and nobody has looked at it.
            return ACCEPTED if self._accepted else NONE
        if self._lost:
            # Hosts may trust more than one already: whatever was going on, a new one has to be accepted first.
            return NONE
        if self._public(PREVIOUS) not in (None, own):
            return SWITCHED
        return DROPPED if self._mark.exists() else NONE

    @property
    def trust(self) -> Trust:
        """With what hosts are compared in this phase."""
        signing = self._public() or ""
        own, old = _joined(signing), [*generations.anchors(self._public(PREVIOUS)), *generations.blocks(self._public(RETIRED))]
        upcoming = self._public(NEXT)
        return Trust(own, _joined(upcoming) if upcoming not in (None, signing) else None, tuple(block for block in old if block != own))

    @property
    def switched_at(self) -> float:
        """When the new one began to sign, in seconds since the epoch; 0 before."""
        try:
            return float(json.loads(self._mark.read_text(encoding="utf-8")).get("switched", 0))
        except (OSError, ValueError, AttributeError):
            return 0

    def accept(self) -> None:
        """Makes the new one, or takes the files NAME.next that an operator has put there. What has expired is switched at once."""
        if self._lost or self._lacks_key:
            # first, because a killed run has to leave it
            self._note({"lost": True})
        if self._public(NEXT) is None:
            self._make_next()
        self._check_next()
        self._note({"accepted": True, "lost": self._lost})
        if self._expired():
            self.switch()

    def switch(self) -> None:
        """The new one is to sign from now on."""
        text = self._public(NEXT)
        if text is not None and text != self._public():
            # There may be previous ones if keys were lost in the middle of another replacement. With the chain of an intermediate: HAProxy
            # needs it for what still shows certificates of that one.
            previous = [*generations.blocks(self._public(PREVIOUS)), *generations.blocks(self._public())]
            self._replace_public("".join(dict.fromkeys(previous)), PREVIOUS)
            self._note({"switched": self._now, "lost": self._lost})
            self._replace_public(text)
        if self._public(NEXT) == self._public() and generations.is_lost(self._pki.directory, self.name):
            # That was the key of the old one. The new one's may be kept elsewhere from now on.
            self._note({"switched": self.switched_at})
        self._tidy()

    def drop(self) -> None:
        """Hosts are to trust the old one no more. Its public part stays among the retired ones, its key goes."""
        self._tidy()
        retired = [*generations.blocks(self._public(RETIRED)), *generations.anchors(self._public(PREVIOUS))]
        self._replace_public("".join(dict.fromkeys(retired)), RETIRED)
        self._unlink(generations.public_name(self.name, PREVIOUS))
        self._unlink(generations.key_name(self.name, PREVIOUS))

    def finish(self) -> None:
        """All hosts are as the last phase wants them."""
        self._tidy()
        self._mark.unlink(missing_ok=True)

    def _tidy(self) -> None:
        """Gives the files of a switch, which may have been killed, the names of their generations."""
        if self._public(NEXT) != self._public():
            return
        directory, key = self._pki.directory, generations.key_name(self.name)
        if self._public(PREVIOUS) is not None and (directory / key).exists() and not self._pki.belongs(key, self._public() or ""):
            self._copy(key, generations.key_name(self.name, PREVIOUS))
        if (directory / generations.key_name(self.name, NEXT)).exists():
            self._copy(generations.key_name(self.name, NEXT), key)
        self._unlink(generations.public_name(self.name, NEXT))
        self._unlink(generations.key_name(self.name, NEXT))

    def check_given(self) -> None:
        """Raises PkiError for files of an operator that cannot become the new one, before anything is done."""
        if self.phase == NONE and self._public(NEXT) is not None:
            self._check_next()

    def _make_next(self) -> None:
        key_name = generations.key_name(self.name, NEXT)
        self._pki.create_key(key_name, like=generations.key_name(self.name))
        key = self._pki.key(key_name)
        if self.subject == SERVICE_ACCOUNT:
            text = certs.public_pem(key.public_key())
        else:
            text = certs.pem(issuing.make_authority(self.subject, key, self._now))
        self._pki.create(generations.public_name(self.name, NEXT), text, mode=0o644)

    def _check_next(self) -> None:
        """The files may be an operator's own."""
        path = self._pki.directory / generations.public_name(self.name, NEXT)
        text = t.cast(str, self._public(NEXT))
        if self.subject != SERVICE_ACCOUNT:
            own_authority.check(text, self._now, path=str(path))
        if not self._pki.belongs(generations.key_name(self.name, NEXT), text):
            raise PkiError(f"{path} and its .key file do not belong together. Put two files there that do, or remove both.")

    def _expired(self) -> bool:
        certificate = certs.load(self._public() or "")
        return certificate is not None and certificate.not_valid_after_utc <= certs.moment(self._now)

    @property
    def _accepted(self) -> bool:
        """Whether the next one was looked at. A rescue marks what is lost before there is a next one."""
        try:
            noted = json.loads(self._mark.read_text(encoding="utf-8"))
            return bool(noted.get("accepted", not noted.get("lost")))
        except (OSError, ValueError, AttributeError):
            return False

    @property
    def _lost(self) -> bool:
        """Whether the key of what signs is known to be lost."""
        return self.subject != SERVICE_ACCOUNT and self._pki.lost(self.subject)

    @property
    def _lacks_key(self) -> bool:
        """Whether an authority that signs has no key here. Who begins a replacement without it has lost it."""
        if self.subject == SERVICE_ACCOUNT:
            return False
        keys = (generations.key_name(self.name, generation) for generation in generations.KEYS)
        return not any(self._pki.belongs(key, self._public() or "") for key in keys)

    @property
    def _mark(self) -> pathlib.Path:
        """Is there while a replacement goes on, until all hosts are as its last phase wants them."""
        return generations.mark(self._pki.directory, self.name)

    def _note(self, values: dict[str, t.Any]) -> None:
        atomic_file.write(self._mark, json.dumps({"begun": self._now, **values}) + "\n", mode=0o644)

    def _public(self, generation: str = "") -> str | None:
        return self._pki.stored(generations.public_name(self.name, generation))

    def _replace_public(self, text: str, generation: str = "") -> None:
        atomic_file.write(self._pki.directory / generations.public_name(self.name, generation), text, mode=0o644)

    def _copy(self, source: str, target: str) -> None:
        """As it is, also when ansible-vault has encrypted it."""
        atomic_file.write(self._pki.directory / target, (self._pki.directory / source).read_text(encoding="utf-8"), mode=0o600)

    def _unlink(self, name: str) -> None:
        (self._pki.directory / name).unlink(missing_ok=True)


def _joined(text: str | None) -> str:
    return "".join(generations.anchors(text))
