# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner of released programs together with the host side: a plan that was applied leaves nothing to plan."""

from __future__ import annotations

import os
import pathlib
import tempfile
import typing as t

import pytest
from binaries_mirror import Mirror, archive, sha256
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import binaries
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import locations
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import binaries as plan_binaries
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "2.0.0")


def item_of(mirror: Mirror, root: pathlib.Path, version: str, *, store: bool = False, pinned: bool = True) -> dict[str, t.Any]:
    content = archive(tool__a=version.encode() * 10, tool__b=b"b" + version.encode())
    mirror.files[f"/{version}/tool.tgz"] = content
    mirror.files[f"/{version}/SUMS"] = f"{sha256(content)}  tool.tgz\n".encode()
    item = {
        "name": "tool",
        "version": version,
        "url": f"{mirror.url}/{version}/tool.tgz",
        "install": [{"member": f"tool/{name}", "path": str(root / "bin" / name)} for name in ("a", "b")],
    }
    if store:
        item["store"] = str(root / "opt" / f"tool-{version}" / "bin")
    return {**item, "sha256": sha256(content)} if pinned else {**item, "checksum_url": f"{mirror.url}/{version}/SUMS"}


def planned(item: dict[str, t.Any]) -> list[PlannedAction]:
    return plan_binaries.plan(item, binaries.collect([item])[0], PlanContext(component="test", now=0.0))


def converge(item: dict[str, t.Any]) -> list[PlannedAction]:
    actions = planned(item)
    binaries.apply([action.for_host() for action in actions])
    return actions


def told(actions: list[PlannedAction]) -> list[tuple[str, str]]:
    return [(action.operation, pathlib.Path(action.target).name) for action in actions]


def test_the_life_of_a_program(mirror: Mirror, host: pathlib.Path) -> None:
    both = [("download", "a-1.0.0"), ("switch", "a"), ("download", "b-1.0.0"), ("switch", "b")]
    assert told(converge(item_of(mirror, host, "1.0.0"))) == both
    assert planned(item_of(mirror, host, "1.0.0")) == []
    assert len(told(converge(item_of(mirror, host, "1.1.0")))) == 4
    third = converge(item_of(mirror, host, "1.2.0"))
    assert told(third)[-1] == ("prune", "tool-1.0.0")
    assert third[-1].reason == "older than the previous version 1.1.0"
    back = converge(item_of(mirror, host, "1.1.0"))
    assert told(back) == [("switch", "a"), ("switch", "b")]
    assert back[0].before == f"-> {host}/bin/a-1.2.0\n"
    assert back[0].after == f"-> {host}/bin/a-1.1.0\n"
    assert sorted(os.listdir(host / "bin")) == ["a", "a-1.1.0", "a-1.2.0", "b", "b-1.1.0", "b-1.2.0"]


def test_a_further_link_is_made_where_nothing_is(mirror: Mirror, host: pathlib.Path) -> None:
    item = item_of(mirror, host, "1.0.0")
    also = host / "usr" / "a"
    item["install"][0]["also"] = str(also)
    assert told(converge(item))[:3] == [("download", "a-1.0.0"), ("switch", "a"), ("link", "a")]
    assert os.readlink(also) == str(host / "bin" / "a")
    assert planned(item) == []
    also.unlink()
    also.write_text("somebody else's")
    assert planned(item) == []
    newer = item_of(mirror, host, "1.1.0")
    newer["install"][0]["also"] = str(also)
    assert ("link", "a") not in told(converge(newer))
    assert also.read_text() == "somebody else's"


def test_an_altered_program_is_fetched_again_under_its_link(mirror: Mirror, host: pathlib.Path) -> None:
    item = item_of(mirror, host, "1.0.0")
    converge(item)
    (host / "bin" / "a-1.0.0").write_text("altered")
    (host / "bin" / "b-1.0.0").chmod(0o666)
    actions = converge(item)
    assert told(actions) == [("download", "a-1.0.0"), ("set-mode", "b-1.0.0")]
    assert actions[0].touched == (str(host / "bin" / "a-1.0.0"), str(host / "bin" / "a"))
    assert "it was installed with" in actions[0].reason
    assert actions[1].reason == "found mode 0666, wanted 0755"
    assert planned(item) == []


