# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mirror lacks of what a cluster needs, and what in it is of others. Pure."""

from __future__ import annotations

import collections.abc as c
import hashlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.http_download import shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import wanted as wants
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.directory import Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.manifest import NAME, NOTHING, File, Image, Manifest
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

_KIND = "mirror"
_PACKAGES = "packages that hosts install"
_HEAD = """\
# Packages that the roles install, for dnf download. With what they need themselves:
#   dnf download --resolve --alldeps --destdir rpms $(grep -v '^#' packages.txt)
"""


class Fetch(t.NamedTuple):
    program: wants.Program
    reason: str


class Prove(t.NamedTuple):
    file: wants.ChecksumFile
    reason: str


class Copy(t.NamedTuple):
    """``digest`` is that of the image that was collected before; empty if the source is asked."""

    image: wants.Image
    digest: str
    reason: str


class Check(t.NamedTuple):
    """What is here and right, and has a signature that has not been verified. ``digest``: that of an image, empty for a program."""

    what: wants.Program | wants.Image
    digest: str
    reason: str


class Plan(t.NamedTuple):
    """``known``: what the manifest has already and stays, by path. ``packages``: the list's text. ``others``: files that this cluster
    does not need, ``damaged``: those of them that are not as the manifest has them. ``removed``: files that go."""

    fetches: tuple[Fetch, ...]
    proofs: tuple[Prove, ...]
    copies: tuple[Copy, ...]
    checks: tuple[Check, ...]
    packages: str
    packages_reason: str
    removed: tuple[str, ...]
    others: tuple[str, ...]
    damaged: tuple[str, ...]
    known: Manifest
    manifest_reason: str

    def actions(self) -> list[PlannedAction]:
        """As tasks show them."""
        found = [
            *(_action("download", one.program.path, one.reason, one.program.purpose) for one in self.fetches),
            *(_action("download", one.file.path, one.reason, one.file.purpose) for one in self.proofs),
            *(_action("copy", one.image.path, one.reason, one.image.purpose) for one in self.copies),
            *(_action("verify", one.what.path, one.reason, one.what.purpose) for one in self.checks),
            *([_action("write", wants.PACKAGES, self.packages_reason, self.packages)] if self.packages_reason else []),
            *(PlannedAction(_KIND, "remove", path, "this cluster does not need it", before=f"{path}\n") for path in self.removed),
        ]
        if not found and self.manifest_reason:
            found.append(_action("write", NAME, self.manifest_reason, "every file of the mirror"))
        return found


def _action(operation: str, path: str, reason: str, purpose: str) -> PlannedAction:
    return PlannedAction(_KIND, operation, path, reason, after=f"{purpose.rstrip()}\n")


def plan(
    needed: wants.Wanted,
    packages: c.Sequence[str],
    *,
    manifest: Manifest | None,
    found: c.Mapping[str, Found],
    listed: str,
    recorded: c.Mapping[str, str],
    prune: bool,
) -> Plan:
    """``manifest``: None if there is none. ``found``: the files of manifest and cluster that are there. ``listed``: the list of packages
    that is there. ``recorded``: digests of earlier downloads by address. ``prune``: whether files of others go."""
    known = manifest or NOTHING
    right = _right(known, found)
    fetches, files = _programs(needed.programs, known, found, right, recorded)
    fetched = {one.program.path for one in fetches}
    proofs, proven = _checksum_files(needed.checksum_files, right, fetched, found)
    copies, images = _images(needed.images, known, right, found)
    packages_text = _packages(packages, listed=listed if wants.PACKAGES in right and not prune else "")
    files[wants.PACKAGES] = _packages_file(packages_text)
    own = {*(one.path for one in needed.programs), *(one.path for one in needed.checksum_files), wants.PACKAGES}
    of_images = tuple(f"{one.path}/" for one in needed.images)
    others = tuple(path for path in sorted(known.files) if path not in own and not path.startswith(of_images))
    kept = () if prune else others
    here = tuple(f"{path}/" for path in images)
    stays = Manifest(
        {**files, **proven, **{path: file for path, file in known.files.items() if path in kept or path.startswith(here)}},
        {path: image for path, image in known.images.items() if path in images or (not prune and f"{path}/" not in of_images)},
    )
    return Plan(
        fetches=tuple(fetches),
        proofs=tuple(proofs),
        copies=tuple(copies),
        checks=(*_checks(needed.programs, files), *_checks(needed.images, {path: known.images[path] for path in images})),
        packages=packages_text,
        packages_reason=_packages_reason(packages_text, listed, right, found),
        removed=others if prune else (),
        others=kept,
        damaged=tuple(path for path in kept if path not in right),
        known=stays,
        manifest_reason="absent" if manifest is None else "it says something else" if stays != known else "",
    )


