# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that an apiserver has only when they are asked for, and that nothing of it changes while they are not."""

from __future__ import annotations

import functools
import json
import pathlib
import subprocess
import sys
import typing as t

import pytest

FILE = "/etc/kubernetes/admission-config.yaml"
LEVELS = {"master_pod_security": {"defaults": {"enforce": "baseline"}}}
LIMITS = {"master_event_rate_limits": [{"type": "Server", "qps": 50, "burst": 100}]}
READS = {"master_audit_secret_reads": True}
PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import changes
print(json.dumps([changes.Cluster(variables, {})._lines("master", "m1") for variables in json.loads(sys.argv[2])]))
"""


class Rendered(t.NamedTuple):
    """What the role would do. ``flags``: the line of the settings that has those of admission."""

    flags: str
    state: str
    absent: bool
    inputs: list[str]
    policy: dict[str, t.Any]


@functools.cache
def rendered() -> list[Rendered]:
    """Without variables, with each of them alone, and with all."""
    variables = [{}, LEVELS, LIMITS, READS, {**LEVELS, **LIMITS, **READS}]
    command = [sys.executable, "-c", PROGRAM, str(pathlib.Path(__file__).parent), json.dumps(variables)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [_read(lines) for lines in json.loads(done.stdout)]


def _read(lines: list[str]) -> Rendered:
    (settings,) = (line for line in lines if line.startswith("template apiserver.j2"))
    (flags,) = (line for line in settings.splitlines() if line.startswith("KUBE_ADMISSION_CONTROL="))
    at = lines.index(f'path: "{FILE}"')
    values = {
        name: [json.loads(line.partition(": ")[2]) for line in lines if line.startswith(f"{name}: ")]
        for name in ("absent", "inputs", "yaml")
    }
    (inputs,) = (value for value in values["inputs"] if isinstance(value, list) and "/usr/local/bin/kube-apiserver" in value)
    (policy,) = (value for value in values["yaml"] if value["kind"] == "Policy")
    state = json.loads(lines[at + 2].removeprefix("state: "))
    return Rendered(flags, state, {"path": FILE} in values["absent"][0], inputs, policy)


@pytest.mark.slow
def test_without_them_there_is_neither_the_file_nor_its_flag() -> None:
    nothing, _levels, _limits, reads, _all = rendered()
    for found in (nothing, reads):
        assert found.flags == 'KUBE_ADMISSION_CONTROL="--enable-admission-plugins=NodeRestriction"'
        assert (found.state, found.absent, FILE in found.inputs) == ("ignored", True, False)


@pytest.mark.slow
def test_with_one_of_them_there_are_both() -> None:
    _nothing, levels, limits, _reads, everything = rendered()
    file = f"--admission-control-config-file={FILE}"
    assert levels.flags == f'KUBE_ADMISSION_CONTROL="--enable-admission-plugins=NodeRestriction {file}"'
    assert limits.flags == f'KUBE_ADMISSION_CONTROL="--enable-admission-plugins=NodeRestriction,EventRateLimit {file}"'
    assert everything.flags == limits.flags
    for found in (levels, limits, everything):
        assert (found.state, found.absent, found.inputs.count(FILE)) == ("present", False, 1)


@pytest.mark.slow
def test_the_rule_for_reads_of_secrets_is_the_first() -> None:
    nothing, _levels, _limits, reads, _all = rendered()
    first, *others = reads.policy["rules"]
    assert first == {"level": "Metadata", "resources": [{"group": "", "resources": ["secrets"]}]}
    assert {**reads.policy, "rules": others} == nothing.policy
