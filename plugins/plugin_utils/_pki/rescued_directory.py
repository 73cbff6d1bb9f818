# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PKI directory that is filled with what hosts have. A mark says that it is not complete; whatever kills a run, the next one goes on.

When it is complete, it has the certificates of the present authorities without their keys, and for each a mark that its key is lost.
``replacement`` goes on from there.
"""

from __future__ import annotations

import collections.abc as c
import json
import pathlib

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, generations
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import (
    AUTHORITIES,
    ENCRYPTION,
    SERVICE_ACCOUNT_KEY,
    SERVICE_ACCOUNT_PUBLIC,
    Pki,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.encryption_replacement import EncryptionReplacement
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.generations import PREVIOUS, SERVICE_ACCOUNT

UNFINISHED = "rescue.unfinished"


class RescuedDirectory:
    """``now``: seconds since the epoch."""

    def __init__(self, pki: Pki, *, now: float) -> None:
        self._pki = pki
        self._directory = pki.directory
        self._now = now

    def refuse_if_used(self) -> None:
        """Raises PkiError for a directory that has authorities already, other than those of a rescue."""
        there = [name for name in _certificate_names() if (self._directory / name).exists()]
        if there and not self._unfinished and not self.complete:
            raise PkiError(
                f"Nothing was changed: the PKI directory {self._directory} has {', '.join(there)} already, so it is not lost. If only keys "
                "of authorities are lost, playbooks/replace-authority.yml makes new authorities. If other files of it are lost, put them "
                "back. If it is of another cluster, correct cluster_pki_directory, or move it away"
            )

    @property
    def complete(self) -> bool:
        """Whether a rescue was finished, and new authorities are still to be made."""
        authorities = [authority for authority in AUTHORITIES if self._pki.lost(authority)]
        return bool(authorities) and not self._unfinished

    def put(self, name: str, text: str) -> None:
        """A secret. One that is there, from a backup for example, must be the same."""
        self._begin()
        if not atomic_file.create(self._directory / name, text, mode=0o600) and self._pki.stored(name) != text:
            raise PkiError(
                f"{self._directory / name} is another one than hosts have. Move it away to take that of the hosts, and run again. Keep it: "
                "what only it can read is lost without it"
            )

    def finish(self, public: c.Mapping[str, c.Sequence[str]]) -> None:
        """The public parts: for each file what hosts trust, the oldest first."""
        self._begin()
        self._service_account(public.get(SERVICE_ACCOUNT_PUBLIC, ()))
        if self._pki.stored(ENCRYPTION) is not None:
            # It may have been lost in the middle of a replacement. The next one goes on, and drops what nothing is encrypted by.
            EncryptionReplacement(self._pki, now=self._now).retire_others()
        for authority in AUTHORITIES:
            name = certs.authority_name(authority)
            blocks = public.get(f"{name}.crt", ())
            if not blocks:
                self._pki.certificate(authority)  # nobody trusts one, so a new one can begin at once
                continue
            self._note(name, {"lost": True})
            self._write(generations.public_name(name, PREVIOUS), "".join(blocks[:-1]))
            self._write(generations.public_name(name), blocks[-1])
        (self._directory / UNFINISHED).unlink(missing_ok=True)

    def _service_account(self, blocks: c.Sequence[str]) -> None:
        private = self._pki.stored(SERVICE_ACCOUNT_KEY) or ""
        self._pki.key(SERVICE_ACCOUNT_KEY)
        signing = [block for block in blocks if certs.belong_together(block, private)]
        if blocks and not signing:
            raise PkiError(
                f"The hosts' {SERVICE_ACCOUNT_KEY} belongs to none of the public keys in their {SERVICE_ACCOUNT_PUBLIC}, so no token would "
                "be accepted. Put the right pair on a master, and run again"
            )
        others = [block for block in blocks if block not in signing]
        if others:
            # Pods may have tokens of another key for an hour. As if a new one had begun to sign now.
            self._note(SERVICE_ACCOUNT, {"switched": self._now})
        self._write(generations.public_name(SERVICE_ACCOUNT, PREVIOUS), "".join(others))
        self._write(SERVICE_ACCOUNT_PUBLIC, "".join(signing))

    def _begin(self) -> None:
        """Nobody else can open the directory before something is in it."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory.chmod(0o700)
        atomic_file.create(self._directory / UNFINISHED, "playbooks/rescue-pki.yml has begun to fill this directory.\n", mode=0o600)

    @property
    def _unfinished(self) -> bool:
        return (self._directory / UNFINISHED).exists()

    def _note(self, name: str, values: dict[str, object]) -> None:
        atomic_file.write(generations.mark(self._directory, name), json.dumps({"begun": self._now, **values}) + "\n", mode=0o644)

    def _write(self, name: str, text: str) -> None:
        path = pathlib.Path(self._directory / name)
        if text:
            atomic_file.write(path, text, mode=0o644)


def _certificate_names() -> list[str]:
    return [f"{certs.authority_name(authority)}.crt" for authority in AUTHORITIES]
