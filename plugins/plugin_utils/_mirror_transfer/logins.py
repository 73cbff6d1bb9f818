# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How programs in Go get logins to registries, and authorities of one's own: by their environment. No login is in it, only its file."""

from __future__ import annotations

import pathlib


def write_authorities(work: pathlib.Path, authorities: str) -> pathlib.Path:
    """The directory that has these certificates, below ``work``, which is private."""
    directory = work / "certificates"
    directory.mkdir()
    if authorities:
        (directory / "authorities.crt").write_text(authorities, encoding="utf-8")
    return directory


def environment(work: pathlib.Path, certificates: pathlib.Path, authfile: pathlib.Path | None) -> dict[str, str]:
    """For a program that reads Docker's ``config.json``. Authorities in a directory are trusted besides those in the file of the machine
    (Go's crypto/x509)."""
    config = work / "config.json"
    if authfile and not config.is_symlink():
        config.symlink_to(authfile)
    return {"SSL_CERT_DIR": str(certificates), **({"DOCKER_CONFIG": str(work)} if authfile else {})}
