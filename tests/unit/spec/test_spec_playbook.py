# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin in real ansible-playbook runs, whose hosts have a connection that records every use of it."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import textwrap
import time
import typing as t

import pytest
from spec_controller import INVENTORY, Controller
from spec_inventory import BROKEN, TESTS, expected

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

# Starting ansible-playbook takes seconds.
pytestmark = pytest.mark.slow


def got(run: subprocess.CompletedProcess[str]) -> set[str]:
    return {line.partition("GOT ")[2].strip('"') for line in run.stdout.splitlines() if "GOT " in line}


def test_recorder_records(controller: Controller, good: pathlib.Path) -> None:
    """Without this the other tests could not fail."""
    assert controller.run(good, "-e", "reach=1").returncode != 0
    assert controller.was_reached


@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_every_host_gets_the_spec(controller: Controller, good: pathlib.Path, strategy: str) -> None:
    run = controller.run(good, *(["-e", "strategy=free"] if strategy == "free" else []))
    assert run.returncode == 0, run.stdout + run.stderr
    rest = "cluster.example.org 10.250.0.0/16 https://192.0.2.10:6443"
    assert got(run) == {f"{host} 192.0.2.{number} {rest}" for host, number in (("m1", 10), ("w1", 11), ("w2", 12))}
    assert not controller.was_reached


def test_limit_does_not_change_the_spec(controller: Controller, good: pathlib.Path) -> None:
    run = controller.run(good, "--limit", "w1")
    assert got(run) == {"w1 192.0.2.11 cluster.example.org 10.250.0.0/16 https://192.0.2.10:6443"}, run.stdout + run.stderr


def test_play_over_a_host_outside_of_the_cluster(controller: Controller, good: pathlib.Path) -> None:
    run = controller.run(good, "-e", "over=localhost", "--check")
    assert got(run) == {"localhost nothing https://192.0.2.10:6443"}, run.stdout + run.stderr


# The resolver alone is tested with all of them (test_spec_corpus.py). `make test` tries a part through Ansible, `make long` the rest.
THROUGH_ANSIBLE = [
    pytest.param(path, id=path.stem, marks=() if number % 8 == 0 else pytest.mark.long)
    for number, path in enumerate(sorted(BROKEN.glob("*.yml")))
]


@pytest.mark.parametrize("path", THROUGH_ANSIBLE)
def test_broken_inventory_is_refused_by_site_before_any_host(controller: Controller, path: pathlib.Path) -> None:
    run = controller.run(path, playbook=TESTS.parent / "playbooks" / "site.yml")
    assert run.returncode != 0
    output = run.stdout + run.stderr
    # The resolver alone, whose messages the corpus holds, does not know files and lines.
    told = re.sub(rf" \({re.escape(str(path))}:\d+\)", "", output)
    missing = [fragment for fragment in expected(path) if fragment not in told and json.dumps(fragment)[1:-1] not in told]
    assert not missing, output
    assert not controller.was_reached


def test_a_slice_of_awx_is_refused_before_any_host(controller: Controller, good: pathlib.Path) -> None:
    """AWX gives these as variables of the command line."""
    slice_of_awx = {"awx_job_id": 12, "awx_job_template_name": "site", "awx_workflow_job_id": 11, "awx_workflow_job_name": "site"}
    run = controller.run(good, "-e", json.dumps(slice_of_awx), playbook=TESTS.parent / "playbooks" / "site.yml")
    assert run.returncode != 0
    assert "Set the number of job slices of the template to 1" in run.stdout + run.stderr
    assert "the authorities would be lost with its container" in run.stdout + run.stderr
    assert not controller.was_reached


@pytest.mark.parametrize("name", ["many_faults", "variable_differs"])
def test_problems_name_file_and_line(controller: Controller, name: str) -> None:
    path = BROKEN / f"{name}.yml"
    run = controller.run(path)
    assert f"{path}:" in run.stdout + run.stderr


def test_undefined_variable_is_one_problem(controller: Controller, good: pathlib.Path) -> None:
    good.write_text(INVENTORY.replace("zone: example.org\n", "x: y\n"), encoding="utf-8")
    run = controller.run(good)
    assert run.returncode != 0
    assert "cannot be evaluated: 'zone' is undefined" in run.stdout + run.stderr


def test_an_authority_that_ends_within_a_year_is_told(controller: Controller, good: pathlib.Path) -> None:
    pki = good.parent / "pki"
    Pki(pki, now=time.time() - 3500 * 86400).certificate("front-proxy")
    run = controller.run(good)
    assert run.returncode == 0, run.stdout + run.stderr
    told = " ".join((run.stdout + run.stderr).split())
    assert told.count(f"{pki}/front-proxy-ca.crt: this authority ends on ") == 1
    assert "Plan its replacement" in told and "kubernetes-ca" not in told


def test_warnings_are_ansibles(controller: Controller, good: pathlib.Path) -> None:
    run = controller.run(good, "-e", "cluster_kubernetes_version=1.37.0")
    assert run.returncode == 0
    assert (run.stdout + run.stderr).count("[WARNING]: Kubernetes 1.37.0 is not tested") == 1


def play(tmp_path: pathlib.Path, task: str) -> None:
    (tmp_path / "playbook.yml").write_text(
        "- hosts: m1\n  gather_facts: false\n  tasks:\n" + textwrap.indent(task, "    "), encoding="utf-8"
    )


def test_result_must_be_kept(controller: Controller, good: pathlib.Path) -> None:
    play(controller.directory, "- barehost.kubernetes.cluster_spec:\n")
    run = controller.run(good)
    assert run.returncode != 0
    assert "add register: cluster to this task" in run.stdout + run.stderr


