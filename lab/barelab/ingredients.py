# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that hosts are made from and use: the base tree, the programs, the packages and the images.

What is not in the cache is built. Building Go programs keeps the processors busy, the base tree and the packages wait for downloads most
of the time: so these are made beside each other.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import pathlib
import typing as t

from barelab import artifacts, images, rootfs, rpms
from barelab.artifacts_progress import report
from barelab.images import Image


@dataclasses.dataclass(frozen=True)
class Ingredients:
    """The folders of the cache that a lab uses."""

    base_tree: pathlib.Path
    programs: tuple[pathlib.Path, ...]
    packages: pathlib.Path
    images: tuple[Image, ...]

    def names(self) -> dict[str, str]:
        """What tells these ingredients from others."""
        # A base tree that was built again has the same digest, but may have newer packages of Debian.
        built = (self.base_tree / "etc/.updated").read_text(encoding="utf-8").strip()
        return {
            "the base tree": f"{self.base_tree.name} {built}",
            "the RPM packages": self.packages.name,
            **{f"the program {folder.parent.name}": folder.name for folder in self.programs},
            **{f"the image {image.reference}": image.folder.name for image in self.images},
        }


def ensure(*, versions: t.Sequence[str]) -> Ingredients:
    """All of them, for clusters of these versions of Kubernetes."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        packages = pool.submit(rpms.ensure_repository, report)
        programs = pool.submit(artifacts.ensure, kubernetes_versions=versions)
    return Ingredients(
        base_tree=rootfs.ensure_base_tree(report),
        programs=tuple(programs.result()),
        packages=packages.result(),
        images=tuple(images.ensure()),
    )
