# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and faults of the group ``kernel``."""

from __future__ import annotations

import typing as t

from doctor_situation import Fault, Situation

RUNS, NEXT = "6.12.0-55.el10.x86_64", "6.12.0-60.el10.x86_64"
LACKING = {
    "kernel": RUNS,
    "listed": True,
    "boots": RUNS,
    "boots_with_all": False,
    "packages": {"known": True, "installed": False, "extra": f"kernel-modules-extra-{RUNS}", "keeping_pace": None},
    "extra_of_next": None,
}


def healthy(_host: str) -> dict[str, t.Any]:
    settings = {"net.ipv4.ip_forward": "1", "net.bridge.bridge-nf-call-iptables": "1", "kernel.panic": "10"}
    return {
        "kernel": {
            "running": RUNS,
            "to_boot": RUNS,
            "lacking": [],
            "updated": [],
            "sysctls": [
                {"name": name, "wanted": value, "exists": True, "value": value, "overriding": None} for name, value in settings.items()
            ],
            "modules": [
                {"name": name, "load": load, "loaded": load, "denied": None, "lacking": None}
                for name, load in (("br_netfilter", True), ("overlay", True), ("xt_comment", False))
            ],
            "swap": [{"active": [], "fstab": [], "units": []}],
            "further": {"net.netfilter.nf_conntrack_max": "1000", "net.netfilter.nf_conntrack_count": "20"},
            "gaps": [],
        }
    }


def _of(situation: Situation) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", situation.groups["w1"]["kernel"])


def _setting(situation: Situation, name: str, **changes: t.Any) -> None:
    next(one for one in _of(situation)["sysctls"] if one["name"] == name).update(changes)


def _module(situation: Situation, name: str, **changes: t.Any) -> None:
    next(one for one in _of(situation)["modules"] if one["name"] == name).update(changes)


def _unloaded(situation: Situation) -> None:
    """Its settings go with it."""
    _module(situation, "br_netfilter", loaded=False)
    _setting(situation, "net.bridge.bridge-nf-call-iptables", exists=False, value=None)


def _connections(situation: Situation, count: int) -> None:
    _of(situation)["further"]["net.netfilter.nf_conntrack_count"] = str(count)


FAULTS: dict[str, Fault] = {
    "kernel-setting-differs": Fault(
        lambda s: _setting(s, "net.ipv4.ip_forward", value="0"), "net.ipv4.ip_forward is 0", "sysctl -w net.ipv4.ip_forward='1'"
    ),
    "kernel-setting-missing": Fault(
        lambda s: _setting(s, "net.bridge.bridge-nf-call-iptables", exists=False, value=None),
        "no setting net.bridge",
        "modprobe br_netfilter",
    ),
    "kernel-setting-at-boot": Fault(
        lambda s: _setting(s, "net.ipv4.ip_forward", overriding={"file": "/etc/sysctl.d/zzz.conf", "value": "0"}),
        "/etc/sysctl.d/zzz.conf sets net.ipv4.ip_forward = 0",
        "grep -n net.ipv4.ip_forward /etc/sysctl.d/zzz.conf",
    ),
    "kernel-module-missing": Fault(_unloaded, "br_netfilter is not loaded", "modprobe br_netfilter"),
    "kernel-module-lacking": Fault(
        lambda s: _module(s, "xt_comment", loaded=False, lacking=LACKING),
        "does not have xt_comment",
        f"dnf install kernel-modules-extra-{RUNS}",
    ),
    "kernel-module-denied": Fault(
        lambda s: _module(s, "br_netfilter", denied={"place": "/etc/modprobe.d/x.conf", "text": "blacklist br_netfilter"}),
        "/etc/modprobe.d/x.conf has `blacklist br_netfilter`",
        "take the line out",
    ),
    "kernel-next-lacks-modules": Fault(
        lambda s: _of(s).update(to_boot=NEXT, lacking=["br_netfilter"]),
        f"the kernel {NEXT} does not have br_netfilter",
        f"dnf install kernel-modules-extra-{NEXT}",
        also=("kernel-reboot-due",),
    ),
    "kernel-reboot-due": Fault(lambda s: _of(s).update(updated=["glibc"]), "due since the last boot: glibc", "restart-nodes.yml"),
    "kernel-swap-on": Fault(lambda s: _of(s)["swap"][0].update(active=["/dev/vdb"], fstab=["/dev/vdb swap"]), "/dev/vdb", "swapoff --all"),
    "kernel-swap-at-boot": Fault(lambda s: _of(s)["swap"][0].update(units=["dev-zram0.swap"]), "dev-zram0.swap", "site.yml"),
    "kernel-connections-full": Fault(lambda s: _connections(s, 990), "990 of 1000", "conntrack -S"),
    "kernel-connections-many": Fault(lambda s: _connections(s, 800), "800 of 1000", "conntrack -S"),
}
