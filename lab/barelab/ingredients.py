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

from barelab import artifacts, images, offers, rootfs, rpms
from barelab.artifacts_progress import report
from barelab.images import Image
from barelab.releases import Program


@dataclasses.dataclass(frozen=True)
class Ingredients:
    """The folders of the cache that a lab uses."""

    base_tree: pathlib.Path
    programs: tuple[pathlib.Path, ...]
    packages: pathlib.Path
    # By version of Docker.
    docker: t.Mapping[str, pathlib.Path]
    images: tuple[Image, ...]

    def names(self) -> dict[str, str]:
        """What tells these ingredients from others."""
        # A base tree that was built again has the same digest, but may have newer packages of Debian.
        built = (self.base_tree / "etc/.updated").read_text(encoding="utf-8").strip()
        return {
            "the base tree": f"{self.base_tree.name} {built}",
            "the RPM packages": self.packages.name,
            **{f"the packages of Docker {version}": folder.name for version, folder in self.docker.items()},
            **{f"the program {folder.parent.name}": folder.name for folder in self.programs},
            **{f"the image {image.reference}": image.folder.name for image in self.images},
        }


class Making:
    """The ingredients of a lab that offers these releases: all begun, each there when it is finished.

    Two threads: one has the programs, nearly all of which is compiling; the other has the base tree, which mostly waits, the packages, of
    which Docker's are compiled, and the images.
    """

    def __init__(self, releases: t.Sequence[tuple[Program, str]]) -> None:
        self._releases = list(releases)
        self._pool = concurrent.futures.ThreadPoolExecutor(max_workers=2)
        self._programs = self._pool.submit(artifacts.ensure, [release for release in self._releases if not release[0].is_packed])
        self._base_tree: concurrent.futures.Future[pathlib.Path] = concurrent.futures.Future()
        self._others = self._pool.submit(self._make_others)
        self._pool.shutdown(wait=False)

    def _make_others(self) -> tuple[pathlib.Path, dict[str, pathlib.Path], tuple[Image, ...]]:
        try:
            self._base_tree.set_result(rootfs.ensure_base_tree(report))
        except BaseException as error:
            self._base_tree.set_exception(error)
            raise
        packages = rpms.ensure_repository(report)
        docker = {version: rpms.ensure_docker(version, report) for item, version in self._releases if item.is_packed}
        return packages, docker, tuple(images.ensure(self._releases))

    def base_tree(self) -> pathlib.Path:
        """The first that is finished: hosts can be made from it and booted while the others are still built."""
        return self._base_tree.result()

    def all(self) -> Ingredients:
        """Everything, or the error of what could not be built."""
        packages, docker, its_images = self._others.result()
        programs = tuple(self._programs.result())
        return Ingredients(base_tree=self.base_tree(), programs=programs, packages=packages, docker=docker, images=its_images)


def ensure(*, versions: t.Sequence[str]) -> Ingredients:
    """All of a lab that is asked for these versions (as by `lab up --version`); built now if the cache has them not."""
    return Making(offers.wanted(versions)).all()
