# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests that nothing pins: who is asked, how often, and what is recorded. Against a real server, and the host side that downloads."""

from __future__ import annotations

import pathlib
import socket
import typing as t

import pytest
from authorities import Authority
from binaries_mirror import Mirror, archive, sha256

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import binaries
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.checksum_record import HEAD, Record
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import asked_checksums
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.asked_checksums import AskedChecksums
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import binaries as plan_binaries
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext

TWO = archive(tool__a=b"\x7fELF a", tool__b=b"\x7fELF b")
OTHER = archive(tool__a=b"\x7fELF a", tool__b=b"\x7fELF c")

Actions = list[dict[str, t.Any]]


class Run:
    """One run of a playbook: the directory that its forks share, and the record, which outlives it."""

    def __init__(self, root: pathlib.Path, record: pathlib.Path, *, asked_by: str = "controller", **downloads: t.Any) -> None:
        root.mkdir(exist_ok=True)
        self._root = root
        self._cluster = {"checksums": {"file": str(record), "asked_by": asked_by}, "downloads": downloads, "nodes": {}}

    def host(self, name: str = "one") -> AskedChecksums:
        return AskedChecksums(self._root, host=name, cluster=lambda: self._cluster)


@pytest.fixture
def record(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "checksums.txt"


@pytest.fixture
def run(tmp_path: pathlib.Path, record: pathlib.Path) -> Run:
    return Run(tmp_path / "run", record)


def item_of(mirror: Mirror, host: pathlib.Path, name: str = "tool", content: bytes = TWO) -> dict[str, t.Any]:
    """A release of two programs, with a checksum file beside it."""
    mirror.files[f"/{name}.tgz"] = content
    mirror.files[f"/{name}.tgz.sha256"] = f"{sha256(content)}  {name}.tgz\n".encode()
    return {
        "name": name,
        "version": "1.0.0",
        "url": f"{mirror.url}/{name}.tgz",
        "checksum_url": f"{mirror.url}/{name}.tgz.sha256",
        "install": [{"member": f"tool/{part}", "path": str(host / "bin" / f"{name}-{part}")} for part in ("a", "b")],
    }


def downloads(item: dict[str, t.Any]) -> Actions:
    """What the planner sends to a host that has nothing yet."""
    plan = plan_binaries.plan(item, binaries.collect([item])[0], PlanContext(component="test", now=0.0))
    return [action.for_host() for action in plan]


def downloads_of(mirror: Mirror, host: pathlib.Path, name: str) -> Actions:
    return downloads(item_of(mirror, host, name))


def questions(mirror: Mirror) -> list[str]:
    return [path for path, _range in mirror.requests if not path.endswith(".tgz")]


def given(actions: Actions) -> set[t.Any]:
    return {action["data"]["release"]["sha256"] for action in actions if action["operation"] == "download"}


def complete(asked: AskedChecksums, actions: Actions) -> None:
    """For a host that reports nothing."""
    asked.applied(actions, lambda _actions: {"outcomes": {}})


def install(asked: AskedChecksums, actions: Actions) -> None:
    asked.applied(actions, lambda actions: {"outcomes": {"binary": binaries.apply(actions)}})


def test_one_question_a_run_and_none_in_the_next(
    mirror: Mirror, host: pathlib.Path, run: Run, record: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    item = item_of(mirror, host)
    for name in ("one", "two", "three"):
        actions = downloads(item)
        asked = run.host(name)
        complete(asked, actions)
        assert given(actions) == {sha256(TWO)}
        assert asked.warnings == []
    assert questions(mirror) == ["/tool.tgz.sha256"]
    assert record.read_text(encoding="utf-8") == f"{HEAD}{sha256(TWO)}  {mirror.url}/tool.tgz\n"
    later = downloads(item)
    complete(Run(tmp_path / "later", record).host(), later)
    assert given(later) == {sha256(TWO)}
    assert len(questions(mirror)) == 1


def test_who_needs_nothing_asks_nothing(mirror: Mirror, host: pathlib.Path, run: Run, tmp_path: pathlib.Path) -> None:
    item = item_of(mirror, host)
    actions = downloads(item)
    complete(run.host(), actions)
    assert binaries.apply(actions)[0] == {"sha256": sha256(TWO)}

    def not_asked() -> t.NoReturn:
        raise AssertionError("the spec is not evaluated for a host that needs nothing")

    mirror.requests.clear()
    again = AskedChecksums(tmp_path / "nowhere", host="one", cluster=not_asked)
    complete(again, downloads(item))
    pinned = downloads({**item_of(mirror, host, "other"), "checksum_url": None, "sha256": sha256(TWO), "pinned_by": "collection"})
    install(again, pinned)
    assert questions(mirror) == []


def test_a_file_that_was_changed_is_refused_by_the_record(
    mirror: Mirror, host: pathlib.Path, run: Run, record: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    complete(run.host(), downloads(item_of(mirror, host)))
    # whoever changes the file changes its checksum file, too
    changed = downloads(item_of(mirror, host, content=OTHER))
    complete(Run(tmp_path / "later", record).host("late"), changed)
    with pytest.raises(HostError) as caught:
        binaries.apply(changed)
    for part in (
        f"Wanted sha256 {sha256(TWO)}",
        f"have {sha256(OTHER)}",
        f"{record} on the controller has that digest",
        "take its line out",
    ):
        assert part in caught.value.message
    assert not list((host / "bin").glob("*"))
    record.write_text("", encoding="utf-8")
    complete(Run(tmp_path / "mended", record).host("late"), changed := downloads(item_of(mirror, host, content=OTHER)))
    binaries.apply(changed)
    assert (host / "bin" / "tool-b-1.0.0").read_bytes() == b"\x7fELF c"


def test_without_an_answer_hosts_ask_and_report(mirror: Mirror, host: pathlib.Path, run: Run, record: pathlib.Path) -> None:
    item = item_of(mirror, host)
    mirror.faults["/tool.tgz.sha256"] = [404]
    asked, actions = run.host(), downloads(item)

    def apply(actions: Actions) -> dict[str, t.Any]:
        assert given(actions) == {None}
        assert not record.exists()
        return {"outcomes": {"binary": binaries.apply(actions)}}

    asked.applied(actions, apply)
    (warning,) = asked.warnings
    assert "the server answered 404" in warning
    assert warning.endswith("So each host asks for itself. If only hosts reach that server, set cluster_checksums_asked_by: hosts")
    assert questions(mirror) == ["/tool.tgz.sha256"] * 2
    assert Record(record).read() == {f"{mirror.url}/tool.tgz": sha256(TWO)}
    # the second host of the same run asks nobody, and is told nothing anew
    second, actions = run.host("two"), downloads({**item, "version": "1.0.1"})
    complete(second, actions)
    assert given(actions) == {sha256(TWO)}
    assert second.warnings == []
    assert len(questions(mirror)) == 2


def test_hosts_ask_where_the_inventory_says_so(mirror: Mirror, host: pathlib.Path, record: pathlib.Path, tmp_path: pathlib.Path) -> None:
    asked, actions = Run(tmp_path / "run", record, asked_by="hosts").host(), downloads(item_of(mirror, host))

    def apply(actions: Actions) -> dict[str, t.Any]:
        assert questions(mirror) == []
        return {"outcomes": {"binary": binaries.apply(actions)}}

    asked.applied(actions, apply)
    assert asked.warnings == []
    assert Record(record).read() == {f"{mirror.url}/tool.tgz": sha256(TWO)}


def test_the_authority_of_a_mirror_is_trusted_beside_those_of_the_system(
    host: pathlib.Path, record: pathlib.Path, tmp_path: pathlib.Path, serve: t.Callable[..., Mirror], monkeypatch: pytest.MonkeyPatch
) -> None:
    private, public = Authority(tmp_path, "private"), Authority(tmp_path, "public")
    (tmp_path / "system.pem").write_text(public.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    servers = {"ours": serve(private.server()), "upstream": serve(public.server())}

    def answered(name: str, number: int, **downloads: t.Any) -> tuple[set[t.Any], list[str]]:
        asked, actions = Run(tmp_path / f"run{number}", record, **downloads).host(), downloads_of(servers[name], host, f"{name}{number}")
        complete(asked, actions)
        return given(actions), asked.warnings

    assert answered("ours", 1, ca_bundle=private.pem) == ({sha256(TWO)}, [])
    assert answered("upstream", 2, ca_bundle=private.pem) == ({sha256(TWO)}, [])
    found, (warning,) = answered("ours", 3)
    assert found == {None}
    assert "its TLS certificate is not trusted" in warning
    assert "Set cluster_ca_bundle to the authority" in warning


def test_the_proxy_of_hosts_is_asked(mirror: Mirror, host: pathlib.Path, record: pathlib.Path, tmp_path: pathlib.Path) -> None:
    item = {**item_of(mirror, host), "checksum_url": "http://mirror.invalid/tool.tgz.sha256"}
    mirror.files["http://mirror.invalid/tool.tgz.sha256"] = mirror.files["/tool.tgz.sha256"]
    asked, actions = Run(tmp_path / "run", record, http_proxy=mirror.url, no_proxy=[]).host(), downloads(item)
    complete(asked, actions)
    assert (given(actions), asked.warnings) == ({sha256(TWO)}, [])
    assert questions(mirror) == ["http://mirror.invalid/tool.tgz.sha256"]


def test_a_controller_that_does_not_reach_the_proxy_of_hosts_takes_its_own_way(
    mirror: Mirror, host: pathlib.Path, record: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = Run(tmp_path / "run", record, http_proxy="http://127.0.0.1:1", no_proxy=[])
    asked, actions = run.host(), downloads(item_of(mirror, host))
    complete(asked, actions)
    assert (given(actions), asked.warnings) == ({sha256(TWO)}, [])
    # Where neither leads to an answer, the way of hosts is told.
    asked, actions = run.host(), downloads({**item_of(mirror, host, "other"), "checksum_url": f"{mirror.url}/missing"})
    complete(asked, actions)
    assert given(actions) == {None}
    (warning,) = asked.warnings
    assert "/missing through the proxy 127.0.0.1:1 (of cluster_http_proxy or cluster_https_proxy): no connection" in warning


def test_two_hosts_that_were_told_different_things(
    mirror: Mirror, host: pathlib.Path, record: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = Run(tmp_path / "run", record, asked_by="hosts")
    item = item_of(mirror, host)
    first, second = downloads(item), downloads(item)

    def told(digest: str) -> dict[str, t.Any]:
        return {"outcomes": {"binary": [{"sha256": digest}, {}, {"sha256": digest}, {}]}}

    def while_the_first_installs(_actions: Actions) -> dict[str, t.Any]:
        run.host("one").applied(first, lambda _actions: told("a" * 64))
        return told("b" * 64)

    with pytest.raises(ComponentError) as caught:
        run.host("two").applied(second, while_the_first_installs)
    for part in (f"found sha256 {'b' * 64}", "two has installed", f"wanted {'a' * 64}", "give its digest in cluster_checksums"):
        assert part in str(caught.value)
    assert Record(record).read() == {f"{mirror.url}/tool.tgz": "a" * 64}


@pytest.mark.parametrize(
    "outcomes",
    [
        {},
        {"binary": None},
        {"binary": []},
        {"binary": [1, 2, 3, 4]},
        {"binary": [{"sha256": "A" * 64}, {"sha256": "\n"}, {"sha256": 3}, {}]},
    ],
)
def test_what_a_host_reports_is_no_text_of_its_own(
    mirror: Mirror, host: pathlib.Path, record: pathlib.Path, tmp_path: pathlib.Path, outcomes: dict[str, t.Any]
) -> None:
    asked, actions = Run(tmp_path / "run", record, asked_by="hosts").host(), downloads(item_of(mirror, host))
    asked.applied(actions, lambda _actions: {"outcomes": outcomes})
    assert not record.exists()


@pytest.mark.slow
def test_a_server_that_says_nothing_costs_the_deadline_once(
    mirror: Mirror, host: pathlib.Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked_checksums, "DEADLINE", 2.0)
    monkeypatch.setattr(asked_checksums, "_PATIENCE", 1.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for name, warned in (("tool", 1), ("other", 0)):
            item = {**item_of(mirror, host, name), "checksum_url": f"{address}/{name}.sha256"}
            asked, actions = run.host(), downloads(item)
            complete(asked, actions)
            assert given(actions) == {None}
            assert len(asked.warnings) == warned
    # another server is asked all the same, and may take its time on a busy machine
    monkeypatch.undo()
    complete(run.host(), actions := downloads(item_of(mirror, host, "third")))
    assert given(actions) == {sha256(TWO)}


def test_a_record_that_cannot_be_written_is_told_and_the_run_goes_on(mirror: Mirror, host: pathlib.Path, tmp_path: pathlib.Path) -> None:
    run = Run(tmp_path / "run", tmp_path / "missing" / "checksums.txt")
    asked, actions = run.host(), downloads(item_of(mirror, host))
    complete(asked, actions)
    assert given(actions) == {sha256(TWO)}
    (warning,) = asked.warnings
    assert "cannot be recorded (No such file or directory)" in warning
    assert "Set cluster_checksums_file" in warning
    second, actions = run.host("two"), downloads(item_of(mirror, host))
    complete(second, actions)
    assert given(actions) == {sha256(TWO)}
    assert second.warnings == []


def test_an_address_that_is_none_is_left_to_the_host(mirror: Mirror, host: pathlib.Path, run: Run) -> None:
    for wrong in ("http://[::1/tool.sha256", "tool.sha256"):
        asked, actions = run.host(), downloads({**item_of(mirror, host), "checksum_url": wrong})
        asked.applied(actions, lambda actions: {"outcomes": {"binary": [{"sha256": "a" * 64}] * len(actions)}})
        assert given(actions) == {None}
        assert asked.warnings == []


def test_a_record_behind_a_link(record: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "shared").mkdir()
    record.symlink_to(tmp_path / "shared" / "checksums.txt")
    Record(record).add({"https://192.0.2.1/a": "a" * 64})
    assert record.is_symlink()
    assert Record(tmp_path / "shared" / "checksums.txt").read() == {"https://192.0.2.1/a": "a" * 64}


def test_lines_of_people_stay(record: pathlib.Path) -> None:
    record.write_text(f"# ours\n{'a' * 64}  https://192.0.2.1/a\n\n# checked by hand\n{'b' * 64}\thttps://192.0.2.1/b", encoding="utf-8")
    Record(record).add({"https://192.0.2.1/c": "c" * 64})
    text = record.read_text(encoding="utf-8")
    assert text.startswith("# ours\n")
    assert text.endswith(f"# checked by hand\n{'b' * 64}\thttps://192.0.2.1/b\n{'c' * 64}  https://192.0.2.1/c\n")
    assert Record(record).read() == {f"https://192.0.2.1/{letter}": letter * 64 for letter in "abc"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<<<<<<< ours\n", "checksums.txt:1: found '<<<<<<< ours', wanted a sha256"),
        (f"# one\n{'A' * 64}  https://192.0.2.1/a\n", "checksums.txt:2: found 'AAAA"),
        (f"{'a' * 63}  https://192.0.2.1/a\n", "wanted a sha256 of 64 digits"),
        (f"{'a' * 64}\n", "wanted a sha256"),
        (f"{'a' * 64}  https://192.0.2.1/a\n{'b' * 64}  https://192.0.2.1/a\n", "checksums.txt:2: https://192.0.2.1/a has two digests"),
    ],
)
def test_a_record_that_says_nothing_clear_is_one_error(record: pathlib.Path, text: str, fault: str) -> None:
    record.write_text(text, encoding="utf-8")
    with pytest.raises(ComponentError) as caught:
        Record(record).read()
    assert fault in str(caught.value)


def test_a_record_that_is_no_text(record: pathlib.Path) -> None:
    record.write_bytes(b"\xff\xfe")
    with pytest.raises(ComponentError, match="cannot be read"):
        Record(record).read()
    record.unlink()
    record.mkdir()
    with pytest.raises(ComponentError, match="cannot be read"):
        Record(record).read()