def _right(known: Manifest, found: c.Mapping[str, Found]) -> set[str]:
    """The files that are as the manifest has them."""
    return {path for path, file in known.files.items() if path in found and found[path] == Found(file.sha256, file.size)}


def _programs(
    programs: c.Iterable[wants.Program],
    known: Manifest,
    found: c.Mapping[str, Found],
    right: c.Container[str],
    recorded: c.Mapping[str, str],
) -> tuple[list[Fetch], dict[str, File]]:
    """What must be downloaded, and the others. A file that somebody has put there counts if its digest is the right one."""
    fetches, files = [], {}
    for program in programs:
        path, there = program.path, found.get(program.path)
        wanted = program.sha256 or recorded.get(shown(program.url), "") or (known.files[path].sha256 if path in right else "")
        if there is not None and wanted and there.sha256 == wanted:
            # Verified was the file of the manifest. Another one, that somebody has put there, may be right as well.
            files[path] = File(there.sha256, there.size, program.purpose, known.files[path].signer if path in right else None)
            continue
        # What is recorded is known to be right, too: only a host of a mirror with other files would not have it.
        whole = program._replace(sha256=wanted) if wanted else program
        fetches.append(Fetch(whole, _reason(there, wanted)))
    return fetches, files


def _reason(there: Found | None, wanted: str) -> str:
    if there is None:
        return "absent"
    if not there.sha256:
        return "it is no file that can be read"
    return f"its sha256 is {there.sha256}, wanted {wanted}" if wanted else "nothing says whether it is the right one"


def _checksum_files(
    files: c.Iterable[wants.ChecksumFile], right: c.Container[str], fetched: set[str], found: c.Mapping[str, Found]
) -> tuple[list[Prove], dict[str, File]]:
    """A file that proves a program which is downloaded now is asked for again: it may be another one, too."""
    proofs, proven = [], {}
    for file in files:
        if file.path in right and not fetched & set(file.programs):
            proven[file.path] = File(found[file.path].sha256, found[file.path].size, file.purpose)
        else:
            reason = "absent" if file.path not in found else "differs from the manifest" if file.path not in right else "its program is new"
            proofs.append(Prove(file, reason))
    return proofs, proven


def _images(
    images: c.Iterable[wants.Image], known: Manifest, right: c.Container[str], found: c.Mapping[str, Found]
) -> tuple[list[Copy], dict[str, Image]]:
    """What must be copied, and what is here, each by its path with a slash at the end for its files."""
    copies, there = [], {}
    for image in images:
        before = known.images.get(image.path)
        files = [path for path in known.files if path.startswith(f"{image.path}/")]
        wrong = [path for path in files if path not in right]
        if before is not None and before.reference == image.reference and files and not wrong:
            there[image.path] = before
            continue
        digest = before.digest if before is not None and before.reference == image.reference else ""
        reason = f"{len(wrong)} of its files differ from the manifest or are missing" if wrong else "absent"
        copies.append(Copy(image, digest, reason))
    return copies, there


def _checks(needed: c.Iterable[wants.Program | wants.Image], here: c.Mapping[str, File | Image]) -> c.Iterator[Check]:
    for one in needed:
        there = here.get(one.path)
        if there is not None and one.signer and there.signer != one.signer:
            was = f"verified was that of {there.signer}" if there.signer else "no signature of it was verified"
            yield Check(one, there.digest if isinstance(there, Image) else "", f"{was}, wanted {one.signer}")


def _packages(packages: c.Iterable[str], *, listed: str) -> str:
    """The list, with what others have put into it."""
    before = [line for line in listed.splitlines() if line and not line.startswith("#")]
    return _HEAD + "".join(f"{name}\n" for name in sorted({*packages, *before}))


def _packages_reason(text: str, listed: str, right: c.Container[str], found: c.Mapping[str, Found]) -> str:
    if wants.PACKAGES not in found:
        return "absent"
    if wants.PACKAGES not in right:
        return "differs from the manifest"
    return "" if text == listed else "the packages are others"


def _packages_file(text: str) -> File:
    data = text.encode()
    return File(hashlib.sha256(data).hexdigest(), len(data), _PACKAGES)
