# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths, units and ports of the components stand in one table; the rest of the collection reads it."""

from __future__ import annotations

import ast
import collections.abc as c
import dataclasses
import functools
import importlib
import pathlib
import re

import pytest
import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import component_table

from .command import ROOT, tracked

TABLE = "plugins/plugin_utils/_spec/component_table.py"
# Assignments that are documentation: people read them, and a test below compares their defaults.
DOCUMENTATION = ("DOCUMENTATION", "EXAMPLES", "RETURN")
# Where a literal of the table may stand, and why.
EXCEPTIONS: dict[str, set[str]] = {
    # The argument specification of a module must be equal to its documentation; its action plugin always gives all options.
    "plugins/modules/cluster_health.py": {
        "/etc/kubernetes/pki/admin.crt",
        "/etc/kubernetes/pki/admin.key",
        "/etc/kubernetes/pki/ca.crt",
    },
    # The directories that PATH and the stamps know are those of the system, whatever the table has in them.
    "plugins/module_utils/_kinds/unit_stamps.py": {"/usr/local/bin"},
    "plugins/module_utils/_runtime/commands.py": {"/usr/local/bin"},
    # The engine can be used without the table: what it puts on a host for itself is its own.
    "plugins/module_utils/_runtime/ours.py": {"/etc/barehost"},
    "plugins/plugin_utils/_engine/unit_files.py": {"/usr/local/libexec/barehost"},
    # The path that a caller may override.
    "plugins/module_utils/_etcd_client/etcdctl.py": {"/usr/local/bin/etcdctl"},
    # The defaults of roles are plain values that people read; a test below compares this one.
    "roles/etcd/defaults/main.yml": {"/var/lib/etcd"},
}


@functools.cache
def literals() -> frozenset[str]:
    """Every path, unit and fixed port of the table. The port of the API is a variable, and its default serves as an example."""
    found: set[str] = set(component_table.PATHS.values())
    for component in component_table.components().values():
        pairs = [path for pair in component.pairs.values() for path in dataclasses.astuple(pair)]
        own = [component.unit, component.program, component.directory, component.data_directory, component.socket]
        found |= {*own, *component.tools.values(), *component.files.values(), *component.pki.values(), *pairs}
        found |= {str(port.number) for port in component.ports.values()}
    return frozenset(found - {""})


@functools.cache
def pattern() -> re.Pattern[str]:
    """A port is a whole number. A path that goes on below a directory of the table counts too. The longest literal first."""
    longest_first = sorted(literals(), key=len, reverse=True)
    return re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-]|\.\w)")


def python_literals(name: str) -> c.Iterator[str]:
    """The constants of a program, without docstrings and documentation."""
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id in DOCUMENTATION for target in node.targets):
            skipped.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, int)) and id(node) not in skipped:
            yield str(node.value)


def text_without_comments(name: str) -> str:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("#", "{#")))


def found_in(name: str) -> set[str]:
    texts = python_literals(name) if name.endswith(".py") else [text_without_comments(name)]
    found = {match for text in texts for match in pattern().findall(text)}
    # The template of a unit names the units that it starts after.
    is_unit = name.endswith((".service.j2", ".socket.j2", ".timer.j2"))
    return {match for match in found if not (is_unit and match.endswith((".service", ".socket")))}


def test_a_literal_of_the_table_is_found_where_it_is_written(tmp_path: pathlib.Path) -> None:
    found = set(
        pattern().findall("https://127.0.0.1:2379 x=/etc/etcd/pki/ca.crt 12379 /etc/etcd/pki.old --f=/etc/kubernetes/pki, etcd.service")
    )
    assert found == {"2379", "/etc/etcd", "/etc/etcd/pki/ca.crt", "/etc/kubernetes/pki", "etcd.service"}
    program = tmp_path / "a.py"
    program.write_text('"""About 2379."""\nDOCUMENTATION = "2380"\nPORT = 10257\n')
    assert set(python_literals(str(program))) == {"10257"}


def test_only_the_table_has_them() -> None:
    files = tracked("plugins/*.py", "roles/*/tasks/*.yml", "roles/*/defaults/*.yml", "roles/*/vars/*.yml")
    files += tracked("roles/*/templates/*", "roles/*/files/*", "playbooks/*.yml")
    found = {name: found_in(name) for name in files if name != TABLE}
    wrong = {name: sorted(values - EXCEPTIONS.get(name, set())) for name, values in found.items()}
    assert {name: values for name, values in wrong.items() if values} == {}, f"these stand in {TABLE}: read them from there"
    unused = {name: values - found.get(name, set()) for name, values in EXCEPTIONS.items()}
    assert {name: values for name, values in unused.items() if values} == {}, "no exception is needed there"


@pytest.mark.parametrize("name", [path.stem for path in sorted((ROOT / "plugins" / "action").glob("*.py"))])
def test_the_documented_defaults_are_those_of_the_action(name: str) -> None:
    package = "ansible_collections.barehost.kubernetes.plugins"
    specification = getattr(importlib.import_module(f"{package}.action.{name}"), "ARGUMENT_SPEC", {})
    documentation = yaml.safe_load(importlib.import_module(f"{package}.modules.{name}").DOCUMENTATION)
    options = dict(documentation.get("options") or {})
    for fragment in documentation.get("extends_documentation_fragment", []):
        module = importlib.import_module(f"{package}.doc_fragments.{fragment.rpartition('.')[2]}")
        options |= yaml.safe_load(module.ModuleDocFragment.DOCUMENTATION).get("options", {})
    documented = {option: options[option].get("default") for option in specification}
    assert documented == {option: values.get("default") for option, values in specification.items()}


def test_the_default_of_the_data_directory_is_the_tables() -> None:
    defaults = yaml.safe_load((ROOT / "roles/etcd/defaults/main.yml").read_text(encoding="utf-8"))
    assert defaults["etcd_data_directory"] == component_table.ETCD.data_directory
