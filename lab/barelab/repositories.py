# SPDX-License-Identifier: GPL-3.0-or-later
"""The RPM repositories of the lab, as its hosts know them: one, and one for each version of Docker that the lab offers."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterable, Mapping

# Where hosts have them described, and which address stands there.
FILE = "etc/yum.repos.d/lab.repo"
_ADDRESS = "192.168.200.1:"
_MAIN = "rpm"


def folders(packages: pathlib.Path, docker: Mapping[str, pathlib.Path]) -> dict[pathlib.Path, pathlib.Path]:
    """What the mirror serves: path -> folder."""
    return {pathlib.Path(_MAIN): packages, **{pathlib.Path(_of_docker(version)): folder for version, folder in docker.items()}}


def described(text: str, *, bridge_address: str, docker: Iterable[str]) -> str:
    """The file of a host, from that of the base tree, which has the first section."""
    main = text.replace(_ADDRESS, f"{bridge_address}:")
    section = main[main.index("[lab]") :]
    others = [re.sub(rf"/{_MAIN}/", f"/{_of_docker(version)}/", section.replace("[lab]", f"[lab-docker-{version}]")) for version in docker]
    return "".join([main, *(f"\n{other}" for other in others)])


def _of_docker(version: str) -> str:
    return f"{_MAIN}-docker-{version}"
