# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of Debian's packages with the libraries they need, and nothing else of Debian."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import shlex
import tarfile
import tempfile
import typing as t

from barelab import cache, rootfs
from barelab.artifacts_progress import report
from barelab.images_oci import Entry
from barelab.rootfs_chroot import Chroot

SUITE = rootfs.SUITE

# In an overlay of the base tree: install, then pack the programs and what the dynamic linker finds for them.
_SCRIPT = """
set -eu
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get update -qq > /dev/null
apt-get install -qq --yes --no-install-recommends {packages} > /dev/null
for program in {programs}; do
  echo "$program"
  ldd "$program" | sed -n -e 's/.*=> \\(\\/[^ ]*\\) .*/\\1/p' -e 's/^[[:space:]]*\\(\\/[^ ]*\\) .*/\\1/p'
done | sort -u > /image.list
tar --create --dereference --hard-dereference --absolute-names --file /image.tar --files-from /image.list
{ask}
"""


@dataclasses.dataclass(frozen=True)
class Found:
    entries: dict[str, Entry]
    # What the command that was asked printed.
    answer: str


@contextlib.contextmanager
def scratch() -> t.Iterator[pathlib.Path]:
    """A folder for the time of a build, on the cache's file system: an overlay cannot lie on another overlay."""
    parent = cache.root() / "scratch"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        yield pathlib.Path(folder)


def files(*, packages: list[str], programs: list[str], ask: list[str]) -> Found:
    """The programs with their libraries, by path; and what ``ask`` prints where they are installed."""
    base = rootfs.ensure_base_tree(report)
    script = _SCRIPT.format(packages=shlex.join(packages), programs=shlex.join(programs), ask=shlex.join(ask))
    with scratch() as folder:
        chroot = Chroot(tree=base, overlay=folder)
        answer = chroot.run(["sh", "-c", script], what=f"taking {', '.join(packages)} from Debian's packages")
        with tarfile.open(chroot.changes / "image.tar") as archive:
            return Found(entries={item.name: _entry(archive, item) for item in archive}, answer=answer)


def _entry(archive: tarfile.TarFile, item: tarfile.TarInfo) -> Entry:
    content = t.cast("t.IO[bytes]", archive.extractfile(item)).read()
    return Entry(content=content, mode=0o755 if item.mode & 0o100 else 0o644)
