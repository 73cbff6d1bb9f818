# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner as a whole: what it plans, done, leaves nothing to plan; the order is fixed; nothing changes without a diff."""

from __future__ import annotations

import typing as t

import host_model
import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.module_utils._component import kinds
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import planner

SECRET = "hunter2-correct-horse"

modes = st.sampled_from(["0600", "0644", "0755"])
owners = st.sampled_from(["root", "etcd"])
owners_or_numbers = st.sampled_from([*host_model.NUMBERS, *host_model.NUMBERS.values()])
plain_texts = st.sampled_from(["", "a\n", "a\nb\n", "no newline"])
texts = plain_texts | st.sampled_from(["# BEGIN barehost: x\nold\n# END barehost: x\nrest\n"])
ownership = {"owner": owners, "group": owners, "mode": modes}
described_ownership = {"owner": owners_or_numbers, "group": owners_or_numbers, "mode": modes}


def subset(*names: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True)


@st.composite
def descriptions(draw: st.DrawFn) -> dict[str, t.Any]:
    files = [
        {"path": f"/etc/{name}", "content": draw(texts), **draw(st.fixed_dictionaries({}, optional=described_ownership))}
        for name in draw(subset("a", "b", "c"))
    ]
    for item in files:
        item |= draw(
            st.sampled_from([{}, {"block": "x", "content": draw(plain_texts)}, {"secret": True, "content": SECRET}, {"early": True}])
        )
    unit = st.fixed_dictionaries(
        {"state": st.sampled_from(["started", "stopped", "unmanaged"])},
        optional={
            "content": texts,
            "enabled": st.booleans(),
            "inputs": subset("/etc/a", "/etc/b"),
            "reload_on": subset("/etc/c"),
            "drop_ins": st.just([{"name": "x.conf", "content": "[Service]\n"}]),
        },
    )
    return {
        "name": "test",
        "packages": [{"name": name, "version": draw(st.sampled_from([None, "1.2"]))} for name in draw(subset("p", "q"))],
        "groups": [{"name": name, "gid": draw(st.sampled_from([None, 500]))} for name in draw(subset("g", "h"))],
        "users": [
            {
                "name": name,
                **draw(st.fixed_dictionaries({}, optional={"uid": st.just(7), "groups": subset("g", "h"), "shell": st.just("/bin/x")})),
            }
            for name in draw(subset("u", "v"))
        ],
        "directories": [{"path": f"/srv/{name}", **draw(st.fixed_dictionaries(described_ownership))} for name in draw(subset("d", "e"))],
        "files": files,
        "absent": [{"path": f"/old/{name}", "ours": draw(st.booleans())} for name in draw(subset("x", "y"))],
        "kernel_modules": draw(subset("br_netfilter", "overlay")),
        "sysctls": [{"name": name, "value": draw(st.sampled_from(["1", "4096 \t 8192"]))} for name in draw(subset("net.a", "vm.b"))],
        "swap": {"state": draw(st.sampled_from(["off", "unmanaged"]))},
        "selinux": {"state": draw(st.sampled_from(["enforcing", "permissive", "disabled", "unmanaged"]))},
        "selinux_booleans": [{"name": name, "value": draw(st.booleans())} for name in draw(subset("a_connects", "b_binds"))],
        "units": [{"name": f"{name}.service", **draw(unit)} for name in draw(subset("one", "two"))],
    }


def found_path(kind: str) -> st.SearchStrategy[dict[str, t.Any]]:
    fields = {"type": st.just(kind), **ownership}
    if kind == "file":
        fields["content"] = texts
    if kind == "link":
        fields["target"] = st.just("/elsewhere")
    return st.fixed_dictionaries(fields)


def with_mask(unit: dict[str, t.Any]) -> dict[str, t.Any]:
    return {**unit, "masked": unit["enabled"] == "masked"}


@st.composite
def hosts(draw: st.DrawFn) -> host_model.ModelHost:
    paths = {f"/etc/{name}": draw(st.one_of(found_path("file"), found_path("link"))) for name in draw(subset("a", "b", "c"))}
    paths |= {f"/srv/{name}": draw(found_path("directory")) for name in draw(subset("d", "e"))}
    paths |= {f"/old/{name}": draw(found_path("file")) for name in draw(subset("x", "y"))}
    unit = st.fixed_dictionaries(
        {
            "active": st.sampled_from(["active", "inactive", "failed", "activating", "reloading"]),
            "enabled": st.sampled_from(["enabled", "disabled", "static", "masked", ""]),
            "needs_daemon_reload": st.booleans(),
            "with": st.sampled_from([None, {}, {"/etc/a": None}, {"/etc/a": {"type": "file", "content": "a\n"}}]),
            "read": st.sampled_from([None, {}]),
        }
    )
    return host_model.ModelHost(
        {
            "paths": paths,
            "packages": {name: draw(st.sampled_from(["1.2", "0.9"])) for name in draw(subset("p", "q"))},
            "groups": dict.fromkeys(draw(subset("g", "h")), 42),
            "users": {
                name: {"uid": 1, "group": "users", "groups": draw(subset("g", "other")), "home": "/", "shell": "/bin/sh", "comment": ""}
                for name in draw(subset("u", "v"))
            },
            "modules": set(draw(subset("br_netfilter", "overlay"))),
            "sysctls": {"net.a": draw(st.sampled_from(["0", "1"])), "vm.b": "4096 8192"},
            "swap": {
                "active": draw(subset("/dev/sdb", "/swap")),
                "fstab": draw(st.sampled_from([[], ["/dev/sdb swap swap defaults 0 0"]])),
                "units": draw(subset("dev-zram0.swap", "own.swap")),
            },
            "selinux": {
                "kernel": draw(st.sampled_from(["enforcing", "permissive"])),
                "config": draw(st.sampled_from(["enforcing", "disabled"])),
            },
            "booleans": {"a_connects": draw(st.booleans()), "b_binds": draw(st.booleans())},
            "units": {f"{name}.service": with_mask(draw(unit)) for name in ("one", "two")},
        }
    )


