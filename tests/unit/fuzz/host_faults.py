# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with a component, what can be wrong with it, and what an operator may change in the description at the same time."""

from __future__ import annotations

import copy
import dataclasses
import typing as t

import host_model
from hypothesis import strategies as st
from two_faults import Fault

Item = dict[str, t.Any]

_SETTINGS = "/etc/etcd/etcd.conf"
_PROGRAM = {"name": "etcd", "uid": 998, "group": "etcd", "home": "/var/lib/etcd", "shell": "/sbin/nologin"}


@dataclasses.dataclass
class Component:
    """The description, the host, and a second component of the same run that has some things in common with the first."""

    args: Item
    second: Item
    host: host_model.ModelHost

    def first_of(self, kind: str) -> list[Item]:
        return t.cast(list[Item], self.args[kind])


def _args() -> Item:
    """One thing of each kind, as the roles have them: a service with all that it needs."""
    return {
        "name": "etcd",
        "packages": [{"name": "chrony"}, {"name": "docker-ce", "version": "1.2"}],
        "groups": [{"name": "etcd", "gid": 998}],
        "users": [dict(_PROGRAM)],
        "directories": [{"path": "/etc/etcd", "owner": "root", "group": "etcd", "mode": "0750"}, {"path": "/var/lib/etcd", "mode": "0700"}],
        "files": [
            {"path": _SETTINGS, "content": "A=1\n", "mode": "0640", "owner": "root", "group": "etcd"},
            {"path": "/etc/etcd/key", "content": "secret", "secret": True},
            {"path": "/etc/hosts", "content": "127.0.0.1 a\n", "block": "hosts"},
            {"path": "/etc/yum.repos.d/a.repo", "content": "[a]\n", "early": True},
        ],
        "absent": ["/etc/old.conf"],
        "kernel_modules": ["overlay", "br_netfilter"],
        "sysctls": [{"name": "net.ipv4.ip_forward", "value": "1"}, {"name": "net.bridge.a", "value": "1"}],
        "swap": {"state": "off"},
        "selinux": {"state": "enforcing"},
        "selinux_booleans": [{"name": "a_connects", "value": True}],
        "selinux_ports": [{"port": "6443/tcp", "type": "http_port_t"}],
        "units": [
            {
                "name": "etcd.service",
                "content": "[Service]\n",
                "inputs": [_SETTINGS, "/etc/etcd/key"],
                "reload_on": ["/etc/hosts"],
            },
            {"name": "chronyd.service", "inputs": [_SETTINGS]},
            {"name": "etcd-snapshot.timer", "content": "[Timer]\n", "state": "started"},
        ],
    }


def _second() -> Item:
    """Shares files and a package with the first."""
    args = _args()
    return {
        "name": "second",
        "packages": args["packages"][:1],
        "directories": args["directories"][:1],
        "files": args["files"][:1],
        "swap": args["swap"],
        "selinux": args["selinux"],
        "units": [{"name": "other.service", "content": "[Service]\n", "inputs": [_SETTINGS], "reload_on": ["/etc/etcd/key"]}],
    }


def _well() -> Component:
    bare = {"sysctls": {"net.ipv4.ip_forward": "0"}, "booleans": {"a_connects": False}}
    bare["selinux"] = {"kernel": "enforcing", "config": "enforcing"}
    found = Component(_args(), _second(), host_model.ModelHost(copy.deepcopy(bare)))
    for args in (found.args, found.second):
        component, items = host_model.parse(args)
        found.host.apply(host_model.plan(component, items, found.host))
    found.host.sysctls["net.bridge.a"] = "1"
    return found


_ONCE = _well()
WELL: st.SearchStrategy[Component] = st.builds(lambda: copy.deepcopy(_ONCE))
BARE: st.SearchStrategy[Component] = st.builds(lambda: Component(_args(), _second(), host_model.ModelHost({})))


def _on_path(kinds: tuple[str, ...], change: t.Callable[[Item], Item | None]) -> t.Callable[[Component, st.DrawFn], bool]:
    """Changes what is at a described path; None removes it."""

    def strike(component: Component, draw: st.DrawFn) -> bool:
        path = draw(st.sampled_from([item["path"] for kind in kinds for item in component.first_of(kind)]))
        then = change(component.host.paths.get(path, {"owner": "root", "group": "root", "mode": "0644", "type": "file", "content": ""}))
        component.host.paths.pop(path, None)
        if then is not None:
            component.host.paths[path] = then
        return True

    return strike


def _as(kind: str, **fields: t.Any) -> t.Callable[[Item], Item]:
    return lambda found: {**{key: found[key] for key in ("owner", "group", "mode")}, "type": kind, **fields}


def _on_unit(**fields: t.Any) -> t.Callable[[Component, st.DrawFn], bool]:
    def strike(component: Component, draw: st.DrawFn) -> bool:
        names = [name for name in component.host.units if name != "other.service"]
        if not names:
            return False
        component.host.units[draw(st.sampled_from(names))].update(copy.deepcopy(fields))
        return True

    return strike


def _unit_is_gone(component: Component, draw: st.DrawFn) -> bool:
    """The file of a unit of a package too, which only that package can bring back."""
    name = draw(st.sampled_from([unit["name"] for unit in component.args["units"]]))
    component.host.units.pop(name, None)
    component.host.paths.pop(f"/etc/systemd/system/{name}", None)
    return True


def _set(store: str, key: str, value: t.Any) -> t.Callable[[Component, st.DrawFn], None]:
    def strike(component: Component, draw: st.DrawFn) -> None:
        held = getattr(component.host, store)
        if value is None:
            held.pop(key, None) if isinstance(held, dict) else held.discard(key)
        else:
            held[key] = copy.deepcopy(value)

    return strike