def test_another_digest_for_the_same_version_is_another_download(mirror: Mirror, host: pathlib.Path) -> None:
    converge(item_of(mirror, host, "1.0.0"))
    content = archive(tool__a=b"rebuilt", tool__b=b"rebuilt too")
    item = {**item_of(mirror, host, "1.0.0"), "sha256": sha256(content).upper()}
    mirror.files["/1.0.0/tool.tgz"] = content
    actions = converge(item)
    assert told(actions) == [("download", "a-1.0.0"), ("download", "b-1.0.0")]
    assert actions[0].reason.endswith(f"wanted {sha256(content)}")
    assert (host / "bin" / "a").read_bytes() == b"rebuilt"
    assert planned(item) == []


@pytest.mark.parametrize("operations", [1, 2, 3, 4])
def test_a_run_that_ends_early_is_completed_by_the_next(mirror: Mirror, host: pathlib.Path, operations: int) -> None:
    converge(item_of(mirror, host, "1.0.0"))
    converge(item_of(mirror, host, "1.1.0"))
    item = item_of(mirror, host, "1.2.0")
    binaries.apply([action.for_host() for action in planned(item)][:operations])
    converge(item)
    assert planned(item) == []
    assert sorted(os.listdir(host / "bin")) == ["a", "a-1.1.0", "a-1.2.0", "b", "b-1.1.0", "b-1.2.0"]


def test_a_program_rebuilt_upstream_does_not_disown_its_neighbour(mirror: Mirror, host: pathlib.Path) -> None:
    converge(item_of(mirror, host, "1.0.0", pinned=False))
    item = item_of(mirror, host, "1.0.0", pinned=False)
    content = archive(tool__a=b"rebuilt", tool__b=b"rebuilt too")
    mirror.files["/1.0.0/tool.tgz"], mirror.files["/1.0.0/SUMS"] = content, sha256(content).encode()
    (host / "bin" / "a-1.0.0").unlink()
    assert told(converge(item)) == [("download", "a-1.0.0")]
    assert planned(item) == []


DAMAGE = ("none", "altered", "removed", "no record", "not executable", "link removed", "link astray", "file for link")


def damage(kind: str, root: pathlib.Path, item: dict[str, t.Any]) -> None:
    file, link = pathlib.Path(binaries.versioned(item, item["install"][0])), root / "bin" / "a"
    if kind == "altered":
        file.write_text("altered")
    elif kind == "removed":
        file.unlink()
    elif kind == "no record":
        (root / "state" / "binaries" / f"tool-{item['version']}.json").unlink()
    elif kind == "not executable":
        file.chmod(0o644)
    elif kind != "none":
        link.unlink()
        if kind == "link astray":
            link.symlink_to("/nowhere")
        elif kind == "file for link":
            link.write_text("by hand")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(st.tuples(st.sampled_from(VERSIONS), st.sampled_from(DAMAGE)), max_size=3),
    version=st.sampled_from(VERSIONS),
    store=st.booleans(),
    pinned=st.booleans(),
)
def test_plan_after_apply_is_empty(
    mirror: Mirror, host: pathlib.Path, history: list[tuple[str, str]], version: str, store: bool, pinned: bool
) -> None:
    with tempfile.TemporaryDirectory(dir=host) as directory, pytest.MonkeyPatch.context() as patch:
        root = pathlib.Path(directory)
        patch.setattr(locations, "STATE_DIRECTORY", str(root / "state"))
        for earlier, kind in history:
            item = item_of(mirror, root, earlier, store=store, pinned=pinned)
            converge(item)
            damage(kind, root, item)
        wanted = item_of(mirror, root, version, store=store, pinned=pinned)
        actions = converge(wanted)
        assert planned(wanted) == []
        assert (root / "bin" / "a").read_bytes() == version.encode() * 10
        assert len(binaries.collect([wanted])[0]["releases"]) <= 2
        for action in actions:
            assert action.reason and action.before != action.after


@pytest.mark.parametrize(
    ("pinned_by", "advice"),
    [
        ("collection", "set cluster_mirror_own_builds: true, or give their digests in cluster_checksums"),
        ("inventory", "cluster_checksums gives that digest. Correct it there"),
        (None, "Check the version, the mirror and sha256 or checksum_url"),
    ],
)
def test_another_download_is_refused_with_what_to_correct(mirror: Mirror, host: pathlib.Path, pinned_by: str | None, advice: str) -> None:
    item = item_of(mirror, host, "1.0.0")
    content = mirror.files["/1.0.0/tool.tgz"]
    mirror.files["/1.0.0/tool.tgz"] = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(HostError) as caught:
        converge({**item, "pinned_by": pinned_by})
    for part in (f"Wanted sha256 {item['sha256']}", f"have {sha256(mirror.files['/1.0.0/tool.tgz'])}", "what runs is untouched", advice):
        assert part in caught.value.message
    assert not (host / "bin").exists() or not os.listdir(host / "bin")
