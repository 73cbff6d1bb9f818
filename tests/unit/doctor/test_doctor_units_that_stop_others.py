# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that systemd stops along with another one: the finding of that one is the only one, and its remedy starts them all."""

from __future__ import annotations

import pathlib
import re

import pytest
from doctor_situation import Situation

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.judging import Finding
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.unit_effects import STOPPED_WITH
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import components

ROLES = pathlib.Path(__file__).parents[3] / "roles"
STOPPED = {"active": "inactive", "state": "dead", "result": "success"}
FAILED = {"active": "failed", "state": "failed", "result": "exit-code"}
SOCKET, SERVICE, DOCKER, KUBELET = "cri-docker.socket", "cri-docker.service", "docker.service", "kubelet.service"


def found_of(**states: dict[str, object]) -> list[Finding]:
    """The findings of a host whose units have these states; names are given without dots."""
    situation = Situation()
    units = situation.groups["w1"]["units"]["units"]
    units.append({**units[0], "name": SOCKET})
    for unit in units:
        unit.update(states.get(re.sub(r"\W", "_", unit["name"]), {}))
    return situation.findings()


def in_unit_files() -> dict[str, set[str]]:
    """By unit, those that the files of the roles tell systemd to stop along with it."""
    known = {component.unit for component in components().values()}
    stops: dict[str, set[str]] = {}
    for path in ROLES.glob("*/templates/*.*.j2"):
        unit = path.name.removesuffix(".j2")
        for line in re.findall(r"^(?:Requires|BindsTo|PartOf|Requisite)=(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE):
            for other in line.split():
                if unit in known and other in known:
                    stops.setdefault(other, set()).add(unit)
    return stops


def test_the_table_is_what_unit_files_say() -> None:
    stops = in_unit_files()
    # what the stopped ones stop in their turn
    whole = {
        unit: own | {further for other in own for further in stops.get(other, set()) if further != unit} for unit, own in stops.items()
    }
    # a socket that is down has its service stopped, which is told with the socket
    assert whole.pop(SOCKET) == {SERVICE}
    assert whole == {unit: set(own) for unit, own in STOPPED_WITH.items()}


def test_docker_that_was_stopped_is_one_finding_whose_remedy_starts_all() -> None:
    found = found_of(docker_service=STOPPED, cri_docker_service=STOPPED, cri_docker_socket=STOPPED)
    assert [(one.found.split()[0], one.remedy) for one in found] == [(DOCKER, f"`systemctl start {DOCKER} {SERVICE} {SOCKET}`")]


def test_docker_that_is_masked_is_one_finding_whose_remedy_starts_all() -> None:
    found = found_of(docker_service={**STOPPED, "masked": True, "known": False}, cri_docker_service=STOPPED, cri_docker_socket=STOPPED)
    assert [one.check.id for one in found] == ["unit-masked"]
    assert found[0].remedy == f"`systemctl unmask {DOCKER} && systemctl enable --now {DOCKER} {SERVICE} {SOCKET}`"


def test_cri_dockerd_brings_its_socket() -> None:
    found = found_of(cri_docker_service=STOPPED, cri_docker_socket=STOPPED)
    assert [one.remedy for one in found] == [f"`systemctl start {SERVICE} {SOCKET}`"]


def test_what_runs_is_not_started() -> None:
    assert next(one.remedy for one in found_of(docker_service=FAILED)).endswith(f"`systemctl start {DOCKER}`")


@pytest.mark.parametrize("docker", [STOPPED, FAILED], ids=["stopped", "failed"])
def test_what_systemd_does_not_stop_along_is_told_by_itself(docker: dict[str, object]) -> None:
    found = found_of(docker_service=docker, cri_docker_service=STOPPED, cri_docker_socket=STOPPED, kubelet_service=STOPPED)
    assert [one.found.split()[0] for one in found] == [DOCKER, KUBELET]
    assert f"`systemctl start {KUBELET}`" in found[1].remedy
