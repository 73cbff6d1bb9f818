# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the kernel, now and after the next boot: settings, modules, swap."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, NOTE, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts

CHECKS = Checks("kernel", "The kernel that runs, and what the next boot makes of the host.", needs=("kernel",))

_FEW_INSTANCES = 128
_SHARE_FULL, _SHARE_FILLING = 0.95, 0.75


@CHECKS.of_host(
    "kernel-setting-differs",
    ERROR,
    looks_at="the kernel settings that the roles describe",
    wanted="the values of role host and host_sysctls",
    why="Pods are cut off without forwarding. The kubelet refuses to start where its own settings differ.",
    remedy="run site.yml, or set it now: `sysctl -w NAME=VALUE`",
)
def _differs(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in host["kernel"]["sysctls"]:
        name, wanted = one["name"], one["wanted"]
        if one["exists"] and one["value"] != wanted:
            yield Found(f"{name} is {one['value']}", wanted=f"{name} = {wanted}", remedy=f"run site.yml, or `sysctl -w {name}='{wanted}'`")


@CHECKS.of_host(
    "kernel-setting-missing",
    ERROR,
    looks_at="the kernel settings that the roles describe",
    wanted="that the kernel has them",
    why="The module that has the setting is not loaded, or the kernel is another one than the cluster needs.",
    remedy="load its module, such as `modprobe br_netfilter`, and run site.yml",
)
def _missing(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in host["kernel"]["sysctls"]:
        if not one["exists"]:
            yield Found(f"the kernel has no setting {one['name']}")


@CHECKS.of_host(
    "kernel-setting-at-boot",
    ERROR,
    looks_at="files of sysctl.d that come after the collection's",
    wanted="none that sets another value",
    why="Files apply in the order of their names. The host works until its next boot, and not after it.",
    remedy="take the line out of that file, or set the same value there",
)
def _at_boot(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in host["kernel"]["sysctls"]:
        later = one.get("overriding")
        if later:
            found = f"{later['file']} sets {one['name']} = {later['value']} at the next boot"
            yield Found(
                found, wanted=f"{one['name']} = {one['wanted']}", remedy=f"take the line out: `grep -n {one['name']} {later['file']}`"
            )


@CHECKS.of_host(
    "kernel-module-missing",
    ERROR,
    looks_at="the modules that the roles describe",
    wanted="loaded, or part of the kernel",
    why="Without br_netfilter and overlay neither services nor containers work.",
    remedy="load it: `modprobe NAME`",
    explains=("kernel-setting-missing",),
)
def _module(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in host["kernel"]["modules"]:
        if one["load"] and not one["loaded"] and not one["lacking"]:
            yield Found(f"{one['name']} is not loaded", remedy=f"load it: `modprobe {one['name']}`")


@CHECKS.of_host(
    "kernel-module-lacking",
    ERROR,
    looks_at="the modules that the running kernel has",
    wanted="all that role host lists",
    why="On EL 10 modules of iptables and bridges are in a package of their own. Rules are dropped without them.",
    remedy="install kernel-modules-extra for this kernel, or boot the newer one: restart-nodes.yml",
    explains=("kernel-setting-missing",),
)
def _lacking(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    lacking = [one for one in host["kernel"]["modules"] if one["lacking"] and not one["loaded"]]
    if lacking:
        names, why = [one["name"] for one in lacking], lacking[0]["lacking"]
        boot = why["boots"] != why["kernel"] and why["boots_with_all"]
        remedy = (
            f"boot the kernel {why['boots']}, which has them: restart-nodes.yml" if boot else f"`dnf install {why['packages']['extra']}`"
        )
        yield Found(f"the kernel {why['kernel']} does not have {', '.join(names)}", remedy=remedy)


@CHECKS.of_host(
    "kernel-module-denied",
    ERROR,
    looks_at="modprobe.d and the kernel's command line",
    wanted="no line that denies a module of the cluster",
    why="A denied module that is loaded now is missing after the next boot.",
    remedy="take the line out",
)
def _denied(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in host["kernel"]["modules"]:
        denied = one["denied"]
        if denied:
            yield Found(f"{denied['place']} has `{denied['text']}`", wanted=f"that {one['name']} is loaded at boot")


@CHECKS.of_host(
    "kernel-next-lacks-modules",
    ERROR,
    looks_at="the kernel that the next boot takes",
    wanted="all modules that this host uses",
    why="After a reboot Docker and flannel would not start.",
    remedy="install its kernel-modules-extra before the reboot: `dnf install kernel-modules-extra`",
)
def _next(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    kernel = host["kernel"]
    if kernel["lacking"]:
        remedy = f"before the reboot: `dnf install kernel-modules-extra-{kernel['to_boot']}`"
        yield Found(f"the kernel {kernel['to_boot']} does not have {', '.join(kernel['lacking'])}", remedy=remedy)


@CHECKS.of_host(
    "kernel-reboot-due",
    NOTE,
    looks_at="the kernel that runs, and packages that were installed since the boot",
    wanted="the kernel and the packages that the next boot takes",
    why="Updates of the kernel, of glibc and of systemd have an effect only after a reboot.",
    remedy="run restart-nodes.yml",
)
def _reboot(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    kernel = host["kernel"]
    newer = [f"kernel {kernel['to_boot']}"] if kernel["running"] != kernel["to_boot"] else []
    due = [*newer, *kernel["updated"]]
    if due:
        yield Found(f"due since the last boot: {', '.join(due)}")


@CHECKS.of_host(
    "kernel-swap-on",
    ERROR,
    looks_at="/proc/swaps",
    wanted="no swap, unless host_swap_state is unmanaged",
    why="The kubelet does not start on a host with swap.",
    remedy="`swapoff --all`, then run site.yml, which keeps it off",
    explains=("kernel-swap-at-boot",),
)
def _swap(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in host["kernel"]["swap"]:
        if one["active"]:
            yield Found(f"swap is on: {', '.join(one['active'])}")


@CHECKS.of_host(
    "kernel-swap-at-boot",
    ERROR,
    subject="swap at the next boot",
    looks_at="fstab and swap units of systemd",
    wanted="none that brings swap",
    why="After the next boot there is swap again, and the kubelet does not start.",
    remedy="run site.yml, which comments the lines out and masks the units",
)
def _swap_at_boot(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in host["kernel"]["swap"]:
        ways = [*(f"fstab: {line}" for line in one["fstab"]), *one["units"]]
        if ways:
            yield Found("; ".join(ways))


@CHECKS.of_host(
    "kernel-connections-full",
    ERROR,
    subject="tracked connections",
    looks_at="the connections that the kernel tracks",
    wanted="less than 95 % of net.netfilter.nf_conntrack_max",
    why="New connections are dropped when the table is full, those of services first.",
    remedy="see whose they are: `conntrack -S`; raise `net.netfilter.nf_conntrack_max` by host_sysctls",
    explains=("kernel-connections-many",),
)
def _connections(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    share, text = _tracked(host)
    if share >= _SHARE_FULL:
        yield Found(text)


@CHECKS.of_host(
    "kernel-connections-many",
    WARNING,
    subject="tracked connections",
    looks_at="the connections that the kernel tracks",
    wanted="less than 75 % of net.netfilter.nf_conntrack_max",
    why="New connections are dropped when the table is full, those of services first.",
    remedy="see whose they are: `conntrack -S`; raise `net.netfilter.nf_conntrack_max` by host_sysctls",
)
def _connections_many(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    share, text = _tracked(host)
    if _SHARE_FILLING <= share < _SHARE_FULL:
        yield Found(text)


def _tracked(host: HostFacts) -> tuple[float, str]:
    further = host["kernel"]["further"]
    most, count = int(further.get("net.netfilter.nf_conntrack_max", 0)), int(further.get("net.netfilter.nf_conntrack_count", 0))
    return (count / most if most else 0.0), f"{count} of {most}"