def _operator(kind: str, name: str, **fields: t.Any) -> t.Callable[[Component, st.DrawFn], None]:
    """The description changes between two runs."""

    def strike(component: Component, draw: st.DrawFn) -> None:
        for args in (component.args, component.second):
            for item in args.get(kind, ()):
                if name in (item.get("name"), item.get("path")):
                    item.update(fields)

    return strike


def _describes_anew(kind: str, item: t.Any) -> t.Callable[[Component, st.DrawFn], None]:
    def strike(component: Component, draw: st.DrawFn) -> None:
        component.args[kind] = [*component.args[kind], copy.deepcopy(item)]

    return strike


def _replaces(kind: str, value: t.Any) -> t.Callable[[Component, st.DrawFn], None]:
    def strike(component: Component, draw: st.DrawFn) -> None:
        for args in (component.args, component.second):
            args[kind] = copy.deepcopy(value)

    return strike


_FILES, _PATHS = ("files",), ("files", "directories")

FAULTS: list[Fault[Component]] = [
    Fault("a file has other content", _on_path(_FILES, lambda found: {**found, "content": "another\n"})),
    Fault("another file has other content", _on_path(_FILES, lambda found: {**found, "content": "# BEGIN barehost: hosts\n"})),
    Fault("another owner", _on_path(_PATHS, lambda found: {**found, "owner": "etcd"})),
    Fault("another mode", _on_path(_PATHS, lambda found: {**found, "mode": "0777"})),
    Fault("missing", _on_path(_PATHS, lambda found: None)),
    Fault("a link in its place", _on_path(_PATHS, _as("link", target="/elsewhere"))),
    Fault("a directory in its place", _on_path(_PATHS, _as("directory"))),
    Fault("a file in its place", _on_path(_PATHS, _as("file", content=""))),
    Fault("a device in its place", _on_path(_PATHS, _as("other"))),
    Fault("what must be absent is a file", _set("paths", "/etc/old.conf", {"type": "file", "content": "", **host_model.DEFAULT})),
    Fault("what must be absent is a link", _set("paths", "/etc/old.conf", {"type": "link", "target": "/x", **host_model.DEFAULT})),
    Fault("package missing", _set("packages", "chrony", None)),
    Fault("package of another version", _set("packages", "docker-ce", "0.9")),
    Fault("user missing", _set("users", "etcd", None)),
    Fault("user is another", _set("users", "etcd", {"uid": 7, "group": "x", "groups": ["y"], "home": "/", "shell": "/x", "comment": ""})),
    Fault("group missing", _set("groups", "etcd", None)),
    Fault("group is another", _set("groups", "etcd", 7)),
    Fault("module not loaded", _set("modules", "br_netfilter", None)),
    Fault("setting of the kernel is another", _set("sysctls", "net.ipv4.ip_forward", "0")),
    Fault("setting of the kernel is missing", _set("sysctls", "net.bridge.a", None)),
    Fault("swap is active", _set("swap", "active", ["/dev/sdb"])),
    Fault("swap comes at the next boot", _set("swap", "fstab", ["/dev/sdb none swap sw 0 0"])),
    Fault("swap from zram", _set("swap", "units", ["dev-zram0.swap"])),
    Fault("SELinux is permissive", _set("selinux", "kernel", "permissive")),
    Fault("SELinux is disabled", _set("selinux", "kernel", "disabled")),
    Fault("a port has another type", _set("ports", "6443/tcp", "sge_port_t")),
    Fault("SELinux will be disabled", _set("selinux", "config", "disabled")),
    Fault("no SELinux configuration", _set("selinux", "config", "")),
    Fault("boolean is off", _set("booleans", "a_connects", False)),
    Fault("boolean is unknown", _set("booleans", "a_connects", None)),
    Fault("unit failed", _on_unit(active="failed")),
    Fault("unit stopped", _on_unit(active="inactive")),
    Fault("unit crashes again and again", _on_unit(active="activating")),
    Fault("unit masked", _on_unit(masked=True, enabled="masked", active="inactive")),
    Fault("unit disabled", _on_unit(enabled="disabled")),
    Fault("unit enabled until the next boot", _on_unit(enabled="enabled-runtime")),
    Fault("unit files are newer than systemd", _on_unit(needs_daemon_reload=True)),
    Fault("it is not known what a unit was started with", _on_unit(**{"with": None})),
    Fault("a unit was started with other inputs", _on_unit(**{"with": {_SETTINGS: {"type": "file", "content": "old\n"}}})),
    Fault("unit is gone", _unit_is_gone),
    Fault("the operator changes a file", _operator("files", _SETTINGS, content="A=2\n")),
    Fault("the operator changes a mode", _operator("directories", "/etc/etcd", mode="0755")),
    Fault("the operator wants another version", _operator("packages", "docker-ce", version="2.0")),
    Fault("the operator stops a unit", _operator("units", "etcd.service", state="stopped", enabled=False)),
    Fault("the operator leaves a unit alone", _operator("units", "chronyd.service", state="unmanaged")),
    Fault("the operator adds a file", _describes_anew("files", {"path": "/etc/new", "content": "", "secret": True})),
    Fault("the operator adds a setting", _describes_anew("sysctls", {"name": "net.none", "value": "1"})),
    Fault("the operator adds a unit that is not there", _describes_anew("units", {"name": "none.service"})),
    Fault("the operator wants no SELinux", _replaces("selinux", {"state": "disabled"})),
    Fault("the operator keeps swap", _replaces("swap", {"state": "unmanaged"})),
]
