# SPDX-License-Identifier: GPL-3.0-or-later
"""The repositories of the lab, as a host has them described and as the mirror serves them."""

from __future__ import annotations

import configparser
import pathlib

from barelab import repositories, rootfs

TEXT = (rootfs.OVERLAY / repositories.FILE).read_text(encoding="utf-8")


def test_a_host_knows_what_the_mirror_serves() -> None:
    parser = configparser.ConfigParser()
    parser.read_string(repositories.described(TEXT, bridge_address="10.1.2.1", docker=["29.8.1", "28.5.2"]))
    served = repositories.folders(pathlib.Path("/a"), {"29.8.1": pathlib.Path("/b"), "28.5.2": pathlib.Path("/c")})
    assert [parser[name]["baseurl"] for name in parser.sections()] == [f"http://10.1.2.1:8080/{path}/" for path in served]
    assert parser.sections() == ["lab", "lab-docker-29.8.1", "lab-docker-28.5.2"]
    assert {parser[name]["gpgcheck"] for name in parser.sections()} == {"0"}


def test_a_lab_without_docker_has_one() -> None:
    assert repositories.described(TEXT, bridge_address="192.168.200.1", docker=[]) == TEXT