def test_a_role_alone_tells_what_is_wrong(controller: Controller) -> None:
    """By the lookup, where no task has resolved the cluster."""
    (controller.directory / "playbook.yml").write_text(
        "- hosts: all\n  gather_facts: false\n  roles: [{role: barehost.kubernetes.etcd}]\n", encoding="utf-8"
    )
    run = controller.run(BROKEN / "address_short.yml")
    assert run.returncode != 0
    assert "node_address" in run.stdout + run.stderr
    assert not controller.was_reached


def test_show(controller: Controller, good: pathlib.Path) -> None:
    play(controller.directory, "- barehost.kubernetes.cluster_spec:\n    show: true\n")
    run = controller.run(good)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "api_service_address" in run.stdout


def test_missing_netaddr(controller: Controller, good: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "netaddr.py").write_text(
        "raise ModuleNotFoundError('No module named netaddr', name='netaddr')\n", encoding="utf-8"
    )
    run = controller.run(good, environment={"PYTHONPATH": str(tmp_path / "shadow")})
    assert run.returncode != 0
    assert "netaddr 1.3 or newer is needed" in run.stdout + run.stderr
    assert "-m pip install" in run.stdout + run.stderr


def test_documentation_names_every_variable() -> None:
    """Type and default included, so that the text cannot fall behind the code."""
    import yaml

    from ansible_collections.barehost.kubernetes.plugins.modules import cluster_spec
    from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import variables

    notes = yaml.safe_load(cluster_spec.DOCUMENTATION)["notes"]
    for name, variable in {**variables.CLUSTER, **variables.HOST}.items():
        lines = [note for note in notes if f"C({name}) " in note or f"C({name})," in note]
        assert lines, f"{name} is not documented"
        if isinstance(variable.default, (bool, int)) or variable.default:
            shown = str(variable.default).lower() if isinstance(variable.default, bool) else variable.default
            assert any(f"default V({shown})" in line for line in lines), name


def test_documentation_names_every_key() -> None:
    import yaml
    from spec_inventory import spec_of

    from ansible_collections.barehost.kubernetes.plugins.modules import cluster_spec

    returned: dict[str, t.Any] = yaml.safe_load(cluster_spec.RETURN)
    assert set(returned) == set(spec_of().as_dict()) - {"warnings"}


def with_role_variable(good: pathlib.Path, line: str) -> None:
    good.write_text(INVENTORY.replace("    zone: example.org\n", f"    zone: example.org\n    {line}\n"), encoding="utf-8")


@pytest.mark.parametrize(
    "line",
    [
        'etcd_settings: {ETCD_HOST_WHITELIST: "{{ cluster.nodes[inventory_hostname].address }}"}',
        'minion_max_pods: "{{ ansible_facts.memtotal_mb // 50 }}"',
        'minion_max_pods: "{{ 55 * 2 }}"',
        "etcd_data_directory: \"{{ '/data' if inventory_hostname == 'm1' else undefined_elsewhere }}\"",
    ],
    ids=["of the spec", "of facts", "of a template", "of hosts with the role"],
)
def test_variables_of_roles_are_taken(controller: Controller, good: pathlib.Path, line: str) -> None:
    with_role_variable(good, line)
    run = controller.run(good)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("line", "fragment"),
    [
        ('minion_max_pods: "{{ pods }}"', "'pods' is undefined"),
        ('minion_proxy_mode: "{{ zone }}"', "minion_proxy_mode"),
        ('minion_kubelet_config: "{{ [zone] }}"', "Write a map"),
    ],
    ids=["undefined", "choices", "type"],
)
def test_templates_of_roles_are_refused(controller: Controller, good: pathlib.Path, line: str, fragment: str) -> None:
    with_role_variable(good, line)
    run = controller.run(good)
    assert run.returncode != 0
    assert "1 problem. No host was touched" in run.stdout + run.stderr
    assert fragment in run.stdout + run.stderr
    assert f"{good}:" in run.stdout + run.stderr


def test_a_role_alone_checks_its_arguments(controller: Controller, good: pathlib.Path) -> None:
    """What its caller gives it is no variable of the inventory."""
    (controller.directory / "playbook.yml").write_text(
        "- hosts: w1\n  gather_facts: false\n  roles: [{role: barehost.kubernetes.minion, minion_proxy_config: text}]\n", encoding="utf-8"
    )
    run = controller.run(good)
    assert "Validation of arguments failed" in run.stdout + run.stderr
    assert not controller.was_reached


def test_site_has_no_task_that_checks_arguments(controller: Controller, good: pathlib.Path) -> None:
    """It would be one for each role and host, after others have changed hosts."""
    run = controller.run(good, "--list-tasks", playbook=TESTS.parent / "playbooks" / "site.yml")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Converge" in run.stdout
    assert "Validating arguments" not in run.stdout


def test_f43_a_run_that_begins_in_the_middle_is_refused(controller: Controller, good: pathlib.Path) -> None:
    """What checks the inventory and plans for all hosts would be left out."""
    (controller.directory / "playbook.yml").write_text(
        "- hosts: m1\n  gather_facts: false\n  vars:\n    cluster: \"{{ lookup('barehost.kubernetes.cluster_spec') }}\"\n  tasks:\n"
        "    - name: First\n      ansible.builtin.debug:\n"
        "    - name: Second\n      barehost.kubernetes.component:\n        name: x\n",
        encoding="utf-8",
    )
    run = controller.run(good, "--start-at-task", "Second")
    assert run.returncode != 0
    assert "this run began in the middle (--start-at-task)" in " ".join((run.stdout + run.stderr).split())
    assert "Use --tags for a part of the work" in " ".join((run.stdout + run.stderr).split())
