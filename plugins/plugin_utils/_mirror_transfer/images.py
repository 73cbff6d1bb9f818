# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies images between registries and directories by skopeo or crane, whichever this machine has.

A login is in a file that the program reads, never among its arguments. What the programs bring is not trusted: every byte of an image is
compared with the digest by which the registry has named it.
"""

from __future__ import annotations

import abc
import collections.abc as c
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import directory as places
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import layout
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.manifest import File, Image
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.plan import Copy
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror_transfer import logins, signatures
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror_transfer.signatures import Verifier

_PROGRAMS = ("skopeo", "crane")
# How a registry says that it does not have something, in words of the programs.
_ABSENT = re.compile(r"manifest unknown|name unknown|MANIFEST_UNKNOWN|NAME_UNKNOWN|StatusCode: 404\b|status code 404\b|404 Not Found")
_SAID = 600


class Tool(abc.ABC):
    """A program that speaks to registries. ``tls``: whether the registry does; ``work``: a private directory for its files."""

    def __init__(self, program: str, *, tls: bool, authfile: pathlib.Path | None, authorities: str, work: pathlib.Path) -> None:
        self._program = program
        self._tls = tls
        self._authfile = authfile
        self._certificates = logins.write_authorities(work, authorities)
        self._work = work

    def digest(self, reference: str) -> str:
        """Of the image in a registry. Raises ComponentError if there is none."""
        return layout.digest_of(self._run(*self._manifest(reference)))

    def digest_if_there(self, reference: str) -> str:
        """Of the image in a registry; empty if it does not have it. Raises ComponentError if it does not answer."""
        try:
            return self.digest(reference)
        except ComponentError as error:
            if _ABSENT.search(str(error)):
                return ""
            raise

    def pull(self, repository: str, digest: str, target: pathlib.Path) -> None:
        """Makes ``target``, a layout with the image of this digest, for all architectures. Raises ComponentError."""
        self._pull(f"{repository}@{digest}", target)
        layout.complete(target, digest)
        layout.require_whole(target, digest)

    def push(self, source: pathlib.Path, reference: str, digest: str) -> None:
        """Raises ComponentError unless the registry then has the image with this digest."""
        self._push(source, reference)
        found = self.digest(reference)
        if found != digest:
            raise ComponentError(f"{reference}: the registry has it as {found}, wanted {digest}. Find out who has pushed another one")

    def _run(self, *arguments: str, directory: pathlib.Path | None = None) -> bytes:
        command = [self._program, *arguments]
        done = subprocess.run(
            command, cwd=directory, env={**os.environ, **self._environment()}, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()
            raise ComponentError(f"{os.path.basename(self._program)} {arguments[0]} {arguments[-1]}: {said[-_SAID:]}. {_REMEDY}")
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {}

    @abc.abstractmethod
    def _manifest(self, reference: str) -> list[str]:
        """The arguments that print a manifest as it is."""

    @abc.abstractmethod
    def _pull(self, reference: str, target: pathlib.Path) -> None: ...

    @abc.abstractmethod
    def _push(self, source: pathlib.Path, reference: str) -> None: ...


_REMEDY = (
    "Look at the name of the registry, at cluster_ca_bundle if its authority is your own, and at mirror_authfile if it asks for a login"
)


class Skopeo(Tool):
    """https://github.com/containers/skopeo"""

    def _options(self, prefix: str = "") -> list[str]:
        login = [f"--{prefix}authfile={self._authfile}"] if self._authfile else []
        return [f"--{prefix}cert-dir={self._certificates}", f"--{prefix}tls-verify={str(self._tls).lower()}", *login]

    def _manifest(self, reference: str) -> list[str]:
        return ["inspect", "--raw", *self._options(), f"docker://{reference}"]

    def _pull(self, reference: str, target: pathlib.Path) -> None:
        # A layout of skopeo's own would have manifests of another type, and so another digest.
        self._run("copy", "--all", "--preserve-digests", "--quiet", *self._options("src-"), f"docker://{reference}", f"dir:{target}")
        layout.from_flat(target)

    def _push(self, source: pathlib.Path, reference: str) -> None:
        words = ["copy", "--all", "--preserve-digests", "--quiet", *self._options("dest-"), "oci:.", f"docker://{reference}"]
        self._run(*words, directory=source)


