# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How downloads are proven: the digests of the inventory, whose builds a mirror has, who asks for what is not pinned, and the record."""

from __future__ import annotations

import dataclasses
import posixpath
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Reader, nearest, shown

ASKED_BY = ("controller", "hosts")
FILE = "checksums.txt"
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclasses.dataclass(frozen=True)
class Checksums:
    """``given``: digests of the inventory, by program or file name. ``own_builds``: the mirror's programs are not upstream's files.
    ``asked_by``: who asks for what nobody gives and nothing pins. ``file``: where the answers are recorded, on the controller.
    """

    given: t.Mapping[str, str]
    own_builds: bool
    asked_by: str
    file: str

    def as_dict(self) -> dict[str, t.Any]:
        """``cluster.checksums``."""
        return {"file": self.file, "asked_by": self.asked_by, "given": dict(self.given), "own_builds": self.own_builds}


def read(reader: Reader, *, names: t.Sequence[str], mirror: str | None, pki_directory: str | None) -> Checksums | None:
    """None if something of it has a fault. ``names``: of programs and files that this cluster downloads; none if they are not known."""
    given, own_builds = _given(reader, names), _own_builds(reader, mirror)
    asked_by, file = _asked_by(reader), _file(reader, pki_directory)
    if given is None or own_builds is None or asked_by is None or file is None:
        return None
    return Checksums(given=given, own_builds=own_builds, asked_by=asked_by, file=file)


def _given(reader: Reader, names: t.Sequence[str]) -> dict[str, str] | None:
    checksums = reader.mapping("cluster_checksums")
    if checksums is None:
        return None
    for name, digest in checksums.items():
        if not _SHA256.fullmatch(digest.strip()):
            reader.fault(
                "cluster_checksums",
                f"gives {name!r} the value {shown(digest)}, which is not a sha256 of 64 hexadecimal digits",
                "Write what sha256sum prints for the downloaded file",
                value=list(checksums),
            )
        if names and name not in names:
            near = nearest(name, names)
            reader.fault(
                "cluster_checksums",
                f"names {name!r}, which is neither a program nor a file that this cluster downloads",
                f"Did you mean {near!r}?" if near else f"Use one of {', '.join(names)}",
                value=list(checksums),
            )
    return {name: digest.strip().lower() for name, digest in checksums.items()}


def _own_builds(reader: Reader, mirror: str | None) -> bool | None:
    own_builds = reader.boolean("cluster_mirror_own_builds")
    if own_builds and mirror == "":
        reader.fault(
            "cluster_mirror_own_builds",
            "needs a mirror, and cluster_mirror is empty: upstream's servers have upstream's builds",
            "Set cluster_mirror, or take this variable out",
        )
        return None
    return own_builds


def _asked_by(reader: Reader) -> str | None:
    text = reader.text("cluster_checksums_asked_by")
    if text is None or text in ASKED_BY:
        return text
    reader.fault("cluster_checksums_asked_by", f"is not one of {', '.join(ASKED_BY)}", f"Write {ASKED_BY[0]}, or nothing")
    return None


def _file(reader: Reader, pki_directory: str | None) -> str | None:
    """Absolute: a relative path counts from the folder that holds the PKI directory, which is the inventory's by default."""
    if pki_directory is None:
        return None
    text = reader.text("cluster_checksums_file") if reader.given("cluster_checksums_file") else FILE
    if text == "":
        reader.fault("cluster_checksums_file", "is empty", f"Write the path of a file, or take it out for {FILE} beside the PKI directory")
        return None
    return None if text is None else posixpath.normpath(posixpath.join(posixpath.dirname(pki_directory), text))
