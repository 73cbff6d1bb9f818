# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab offers for download, by what it is asked for."""

from __future__ import annotations

import types

import pytest

from barelab import offers, product, releases
from barelab.errors import LabError

OFFERED = {
    "kubernetes": ["1.37.1", "1.36.3", "1.35.4"],
    "etcd": ["3.7.2", "3.6.16"],
    "coredns": ["1.14.7"],
    "docker": ["29.8.1", "28.5.2"],
}
# As in the collection's table: 1.38 is not known to it.
TABLE = types.SimpleNamespace(
    DEFAULT_KUBERNETES="1.37.1",
    MINORS={
        minor: types.SimpleNamespace(
            programs={"etcd": types.SimpleNamespace(default=etcd), "coredns": types.SimpleNamespace(default="1.14.7")}
        )
        for minor, etcd in {"1.37": "3.7.2", "1.36": "3.7.2", "1.35": "3.6.16"}.items()
    },
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "versions", lambda: {"programs": OFFERED, "defaults": {}, "docker": {}, "images": {}})
    monkeypatch.setattr(offers, "programs", lambda: OFFERED)
    monkeypatch.setattr(product, "table", lambda: TABLE)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("words", "inventory", "kubernetes", "etcd"),
    [
        pytest.param([], {}, ["1.37.1"], ["3.7.2"], id="the collection's defaults"),
        pytest.param([], {"kubernetes": "1.36.3", "docker": ""}, ["1.36.3"], ["3.7.2"], id="the inventory's"),
        pytest.param([], {"kubernetes": "1.35.4"}, ["1.35.4"], ["3.6.16"], id="etcd goes with Kubernetes"),
        pytest.param([], {"etcd": "3.6.16"}, ["1.37.1"], ["3.6.16"], id="another etcd, by the inventory"),
        pytest.param(["v1.36.3"], {"kubernetes": "1.37.1"}, ["1.36.3"], ["3.7.2"], id="asked for, instead of the inventory's"),
        pytest.param(["etcd=3.6.16"], {"etcd": "3.7.2"}, ["1.37.1"], ["3.6.16"], id="another etcd, asked for"),
        pytest.param(["1.36.3", "1.37.1", "1.36.3"], {}, ["1.37.1", "1.36.3"], ["3.7.2"], id="an upgrade"),
        pytest.param(
            ["kubernetes=1.36.3", "etcd=3.6.16", "1.37.1", "etcd=v3.7.2"], {}, ["1.37.1", "1.36.3"], ["3.7.2", "3.6.16"], id="of both"
        ),
        pytest.param(["1.35.4", "1.36.3"], {}, ["1.36.3", "1.35.4"], ["3.7.2", "3.6.16"], id="each with the etcd that goes with it"),
    ],
)
def test_what_is_offered(words: list[str], inventory: dict[str, str], kubernetes: list[str], etcd: list[str]) -> None:
    found = offers.wanted(words, inventory=inventory)
    expected = [("kubernetes", kubernetes), ("etcd", etcd), ("coredns", ["1.14.7"]), ("docker", ["29.8.1"])]
    assert [(item.name, version) for item, version in found] == [(name, one) for name, all_of_it in expected for one in all_of_it]
    assert offers.newest(found) == kubernetes[0]
    assert offers.wanted(offers.words(found)) == found, "a record of what was offered offers the same"


@pytest.mark.usefixtures("small")
def test_beside_a_kubernetes_that_the_collection_does_not_know_all_is_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OFFERED, "kubernetes", ["1.38.0", "1.37.1"])
    assert offers.words(offers.wanted(["1.38.0"])) == ("kubernetes=1.38.0", "etcd=3.7.2", "coredns=1.14.7", "docker=29.8.1")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("words", "inventory", "offered"),
    [([], {"docker": "28.5.2"}, ["28.5.2"]), (["docker=28.5.2", "docker=29.8.1"], {}, ["29.8.1", "28.5.2"])],
)
def test_docker_is_offered_as_asked_for(words: list[str], inventory: dict[str, str], offered: list[str]) -> None:
    found = offers.words(offers.wanted(words, inventory=inventory))
    assert offers.versions_of("docker", found) == offered
    assert offers.versions_of("kubernetes", found) == ["1.37.1"]


@pytest.mark.usefixtures("small")
def test_the_lab_may_have_a_default_that_is_not_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "versions", lambda: {"programs": OFFERED, "defaults": {"docker": "28.5.2"}, "docker": {}, "images": {}})
    assert offers.versions_of("docker", offers.words(offers.wanted([]))) == ["28.5.2"]
    assert offers.versions_of("docker", offers.words(offers.wanted(["docker=29.8.1"]))) == ["29.8.1"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["1.2.3"],
            r"kubernetes 1\.2\.3 is not one of the lab's \(1\.37\.1, 1\.36\.3, 1\.35\.4\); add it with: lab/update-pins kubernetes 1",
        ),
        (["etcd=3.6.4", "1.2.3"], r"kubernetes 1\.2\.3 is not .*; etcd 3\.6\.4 is not .* add it with: lab/update-pins etcd 3\.6\.4"),
        (["redis=8"], "unknown program 'redis'; the lab has kubernetes, etcd,"),
        (["etcd="], r"etcd  is not one of the lab's"),
        (["docker=29.0.0"], r"docker 29\.0\.0 is not one of the lab's \(29\.8\.1, 28\.5\.2\); lab/builds/README\.md says how"),
    ],
)
def test_what_the_lab_has_not_is_refused(words: list[str], message: str) -> None:
    with pytest.raises(LabError, match=message):
        offers.wanted(words)


def test_a_lab_that_is_not_asked_has_one_version_of_each_program() -> None:
    found = offers.wanted([])
    assert [item.name for item, _version in found] == list(releases.programs())
    assert offers.newest(found) == product.default_kubernetes()


@pytest.mark.parametrize("kubernetes", sorted({*product.table().TESTED, *releases.versions()["programs"]["kubernetes"]}))
def test_the_lab_has_what_the_collection_installs_with_each_version(kubernetes: str) -> None:
    assert offers.wanted([kubernetes])
