# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into which RPM, and that the tables fit together."""

from __future__ import annotations

import re

import pytest

from barelab import releases, rootfs_rpmdb, rpms_table
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


MAIN = rpms_table.load()
DOCKERS = {
    version: rpms_table.load_docker(version, parts=releases.versions()["docker"].get(version, {}))
    for version in releases.versions()["programs"]["docker"]
}
RECIPES = [*MAIN.values(), *(entry for docker in DOCKERS.values() for entry in docker.values())]
BASE = rootfs_rpmdb.load_table()


@pytest.mark.parametrize("entry", RECIPES, ids=lambda entry: f"{entry.name} {entry.version}")
def test_every_requirement_can_be_met(entry: Recipe) -> None:
    known = {*MAIN, *DOCKERS["26.1.5"], *BASE}
    for requirement in entry.requires:
        assert known & set(rpms_table.names_in(requirement)), requirement


def test_names_in_requirements() -> None:
    assert rpms_table.names_in("containerd.io >= 2.1.5") == ["containerd.io"]
    assert rpms_table.names_in("(iptables-nft or iptables)") == ["iptables-nft", "iptables"]


def test_a_bare_host_has_nothing_of_what_is_offered() -> None:
    assert not {entry.name for entry in RECIPES} & set(BASE)


def test_files_of_its_own_belong_to_an_rpm() -> None:
    used = {folder.name for entry in RECIPES for folder in rpms_table.own_files(entry)}
    assert {folder.name for folder in (rpms_table.TABLE.parent / "files").iterdir()} == used


@pytest.mark.parametrize("entry", [entry for entry in RECIPES if entry.units], ids=lambda entry: f"{entry.name} {entry.version}")
def test_units_are_files_of_its_own_and_no_lab_values(entry: Recipe) -> None:
    for unit in entry.units:
        (file,) = [path for folder in rpms_table.own_files(entry) if (path := folder / "usr/lib/systemd/system" / unit).exists()]
        text = file.read_text(encoding="utf-8")
        assert "[Install]" in text
        assert "/usr/libexec/lab" not in text


@pytest.mark.parametrize("version", DOCKERS)
def test_each_docker_has_the_packages_and_the_versions_of_what_it_is_made_of(version: str) -> None:
    found = DOCKERS[version]
    assert sorted(found) == ["containerd.io", "docker-ce", "docker-ce-cli"]
    parts = releases.versions()["docker"].get(version)
    versions = [found[name].version for name in sorted(found)]
    assert versions == ([f"{parts['containerd']}-1", f"{version}-1", f"{version}-1"] if parts else ["", "", ""])


def test_a_docker_that_nobody_knows_to_pack_is_refused() -> None:
    with pytest.raises(LabError, match=r"docker\.yml does not know how Docker 20 is packed; it knows 29, 28, 26"):
        rpms_table.load_docker("20.10.0", parts={})


def test_a_newer_package_restarts_what_runs_and_stops_nothing() -> None:
    made = rpms_table.scripts(recipe("docker-ce", units=["docker.service"], restarts=["docker.service"], scripts={"postun": "further"}))
    mark, further = made["postun"].splitlines()
    assert mark == '[ "$1" -eq 0 ] || systemctl set-property docker.service Markers=+needs-restart || :'
    assert further == "further"
    assert made["posttrans"].splitlines()[-1] == "systemctl reload-or-restart --marked || :"
