# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of SELinux: its mode now and after the next boot, booleans, denials."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts

CHECKS = Checks("selinux", "SELinux: its mode, its booleans, and what it has denied.", needs=("selinux",))


@CHECKS.of_host(
    "selinux-mode-differs",
    ERROR,
    subject="SELinux",
    looks_at="the mode of the running kernel",
    wanted="that of host_selinux_state",
    why="A host that is to enforce and does not is less confined than you think.",
    remedy="run site.yml; `setenforce 1` sets it until the next boot",
)
def _mode(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    kernel = host["selinux"]["state"]["kernel"]
    for wanted in host["selinux"]["wanted"]:
        # it cannot be disabled in a running kernel: until the reboot it is permissive
        live = "permissive" if wanted == "disabled" and kernel != "disabled" else wanted
        if kernel != live:
            yield Found(kernel, wanted=live)


@CHECKS.of_host(
    "selinux-at-boot-differs",
    WARNING,
    subject="SELinux at the next boot",
    looks_at="/etc/selinux/config and the kernel's command line",
    wanted="the mode of host_selinux_state",
    why="After the next boot the mode is another one.",
    remedy="run site.yml; for the command line: `grubby --update-kernel=ALL --remove-args='selinux enforcing'`",
)
def _at_boot(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    state = host["selinux"]["state"]
    for wanted in host["selinux"]["wanted"]:
        if state["config"] is not None and state["config"] != wanted:
            yield Found(f"SELINUX={state['config']}", wanted=f"SELINUX={wanted}")
        elif wanted == "enforcing" and state["forced"]:
            yield Found(f"the kernel's command line has {' '.join(state['forced'])}", wanted=wanted)


@CHECKS.of_host(
    "selinux-boolean-off",
    ERROR,
    looks_at="the booleans that the roles describe",
    wanted="their values there",
    why="The balancer is denied its connections or its ports.",
    remedy="`setsebool -P NAME on`",
)
def _booleans(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in host["selinux"]["booleans"]:
        found, wanted = one["found"], one["value"]
        if found["enabled"] and found["value"] is not None and found["value"] != wanted:
            word = "on" if wanted else "off"
            yield Found(f"{one['name']} is {'off' if wanted else 'on'}", wanted=word, remedy=f"`setsebool -P {one['name']} {word}`")


@CHECKS.of_host(
    "selinux-denials",
    WARNING,
    subject="denied by SELinux",
    looks_at="denials in the log of audit since the boot",
    wanted="none",
    why="A program could not do what it wanted. Where SELinux is permissive, it could, and would not otherwise.",
    remedy="see them: `ausearch -m avc -ts boot | tail -50`; labels: `restorecon -n -r -v /etc /usr/local`",
)
def _denials(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    denials = host["selinux"]["denials"]
    if denials:
        told = [f"{one['count']} times {one['program']} ({one['of']}) {one['what']} {one['class']} of {one['to']}" for one in denials]
        yield Found(told[0], evidence=tuple(told[1:]))
