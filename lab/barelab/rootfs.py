# SPDX-License-Identifier: GPL-3.0-or-later
"""The base tree: the root file system that every lab host starts from.

Debian's packages under the identity of a minimal CentOS Stream 10: its os-release, its package manager with a database that
knows what is installed, its firewall with the default zone, and nothing of what the product installs.
"""

from __future__ import annotations

import pathlib
import platform
import shutil
import time
from collections.abc import Iterable

from barelab import built_folders, process, rootfs_rpmdb, system_packages
from barelab.built_folders import Progress
from barelab.rootfs_chroot import ISOLATED, Chroot

_HERE = pathlib.Path(__file__).parent
OVERLAY = _HERE.parent / "rootfs"
SUITE = "trixie"

# What a minimal EL installation has (sudo, curl, SELinux tools and dnf with its Python modules included), and udev, without which
# systemd-networkd waits for ever.
PACKAGES = (
    "ca-certificates",
    "curl",
    "dbus",
    "dnf",
    "firewalld",
    "hostname",
    "iproute2",
    "iputils-ping",
    "kmod",
    "less",
    "libpam-systemd",
    "nftables",
    "openssh-client",
    "openssh-server",
    "openssl",
    "policycoreutils",
    "polkitd",
    "procps",
    "python3",
    "python3-dnf",
    "python3-libdnf",
    "python3-selinux",
    "rpm",
    "selinux-utils",
    "sudo",
    "systemd",
    "systemd-sysv",
    "tar",
    "udev",
    "xz-utils",
)

# Useless on a lab host, and pulled in by something that cannot be told to leave them.
MASKED = (
    "console-getty.service",
    "container-getty@.service",
    "getty.target",
    "selinux-autorelabel-mark.service",
    "systemd-networkd-wait-online.service",
)

LINKS = {
    "etc/redhat-release": "centos-release",
    "etc/system-release": "centos-release",
    "usr/bin/yum": "dnf-3",
}

# Debian's own identity; what a host must make for itself; and tc, which on EL comes in a package of its own.
REMOVED = (
    "etc/debian_version",
    "etc/ssh/ssh_host_*",
    "etc/update-motd.d/*",
    "usr/lib/systemd/system-preset/90-systemd.preset",
    "usr/sbin/policy-rc.d",
    "usr/sbin/tc",
    "var/cache/apt/*.bin",
    "var/cache/apt/archives/*.deb",
    "var/lib/apt/lists/*_*",
    "var/lib/dbus/machine-id",
    "var/log/*.log",
    "var/log/apt/*",
)

# Not read on a lab host, and a third of the tree.
DOCUMENTATION = ("usr/share/doc/*", "usr/share/info/*", "usr/share/locale/*", "usr/share/man/*")
_DPKG_OPTIONS = "force-unsafe-io\n" + "".join(f"path-exclude=/{pattern}\n" for pattern in DOCUMENTATION)


def digest() -> str:
    """Names the base tree: it changes with everything that the tree is made from in this checkout."""
    sources = [OVERLAY, rootfs_rpmdb.TABLE, *sorted(_HERE.glob("rootfs*.py"))]
    return built_folders.digest_of(paths=sources, words=[SUITE, platform.machine()])


def ensure_base_tree(progress: Progress) -> pathlib.Path:
    """The finished base tree in the cache; built on first use, which takes about a minute."""
    system_packages.require({"debootstrap", "util-linux"})
    return built_folders.ensure(kind="base-tree", digest=digest(), build=lambda tree: _build(tree, progress=progress), progress=progress)


def _build(tree: pathlib.Path, *, progress: Progress) -> None:
    started = time.monotonic()
    chroot = Chroot(tree=tree)
    table = rootfs_rpmdb.load_table()
    progress("base tree: debootstrap")
    process.run([*ISOLATED, "debootstrap", "--variant=minbase", SUITE, str(tree)])
    _remove(tree, DOCUMENTATION)
    progress(f"base tree: {len(PACKAGES)} packages and what they need")
    install(chroot, PACKAGES)
    progress("base tree: EL identity and RPM database")
    rootfs_rpmdb.fill(chroot, table=table)
    apply_overlay(tree)
    _set_up_services(chroot)
    clean(tree)
    progress(f"base tree: ready after {time.monotonic() - started:.0f} s")


def install(chroot: Chroot, packages: Iterable[str]) -> None:
    """Install Debian packages into a tree. What keeps them from being started is removed by ``clean``."""
    tree = chroot.tree
    (tree / "etc/dpkg/dpkg.cfg.d/lab").write_text(_DPKG_OPTIONS, encoding="utf-8")
    policy = tree / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    policy.chmod(0o755)
    chroot.run(["apt-get", "install", "--yes", "--no-install-recommends", *packages], what="installing the packages of hosts")


def apply_overlay(tree: pathlib.Path) -> None:
    """Put the files of the overlay into the tree, in place of what is there; and remove what EL has not."""
    _remove(tree, REMOVED)
    put(OVERLAY, tree)
    for name, destination in LINKS.items():
        (tree / name).unlink(missing_ok=True)
        (tree / name).symlink_to(destination)


def put(source: pathlib.Path, tree: pathlib.Path) -> None:
    """Put the files of a folder of the checkout into a tree, owned by root whoever owns the checkout."""
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        target = tree / file.relative_to(source)
        for parent in reversed([folder for folder in target.parents if folder.is_relative_to(tree) and not folder.exists()]):
            parent.mkdir(mode=0o755)
            parent.chmod(0o755)
        target.unlink(missing_ok=True)
        shutil.copyfile(file, target)
        target.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def _remove(tree: pathlib.Path, patterns: Iterable[str]) -> None:
    for pattern in patterns:
        for path in tree.glob(pattern):
            path.unlink() if path.is_symlink() or not path.is_dir() else shutil.rmtree(path)


def _set_up_services(chroot: Chroot) -> None:
    chroot.run(["systemctl", "preset-all"], what="enabling the services of the base tree")
    chroot.run(["systemctl", "mask", *MASKED], what="masking services of the base tree")
    chroot.run(["systemctl", "set-default", "multi-user.target"], what="setting the default target of the base tree")


def clean(tree: pathlib.Path) -> None:
    """Remove what was needed only to make the tree."""
    _remove(tree, REMOVED)
    (tree / "var/log/journal").mkdir(exist_ok=True)
    (tree / "etc/sysconfig").mkdir(exist_ok=True)
    (tree / "etc/default/locale").touch()  # its absence is a warning at each login
    # empty: each host makes its own on its first boot, which is none in the eyes of ConditionFirstBoot
    (tree / "etc/machine-id").write_text("", encoding="utf-8")
    # the resolver of the machine cannot be reached from a lab host, and each question to it would cost ten seconds
    (tree / "etc/resolv.conf").unlink(missing_ok=True)
    (tree / "etc/resolv.conf").write_text("", encoding="utf-8")
    _remove(tree, ("run/*", "tmp/*", "var/tmp/*"))
    # newer than /usr: what systemd does once after an update (ldconfig, journal catalogue, users) is done
    for folder in ("etc", "var"):
        (tree / folder / ".updated").write_text(f"TIMESTAMP_NSEC={time.time_ns()}\n", encoding="utf-8")
