# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verifies signatures of programs and images by cosign, before they get their places in a mirror.

What counts as a signature is in the options of the run: variables of this login that change whom cosign trusts are not passed on. Without
a trusted root of the run's own, cosign takes sigstore's, or the one that this login has chosen by ``cosign initialize``.
"""

from __future__ import annotations

import base64
import collections.abc as c
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import http_download
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import signing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.manifest import Manifest
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.plan import Check
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.request import Request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.signing import Signer, Trust
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.wanted import Image, Program
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror_transfer import logins

_PROGRAM = "cosign"
# Variables by which cosign takes other authorities, logs and places of signatures.
_IGNORED = ("COSIGN_", "SIGSTORE_", "TUF_")
_SAID = 600
# In seconds. By itself cosign gives up after three minutes.
_DEADLINE = 300.0


class Verifier:
    """cosign. ``tls``: whether the registry of images has it; ``environment``: variables for it; ``work``: a private directory."""

    def __init__(self, program: str, trust: Trust, *, tls: bool, environment: c.Mapping[str, str], work: pathlib.Path) -> None:
        self._program = program
        self._trust = trust
        self._tls = tls
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_IGNORED)}
        self._environment = {**kept, **environment}
        self._work = work

    def require_program(self, program: Program, signer: Signer, file: pathlib.Path) -> None:
        with tempfile.TemporaryDirectory(dir=self._work) as folder:
            paths = [self._fetch(program, url, pathlib.Path(folder)) for url in program.signatures]
            bundle = paths[0] if len(paths) == 1 else str(pathlib.Path(folder, "bundle.json"))
            if len(paths) > 1:
                made = signing.make_bundle(self._trust, program=str(file), signature=paths[0], certificate=paths[1], bundle=bundle)
                self._require(made, what=program.path, signer=signer)
            asked = signing.verify_program(self._trust, signer, program=str(file), bundle=bundle)
            self._require(asked, what=program.path, signer=signer)

    def require_image(self, image: Image, signer: Signer, digest: str) -> None:
        reference = f"{image.source.rpartition(':')[0]}@{digest}"
        asked = signing.verify_image(self._trust, signer, reference=reference, tls=self._tls)
        self._require(asked, what=f"{image.source} with the digest {digest}", signer=signer)

    def _fetch(self, program: Program, url: str, folder: pathlib.Path) -> str:
        try:
            text = http_download.fetch_text(url)
        except HostError as error:
            raise ComponentError(
                f"{error.message} It proves who has signed {program.purpose}, and mirror_verify_signatures asks for that. The file was not "
                "taken"
            ) from None
        path = folder / os.path.basename(url)
        if url.endswith(signing.CERTIFICATE) and text.startswith("-----BEGIN"):
            # cosign 2 writes it in base64 once more, and reads no other.
            text = base64.b64encode(text.encode()).decode()
        path.write_text(text, encoding="utf-8")
        return str(path)

    def _require(self, arguments: list[str], *, what: str, signer: Signer) -> None:
        done = _run([self._program, *arguments], self._environment)
        if done.returncode != 0:
            # Warnings come before, and the same again comes behind.
            error = done.stderr.rpartition("Error: ")[2].partition("\nerror during command execution: ")[0]
            said = " ".join(error.split())[:_SAID] or f"it ended with status {done.returncode}"
            raise ComponentError(f"{what}: {_PROGRAM} finds no valid signature by {signer}: {said}. It was not taken")


def require_cosign() -> str:
    """Its path. Raises ComponentError if it is not there, or too old."""
    wanted = ".".join(str(part) for part in signing.OLDEST)
    advice = f"Install {wanted} or later of https://github.com/sigstore/cosign/releases, or leave mirror_verify_signatures out"
    found = shutil.which(_PROGRAM)
    if not found:
        raise ComponentError(f"mirror_verify_signatures needs {_PROGRAM}, which is not on this machine. {advice}")
    fault = signing.version_fault(_run([found, "version", "--json"], os.environ).stdout)
    if fault:
        raise ComponentError(f"mirror_verify_signatures needs another {_PROGRAM}: {found} {fault}. {advice}")
    return found


def _run(command: list[str], environment: c.Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
            timeout=_DEADLINE,
        )
    except subprocess.TimeoutExpired:
        raise ComponentError(f"{command[0]} {command[1]} did not end within {_DEADLINE:.0f} s. Find out what it waits for") from None
    except OSError as error:
        raise ComponentError(f"{command[0]} cannot be run: {error.strerror}. Install it anew") from None


def require_program(by: Verifier | None, program: Program, file: pathlib.Path) -> None:
    """Raises ComponentError unless this file of the program has a signature of its signer. Without a signer, nothing is asked."""
    if by and program.signer:
        by.require_program(program, program.signer, file)


def require_image(by: Verifier | None, image: Image, digest: str) -> None:
    """Raises ComponentError unless the image of this digest has a signature of its signer. Without a signer, nothing is asked."""
    if by and image.signer:
        by.require_image(image, image.signer, digest)


@contextlib.contextmanager
def verifier(asked: Request, *, authorities: str) -> c.Iterator[Verifier | None]:
    """None if no signatures are verified. ``authorities``: certificates that are trusted besides those of the machine."""
    if asked.signatures is None:
        yield None
        return
    program = require_cosign()
    with tempfile.TemporaryDirectory(prefix="barehost-signatures-") as work:
        certificates = logins.write_authorities(pathlib.Path(work), authorities)
        environment = logins.environment(pathlib.Path(work), certificates, asked.authfile)
        yield Verifier(program, asked.signatures.trust, tls=asked.images.tls, environment=environment, work=pathlib.Path(work))


def check(directory: pathlib.Path, checks: c.Iterable[Check], by: Verifier, known: Manifest) -> Manifest:
    """Those of the files and images that are checked, with their signers. Raises ComponentError with all that have no signature."""
    files, images = {}, {}
    faults = []
    for one in checks:
        what = one.what
        try:
            if isinstance(what, Program):
                require_program(by, what, directory / what.path)
                files[what.path] = known.files[what.path]._replace(signer=what.signer)
            else:
                require_image(by, what, one.digest)
                images[what.path] = known.images[what.path]._replace(signer=what.signer)
        except ComponentError as error:
            faults.append(str(error))
    if faults:
        raise ComponentError("\n".join(faults))
    return Manifest(files, images)