class Crane(Tool):
    """https://github.com/google/go-containerregistry/tree/main/cmd/crane"""

    def _environment(self) -> dict[str, str]:
        return logins.environment(self._work, self._certificates, self._authfile)

    def _options(self) -> list[str]:
        return [] if self._tls else ["--insecure"]

    def _manifest(self, reference: str) -> list[str]:
        return ["manifest", *self._options(), reference]

    def _pull(self, reference: str, target: pathlib.Path) -> None:
        self._run("pull", "--format=oci", *self._options(), reference, str(target))

    def _push(self, source: pathlib.Path, reference: str) -> None:
        self._run("push", *self._options(), str(source), reference)


_TOOLS: dict[str, type[Tool]] = {"skopeo": Skopeo, "crane": Crane}


def require_program() -> str:
    """The path of the first that is there. Raises ComponentError if none is."""
    for name in _PROGRAMS:
        found = shutil.which(name)
        if found:
            return found
    raise ComponentError(
        f"{' and '.join(_PROGRAMS)} are not on this machine, and one of them copies images. Install it: `dnf install skopeo`, "
        "`apt-get install skopeo`, or crane of https://github.com/google/go-containerregistry, and run again"
    )


@contextlib.contextmanager
def tool(*, tls: bool, authfile: pathlib.Path | None, authorities: str) -> c.Iterator[Tool]:
    """``authorities``: certificates that are trusted besides those of the machine."""
    program = require_program()
    with tempfile.TemporaryDirectory(prefix="barehost-images-") as work:
        kind = _TOOLS[os.path.basename(program)]
        yield kind(program, tls=tls, authfile=authfile, authorities=authorities, work=pathlib.Path(work))


def copy(
    directory: pathlib.Path, wanted: c.Iterable[Copy], by: Tool, *, signed: Verifier | None = None
) -> tuple[dict[str, File], dict[str, Image]]:
    """Brings these images to their places; their files and themselves, by path. ``signed``: verifies signatures. Raises ComponentError."""
    files: dict[str, File] = {}
    images: dict[str, Image] = {}
    for one in wanted:
        digest = one.digest or by.digest(one.image.source)
        signatures.require_image(signed, one.image, digest)
        part = directory / places.PARTIAL / one.image.path.replace("/", "_")
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(mode=places.MODE, exist_ok=True)
        by.pull(one.image.source.rpartition(":")[0], digest, part)
        _make_readable(part)
        target = directory / one.image.path
        shutil.rmtree(target, ignore_errors=True)
        places.make_parents(directory, one.image.path)
        part.rename(target)
        images[one.image.path] = Image(one.image.reference, digest, one.image.signer if signed else None)
        found = places.look(directory, places.paths_in(directory, one.image.path))
        files.update({path: File(there.sha256, there.size, f"{one.image.purpose}, {one.image.reference}") for path, there in found.items()})
    return files, images


def _make_readable(directory: pathlib.Path) -> None:
    directory.chmod(places.MODE)
    for path in directory.rglob("*"):
        path.chmod(places.MODE if path.is_dir() else places.FILE_MODE)


def push(
    directory: pathlib.Path, images: t.Mapping[str, Image], registry: str, by: Tool, *, check_mode: bool
) -> tuple[list[str], list[str]]:
    """The references that were pushed, or would be, and those that the registry has already. Raises ComponentError."""
    pushed, there = [], []
    for path, image in sorted(images.items()):
        reference = f"{registry}/{image.reference}"
        if by.digest_if_there(reference) == image.digest:
            there.append(image.reference)
            continue
        if not check_mode:
            layout.require_whole(directory / path, image.digest)
            by.push(directory / path, reference, image.digest)
        pushed.append(image.reference)
    return pushed, there
