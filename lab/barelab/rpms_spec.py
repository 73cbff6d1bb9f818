# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of RPM spec files. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from barelab.errors import LabError

# Payload files are taken as they are: no stripping, no generated dependencies, no build identifiers; zstd at a fast level.
PREAMBLE = """\
%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
%global _binary_payload w3.zstdio
%global _missing_doc_files_terminate_build 0
"""


@dataclass(frozen=True, kw_only=True)
class Version:
    """Version and release of an RPM."""

    version: str
    release: str
    epoch: int = 0

    @classmethod
    def of_debian(cls, text: str, *, rebuild: int = 0, epoch: int = 0) -> Version:
        """What Debian calls 1:26.1.5+dfsg1-9+b2 is 26.1.5-9+b2.el10: no repacking marks, and EL's epochs instead of Debian's."""
        upstream, _, revision = text.rpartition(":")[2].rpartition("-")
        upstream = (upstream or revision).rpartition("+really")[2]  # 4+really3 is a 3 that had to sort after 4
        upstream = re.sub(r"[.+~](dfsg|ds|repack)[0-9]*", "", upstream).replace("-", "_")
        revision = re.sub(r"[^A-Za-z0-9.+~]", "_", revision)
        return cls(version=upstream, release=f"{revision}.el10" + (f".{rebuild}" if rebuild else ""), epoch=epoch)

    def tags(self) -> list[str]:
        """The lines of a package's header."""
        return [*([f"Epoch: {self.epoch}"] if self.epoch else []), f"Version: {self.version}", f"Release: {self.release}"]


@dataclass(frozen=True, kw_only=True)
class Header:
    """What the database says of a package besides its files."""

    name: str
    version: Version
    summary: str
    requires: Sequence[str] = ()
    recommends: Sequence[str] = ()
    provides: Sequence[str] = ()
    obsoletes: Sequence[str] = ()
    conflicts: Sequence[str] = ()
    scripts: dict[str, str] = field(default_factory=dict)


def file_entry(path: str, *, attribute: str = "") -> str:
    """A line of %files for one path."""
    if not is_literal(path):
        raise LabError(f"{path} holds characters that a spec file cannot name: leave the file out")
    return f'{attribute} "{path}"'.strip()


def is_literal(path: str) -> bool:
    """No character of the path means something to rpm; escapes are not understood the same way everywhere in %files."""
    return re.search(r"[][*?{}%\"\\]", path) is None


def package(header: Header, *, files: Sequence[str], subpackage: bool) -> str:
    """The sections of one package: its header, its scripts, its files."""
    option = f" -n {header.name}" if subpackage else ""
    head = [f"%package{option}"] if subpackage else [f"Name: {header.name}"]
    head += [*header.version.tags(), f"Summary: {header.summary}"]
    if not subpackage:
        head += ["License: see the package's Debian counterpart"]
    head += ["AutoReqProv: no"]
    for tag in ("requires", "recommends", "provides", "obsoletes", "conflicts"):
        head += [f"{tag.capitalize()}: {name}" for name in getattr(header, tag)]
    body = ["", f"%description{option}", header.summary]
    for section, script in header.scripts.items():
        directive, _, rest = section.partition(" ")
        body += ["", f"%{directive}{option} {rest}".rstrip(), script]
    body += ["", f"%files{option}", "%defattr(-,root,root,-)", *files, ""]
    return "\n".join([*head, *body])