def everything(test: t.Callable[..., None]) -> t.Callable[..., None]:
    return hypothesis.given(args=descriptions(), host=hosts())(test)


@everything
def test_a_plan_that_was_carried_out_leaves_nothing_to_plan(args: dict[str, t.Any], host: host_model.ModelHost) -> None:
    component, items = host_model.parse(args)
    host.apply(host_model.plan(component, items, host))
    assert host_model.plan(component, items, host) == []


@everything
def test_actions_are_in_the_order_of_their_kinds(args: dict[str, t.Any], host: host_model.ModelHost) -> None:
    component, items = host_model.parse(args)
    order = list(planner.PLANNERS)
    places = [order.index(action.kind) for action in host_model.plan(component, items, host)]
    assert places == sorted(places)


@everything
def test_every_change_has_a_reason_and_a_difference(args: dict[str, t.Any], host: host_model.ModelHost) -> None:
    component, items = host_model.parse(args)
    for action in host_model.plan(component, items, host):
        assert action.reason
        shown = action.diff()
        assert shown.get("prepared") or shown["before"] != shown["after"], action


@everything
def test_no_secret_is_shown_anywhere(args: dict[str, t.Any], host: host_model.ModelHost) -> None:
    component, items = host_model.parse(args)
    plan = host_model.plan(component, items, host)
    shown = [
        repr(plan),
        repr([action.report() for action in plan]),
        repr([action.diff() for action in plan]),
        repr(planner.restarted(plan)),
    ]
    assert not any(SECRET in text for text in shown)


@everything
def test_what_a_plan_changes_is_told_by_kind_and_path_alone(args: dict[str, t.Any], host: host_model.ModelHost) -> None:
    """A test of the whole compares what check mode predicts with what a run reports, by these keys."""
    component, items = host_model.parse(args)
    keys = [(action.kind, action.operation, action.target) for action in host_model.plan(component, items, host)]
    assert len(keys) == len(set(keys))


def test_both_sides_know_the_same_kinds_in_the_same_order() -> None:
    assert list(kinds.KINDS) == list(planner.PLANNERS)


def test_selinux_that_the_kernel_lacks_is_an_error_with_a_way_out() -> None:
    component, items = host_model.parse({"name": "x", "selinux": {"state": "enforcing"}})
    host = host_model.ModelHost({"selinux": {"kernel": "disabled", "config": None}})
    with pytest.raises(PlanError, match=r"disabled in the running kernel, wanted is enforcing.*unmanaged"):
        host_model.plan(component, items, host)


def test_selinux_booleans_on_hosts_without_selinux_and_without_the_boolean() -> None:
    component, items = host_model.parse({"name": "x", "selinux_booleans": ["haproxy_connect_any"]})
    assert host_model.plan(component, items, host_model.ModelHost({"selinux": {"kernel": "disabled", "config": None}})) == []
    with pytest.raises(PlanError, match="policy has no boolean haproxy_connect_any"):
        host_model.plan(component, items, host_model.ModelHost({}))
    [action] = host_model.plan(component, items, host_model.ModelHost({"booleans": {"haproxy_connect_any": False}}))
    assert action.report() == {"kind": "selinux_boolean", "action": "set", "path": "haproxy_connect_any", "reason": "it is off, wanted on"}


def test_a_setting_of_the_kernel_that_no_module_can_bring_is_an_error() -> None:
    component, items = host_model.parse({"name": "x", "sysctls": [{"name": "net.none", "value": "1"}]})
    with pytest.raises(PlanError, match=r"no setting net\.none"):
        host_model.plan(component, items, host_model.ModelHost({}))
    component, items = host_model.parse({"name": "x", "kernel_modules": ["none"], "sysctls": [{"name": "net.none", "value": "1"}]})
    assert [action.kind for action in host_model.plan(component, items, host_model.ModelHost({}))] == ["kernel_module", "sysctl"]


@pytest.mark.parametrize("kind", ["directory", "other"])
def test_a_file_never_replaces_what_is_no_file(kind: str) -> None:
    component, items = host_model.parse({"name": "x", "files": [{"path": "/etc/a", "content": ""}]})
    host = host_model.ModelHost({"paths": {"/etc/a": {"type": kind, "owner": "root", "group": "root", "mode": "0755"}}})
    with pytest.raises(PlanError, match=f"/etc/a: a {kind} was found where a file is wanted"):
        host_model.plan(component, items, host)


@pytest.mark.parametrize(("ours", "planned"), [(True, ["/old/x"]), (False, [])])
def test_a_file_of_somebody_else_stays_where_only_ours_must_go(*, ours: bool, planned: list[str]) -> None:
    item = {"path": "/old/x", "recursive": False, "ours": True}
    state = {"type": "file", "owner": "root", "group": "root", "mode": "0600", "ours": ours}
    actions = planner.plan(component="x", items={"absent": [item]}, state={"absent": [state]}, now=0)
    assert [action.target for action in actions] == planned
