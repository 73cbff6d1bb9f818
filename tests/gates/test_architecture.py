# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages below ``plugins`` import only those below them, and the two sides have the same kinds of resources."""

from __future__ import annotations

import ast
import pathlib

import pytest

from .command import ROOT

PLUGINS = ROOT / "plugins"
PREFIX = "ansible_collections.barehost.kubernetes.plugins."

# Lowest first. What a package may import beside itself.
HOST = {
    "_runtime": set(),
    "_claim": {"_runtime"},
    "_api": {"_runtime"},
    "_etcd_client": {"_runtime"},
    "_kinds": {"_runtime", "_etcd_client"},
    "_certificates": {"_runtime", "_kinds"},
    "_restart": {"_runtime", "_kinds", "_etcd_client"},
    "_doctor": {"_runtime", "_api", "_etcd_client", "_kinds", "_certificates", "_restart"},
    "_component": {"_runtime", "_kinds", "_doctor"},
    "_etcd": {"_runtime", "_etcd_client", "_kinds", "_component"},
    "_reset": {"_runtime", "_kinds", "_component"},
    "_upgrade": {"_runtime", "_api", "_etcd_client"},
    "_survey": {"_runtime", "_component", "_api", "_etcd"},
    "_logs": {"_runtime", "_api"},
}
CONTROLLER: dict[str, set[str]] = {
    "_common": set(),
    "_progress": {"_common"},
    "_spec": {"_common"},
    "_pki": {"_common"},
    "_plan": {"_common", "_pki"},
    "_api": {"_common", "_spec", "_plan"},
    "_etcd": {"_common", "_spec", "_pki", "_plan"},
    "_reset": {"_common", "_spec", "_plan"},
    "_certificates": {"_common", "_spec", "_pki", "_plan"},
    "_people": {"_common", "_spec", "_pki"},
    "_removal": {"_common", "_spec", "_plan", "_etcd"},
    "_upgrade": {"_common", "_spec", "_plan", "_api", "_etcd"},
    "_restart": {"_common", "_api", "_etcd"},
    "_doctor": {"_common", "_spec", "_plan", "_api", "_etcd"},
    "_explain": {"_common", "_spec", "_doctor"},
    "_logs": {"_common", "_spec", "_doctor"},
    "_report": {"_common", "_spec", "_certificates", "_doctor"},
    "_mirror": {"_common", "_spec", "_plan"},
    "_engine": {"_common", "_spec", "_pki", "_plan", "_api"},
    "_mirror_transfer": {"_common", "_engine", "_mirror"},
    "_survey": {"_common", "_spec", "_pki", "_plan", "_api", "_etcd", "_certificates", "_doctor", "_engine"},
}
SIDES = {"module_utils": HOST, "plugin_utils": CONTROLLER}
# Packages that plan or resolve. They are pure: nothing of Ansible that could reach a host.
PURE = (
    "_spec",
    "_pki",
    "_plan",
    "_api",
    "_etcd",
    "_reset",
    "_certificates",
    "_people",
    "_removal",
    "_upgrade",
    "_restart",
    "_doctor",
    "_explain",
    "_logs",
    "_report",
    "_mirror",
)
ANSIBLE_FOR_PURE = ("ansible.errors", "ansible.module_utils", "ansible.parsing")
# A kind that needs a second file names it after itself; these serve the kind ``units``.
NO_KIND = {"checks"}


def imports(file: pathlib.Path) -> set[str]:
    """The full names of the modules and packages that a file imports, at whatever depth of it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def own(file: pathlib.Path) -> set[tuple[str, str]]:
    """(side, package) of each import of ours; the package is empty for a plugin that is imported itself."""
    names = [name.removeprefix(PREFIX).split(".") for name in imports(file) if name.startswith(PREFIX)]
    return {(side, rest[0] if rest else "") for side, *rest in names}


@pytest.mark.parametrize("side", SIDES)
def test_every_package_is_known(side: str) -> None:
    packages = {path.name for path in (PLUGINS / side).iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert packages == set(SIDES[side]), "a new package needs its place in the order, in this file and in docs/architecture"


@pytest.mark.parametrize("side", SIDES)
def test_a_package_imports_only_what_is_below_it(side: str) -> None:
    wrong = []
    for package, below in SIDES[side].items():
        for file in sorted((PLUGINS / side / package).glob("*.py")):
            for target, name in sorted(own(file)):
                allowed = {package} | below if target == side else set(HOST) if target == "module_utils" else set()
                if name not in allowed:
                    wrong.append(f"{side}/{package}/{file.name} imports {target}/{name}")
    assert not wrong, "\n".join(wrong)


def test_the_order_has_no_circle() -> None:
    for order in SIDES.values():
        placed: set[str] = set()
        for package, below in order.items():
            assert below <= placed, f"{package} may import only what stands before it in the table"
            placed.add(package)


def test_what_plans_reaches_no_host() -> None:
    wrong = [
        f"{package}/{file.name} imports {name}"
        for package in PURE
        for file in sorted((PLUGINS / "plugin_utils" / package).glob("*.py"))
        for name in sorted(imports(file))
        if name.split(".")[0] in ("ansible", "subprocess", "socket", "http", "urllib.request") and not name.startswith(ANSIBLE_FOR_PURE)
    ]
    assert not wrong, "\n".join(wrong)


def test_each_kind_has_a_file_on_either_side() -> None:
    def kinds(path: str) -> set[str]:
        names = {file.stem for file in (PLUGINS / path).glob("[!_]*.py")}
        return {name for name in names - NO_KIND if not any(name.startswith(other + "_") for other in names - {name})}

    planners = kinds("plugin_utils/_plan") - {"action", "attributes", "planner", "prediction"}
    assert planners == {
        name for name in kinds("module_utils/_kinds") if not name.endswith(("_blocks", "_checksums", "_dependents", "_stamps"))
    }
