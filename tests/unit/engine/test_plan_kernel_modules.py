# SPDX-License-Identifier: GPL-3.0-or-later
"""EL findings 1, 2 and 24: modules that the running kernel lacks come with a package, or the plan says which kernel to boot."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import planner
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

RUNNING, NEXT = "6.12.0-55.el10.x86_64", "6.12.0-99.el10.x86_64"
EXTRA, MATCHED = f"kernel-modules-extra-{RUNNING}", "kernel-modules-extra-matched"
ITEMS: list[dict[str, t.Any]] = [
    {"name": "overlay", "load": True},
    {"name": "br_netfilter", "load": True},
    {"name": "xt_comment", "load": False},
]


def lacking(**given: t.Any) -> dict[str, t.Any]:
    packages = {"known": True, "installed": False, "extra": EXTRA, "keeping_pace": MATCHED, **given.pop("packages", {})}
    found = {"kernel": RUNNING, "listed": True, "boots": RUNNING, "boots_with_all": False, "extra_of_next": None}
    return {**found, "packages": packages, **given}


def plan(why: dict[str, t.Any] | None, *, denied: dict[str, str] | None = None) -> list[PlannedAction]:
    """Of a host whose kernel has overlay, and the others not if there is a reason."""
    absent = {"loaded": False, "denied": None, "lacking": why}
    states = [{"loaded": True, "denied": denied, "lacking": None}, absent, absent]
    return planner.plan(component="host", items={"kernel_module": ITEMS}, state={"kernel_module": states}, now=0.0)


def targets(actions: list[PlannedAction]) -> list[tuple[str, str, str]]:
    return [(action.kind, action.operation, action.target) for action in actions]


def test_el1_the_package_of_the_running_kernel_is_planned_once() -> None:
    actions = plan(lacking())
    assert targets(actions) == [
        ("package", "install", EXTRA),
        ("package", "install", MATCHED),
        ("kernel_module", "load", "br_netfilter"),
        ("kernel_module", "find", "xt_comment"),
    ]
    assert actions[0].reason == f"the kernel {RUNNING} lacks br_netfilter"
    assert "`dnf upgrade kernel`" in actions[0].data["remedy"]


def test_el1_el_9_has_no_package_that_keeps_pace() -> None:
    assert [action.target for action in plan(lacking(packages={"keeping_pace": None})) if action.kind == "package"] == [EXTRA]


def test_el2_the_next_kernel_gets_its_modules_too() -> None:
    actions = plan(lacking(boots=NEXT, extra_of_next=f"kernel-modules-extra-{NEXT}"))
    assert [action.target for action in actions if action.kind == "package"] == [EXTRA, MATCHED, f"kernel-modules-extra-{NEXT}"]


@pytest.mark.parametrize(
    ("why", "message"),
    [
        (
            lacking(boots=NEXT, boots_with_all=True, extra_of_next="x"),
            f"kernel {RUNNING} has no such module. Boot into the kernel {NEXT} first",
        ),
        (
            lacking(listed=False, boots=NEXT, boots_with_all=False, extra_of_next=f"kernel-modules-extra-{NEXT}"),
            f"no modules on this host any more.* Boot into the kernel {NEXT} first, after `dnf install kernel-modules-extra-{NEXT}`",
        ),
        (lacking(packages={"known": False}), "is of no package"),
        (lacking(packages={"installed": True}), f"although {EXTRA} is installed"),
    ],
)
def test_el2_what_only_another_kernel_has_is_refused(why: dict[str, t.Any], message: str) -> None:
    with pytest.raises(PlanError, match=f"br_netfilter cannot be loaded: .*{message}"):
        plan(why)


def test_what_the_kernel_has_is_loaded_and_what_loads_by_itself_is_not() -> None:
    assert targets(plan(None)) == [("kernel_module", "load", "br_netfilter")]


def test_el24_what_the_next_boot_denies_is_refused_although_it_is_loaded() -> None:
    with pytest.raises(PlanError, match=r"/etc/modprobe.d/cis.conf keeps .*overlay .*`blacklist overlay`"):
        plan(None, denied={"place": "/etc/modprobe.d/cis.conf", "text": "blacklist overlay"})
