# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into which RPM, and that the tables fit together."""

from __future__ import annotations

import re

import pytest

from barelab import rootfs_rpmdb, rpms_payload, rpms_table
from barelab.errors import LabError
from barelab.rpms_table import Deb, Recipe

INDEX = rpms_table.parse_index(
    """\
Package: engine
Version: 26.1.5+dfsg1-9
Depends: libc6 (>= 2.34), runtime (>= 1.4~), tini | dumb-init,
 libthing1
Description: not parsed
 Depends: neither is this

Package: runtime
Version: 1.7-1
Pre-Depends: libc6
Provides: container-runtime (= 1), runtime-api

Package: tini
Version: 0.19-1

Package: libthing1
Version: 1:3-1
Depends: libdeep2 | libdeeper2

Package: libdeeper2
Version: 2-1
Depends: libthing1

Package: libc6
Version: 2.41-12
""".replace(",\n lib", ", lib")
)


def recipe(name: str, **fields: object) -> Recipe:
    return Recipe.parse(name, {"summary": name, **fields})


def test_index_is_parsed() -> None:
    assert INDEX["engine"].depends == (("libc6",), ("runtime",), ("tini", "dumb-init"), ("libthing1",))
    assert INDEX["runtime"].provides == ("container-runtime", "runtime-api")
    assert INDEX["runtime"].depends == (("libc6",),)


def test_libraries_are_what_neither_a_bare_host_nor_a_required_rpm_has() -> None:
    recipes = {
        entry.name: entry for entry in (recipe("docker", debs=["engine"], requires=["middle"]), recipe("containerd", debs=["runtime"]))
    }
    recipes["middle"] = recipe("middle", requires=["containerd"])
    assert rpms_table.libraries(recipes["docker"], recipes=recipes, index=INDEX, base=["libc6"]) == ["tini", "libthing1", "libdeeper2"]


def test_an_alternative_that_is_installed_is_enough() -> None:
    recipes = {"docker": recipe("docker", debs=["engine"], leave_out=["libthing1"])}
    assert rpms_table.libraries(recipes["docker"], recipes=recipes, index=INDEX, base=["libc6", "dumb-init"]) == ["runtime"]


def test_a_name_that_a_required_rpm_provides_is_there() -> None:
    index = dict(INDEX) | {"client": Deb(name="client", version="1-1", depends=(("runtime-api",),))}
    recipes = {"containerd": recipe("containerd", debs=["runtime"]), "client": recipe("client", debs=["client"], requires=["containerd"])}
    assert rpms_table.libraries(recipes["client"], recipes=recipes, index=index, base=["libc6"]) == []


def test_what_another_rpm_brings_must_be_required() -> None:
    recipes = {entry.name: entry for entry in (recipe("docker", debs=["engine"]), recipe("containerd.io", debs=["runtime"]))}
    with pytest.raises(LabError, match=r"docker: Debian's engine needs runtime, which containerd\.io brings: add it to requires"):
        rpms_table.libraries(recipes["docker"], recipes=recipes, index=INDEX, base=["libc6"])


def test_a_dependency_that_debian_lost_is_an_error() -> None:
    with pytest.raises(LabError, match="libc6, which"):
        rpms_table.libraries(
            recipe("tini", debs=["runtime"]), recipes={}, index={name: deb for name, deb in INDEX.items() if name != "libc6"}, base=[]
        )


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(LabError, match=r"docker: unknown fields: depend, deps"):
        Recipe.parse("docker", {"summary": "x", "deps": [], "depend": []})


def test_scripts_make_accounts_and_start_nothing() -> None:
    scripts = rpms_table.scripts(recipe("chrony", user={"name": "chrony", "home": "/var/lib/chrony"}, units=["chronyd.service"]))
    assert "useradd --system --gid chrony" in scripts["pre"]
    assert "preset chronyd.service" in scripts["post"]
    assert not any(re.search(r"systemctl .*\bstart\b", script) for script in scripts.values())


def test_no_scripts_without_need() -> None:
    assert rpms_table.scripts(recipe("jq", debs=["jq"])) == {}


RECIPES = rpms_table.load()


@pytest.mark.parametrize("name", RECIPES)
def test_every_requirement_can_be_met(name: str) -> None:
    known = set(RECIPES) | set(rootfs_rpmdb.load_table())
    assert set(RECIPES[name].requires) <= known


def test_a_bare_host_has_nothing_of_what_is_offered() -> None:
    assert not set(RECIPES) & set(rootfs_rpmdb.load_table())


def test_files_of_its_own_belong_to_an_rpm() -> None:
    assert {folder.name for folder in rpms_payload.OWN_FILES.iterdir()} <= set(RECIPES)


@pytest.mark.parametrize("name", [name for name, entry in RECIPES.items() if entry.units])
def test_units_are_files_of_its_own_and_no_lab_values(name: str) -> None:
    for unit in RECIPES[name].units:
        text = (rpms_payload.OWN_FILES / name / "usr/lib/systemd/system" / unit).read_text(encoding="utf-8")
        assert "[Install]" in text
        assert "/usr/libexec/lab" not in text
