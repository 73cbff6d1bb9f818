# SPDX-License-Identifier: GPL-3.0-or-later
"""Saves of hosts: what makes one unusable, and that one that was not finished is none."""

from __future__ import annotations

import dataclasses
import pathlib
import threading
import time

import pytest

from barelab import saves, state
from barelab.errors import LabError
from barelab.inventory import Host

MASTER = Host(name="k8s.master.dev", address="192.168.200.100", groups=("all", "master"))
MINION = Host(name="k8s.minion1.dev", address="192.168.200.101", groups=("all", "minion"))
PARTS = {"the base tree": "12ab TIMESTAMP_NSEC=1", "the program etcd-3.7.2": "34cd"}


@pytest.fixture(autouse=True)
def store(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return saves.store()


def a_save(name: str = "four", **changed: object) -> saves.Save:
    save = saves.Save(
        name=name,
        inventory=pathlib.Path("/inventories/lab"),
        hosts=(MASTER, MINION),
        versions=("1.37.1",),
        ingredients=PARTS,
        created=time.time(),
    )
    return dataclasses.replace(save, **changed)  # type: ignore[arg-type]


def make(name: str = "four", content: str = "data") -> None:
    with saves.making(name) as folder:
        (folder / "file").write_text(content, encoding="utf-8")
        saves.describe(folder, a_save(name))


def lab_from(save: str, *, cache: pathlib.Path) -> state.Lab:
    return state.Lab(inventory=cache, hosts=(), versions=(), base_tree=cache / "base-tree" / "12ab", data=cache / "hosts.other", save=save)


def test_what_is_written_is_what_is_read() -> None:
    save = a_save()
    assert saves.decode(saves.encode(save)) == save


def test_a_save_of_another_form_is_refused() -> None:
    text = saves.encode(a_save()).replace(f'"format": {saves.FORMAT}', '"format": 99')
    with pytest.raises(LabError, match="the save four has format 99, wanted 1"):
        saves.decode(text)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", ".hidden", "Upper", "a b", "x" * 81])
def test_refuses_what_cannot_name_a_save(name: str) -> None:
    with pytest.raises(LabError, match="cannot name a save"):
        saves.checked(name)


def test_names_what_is_there_where_a_save_is_not() -> None:
    with pytest.raises(LabError, match="there is no save five; there are: none"):
        saves.load("five")
    make()
    with pytest.raises(LabError, match="there is no save five; there are: four"):
        saves.load("five")


def test_a_save_is_there_when_it_is_complete_and_not_before() -> None:
    with saves.making("four") as folder:
        saves.describe(folder, a_save())
        assert saves.names() == []
        assert not saves.exists("four")
    assert saves.names() == ["four"]
    assert saves.load("four").hosts == (MASTER, MINION)


def test_a_save_that_fails_leaves_the_one_before(store: pathlib.Path) -> None:
    make(content="first")
    with pytest.raises(RuntimeError), saves.making("four") as folder:
        (folder / "file").write_text("half", encoding="utf-8")
        raise RuntimeError
    assert (store / "four" / "file").read_text(encoding="utf-8") == "first"
    assert [path.name for path in store.glob("*.partial")] == []


def test_what_a_killed_save_has_left_is_overwritten_or_forgotten(store: pathlib.Path) -> None:
    for _ in range(2):
        (store / ".four.partial").mkdir(parents=True)
        (store / ".four.partial" / "half").touch()
        assert saves.names() == []
        make()
        assert (store / "four" / "file").exists()
        assert not (store / "four" / "half").exists()
        saves.forget("four")
    (store / ".four.partial").mkdir()
    saves.forget("four")
    assert not (store / ".four.partial").exists()
    with pytest.raises(LabError, match="there is no save four"):
        saves.forget("four")


def test_a_save_whose_layers_are_mounted_is_neither_removed_nor_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    make()
    monkeypatch.setattr(saves, "hosts_use", lambda folder: folder.name == "four")
    with pytest.raises(LabError, match="hosts of a lab run from the save four"):
        saves.forget("four")
    with pytest.raises(LabError, match="hosts of a lab run from the save four"):
        make(content="second")
    assert saves.exists("four")


def test_a_save_of_hosts_that_are_off_is_neither_removed_nor_replaced(
    store: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make()
    monkeypatch.setattr(state, "LABS", tmp_path / "run")
    other = tmp_path / "run" / "barehost-lab.other"
    other.mkdir(parents=True)
    (other / "state.json").write_text(state.encode(lab_from("four", cache=store.parent)), encoding="utf-8")
    with pytest.raises(LabError, match="hosts of a lab run from the save four"):
        saves.forget("four")
    # one of the same name, in the cache of somebody else
    (other / "state.json").write_text(state.encode(lab_from("four", cache=tmp_path / "another")), encoding="utf-8")
    saves.forget("four")


def test_nothing_is_removed_while_a_lab_starts_from_a_save() -> None:
    make()
    with saves.using():
        remover = threading.Thread(target=saves.forget, args=("four",))
        remover.start()
        remover.join(timeout=0.3)
        assert remover.is_alive()
        assert saves.exists("four")
    remover.join(timeout=10)
    assert not saves.exists("four")


@pytest.mark.parametrize(
    ("now", "named"),
    [
        (PARTS, []),
        ({**PARTS, "the base tree": "56ef TIMESTAMP_NSEC=1"}, ["the base tree"]),
        ({**PARTS, "the base tree": "12ab TIMESTAMP_NSEC=2"}, ["the base tree"]),
        ({**PARTS, "the image redis:8": "78ab"}, ["the image redis:8"]),
        ({"the base tree": PARTS["the base tree"]}, ["the program etcd-3.7.2"]),
    ],
)
def test_names_the_ingredients_that_have_changed(now: dict[str, str], named: list[str]) -> None:
    assert saves.changes(a_save(), ingredients=now) == named


@pytest.mark.parametrize(
    ("age", "named"), [(-60, "the clock"), (60, None), (saves.OLDEST_DAYS * 86400 + 60, "the time: it is 90 days old")]
)
def test_a_save_has_its_time(age: float, named: str | None) -> None:
    found = saves.changes(a_save(created=time.time() - age), ingredients=PARTS)
    assert [text.startswith(named or "") for text in found] == ([True] if named else [])


def test_an_inventory_may_have_fewer_hosts_but_no_others() -> None:
    other = Host(name="k8s.minion2.dev", address="192.168.200.102", groups=())
    moved = Host(name="k8s.minion1.dev", address="192.168.200.199", groups=())
    assert saves.host_changes(a_save(), (MASTER,)) == []
    assert saves.host_changes(a_save(), (MASTER, other)) == ["k8s.minion2.dev (192.168.200.102; in the save it is missing)"]
    assert saves.host_changes(a_save(), (moved,)) == ["k8s.minion1.dev (192.168.200.199; in the save 192.168.200.101)"]


def test_refuses_a_disk_that_is_too_small() -> None:
    saves.require_room(0)
    with pytest.raises(LabError, match="of the disk are free, wanted"):
        saves.require_room(1 << 60)


def test_layers_are_listed_newest_first(store: pathlib.Path) -> None:
    for number in ("00", "01"):
        (store / "four" / "hosts" / MASTER.name / "layers" / number).mkdir(parents=True)
    assert [path.name for path in a_save().layers(MASTER.name)] == ["01", "00"]


def test_size_is_what_files_take(tmp_path: pathlib.Path) -> None:
    (tmp_path / "some" / "in").mkdir(parents=True)
    (tmp_path / "some" / "in" / "file").write_bytes(b"x" * 10000)
    assert 10000 <= saves.size_of(tmp_path / "some") <= 20000
