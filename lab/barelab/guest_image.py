# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests are made from: the base tree with a kernel, its modules and an SELinux policy, all of it labelled; and a disk of it.

The labels are set here, where no SELinux is: a guest is enforcing from its first moment, and needs no boot to relabel itself.
"""

from __future__ import annotations

import os
import pathlib
import shutil

from barelab import built_folders, disks, guest_kernel, network, rootfs, ssh
from barelab.built_folders import Progress
from barelab.guest_kernel import Kernel
from barelab.inventory import Host
from barelab.process import run
from barelab.releases import LAB
from barelab.rootfs_chroot import Chroot
from barelab.state import Lab

OVERLAY = LAB / "guests" / "rootfs"
POLICY = LAB / "guests" / "policy.cil"
PACKAGES = ("auditd", "selinux-policy-default")
SIZE = "12G"
_CONTEXTS = "/etc/selinux/default/contexts/files/file_contexts"
# Where other file systems are mounted while the labels are set, and on a guest: what lies below is labelled by name.
_MOUNT_POINTS = {"dev": "device_t", "proc": "proc_t", "run": "var_run_t", "sys": "sysfs_t"}
# What mke2fs makes itself.
_OF_THE_DISK = {"/": "root_t", "/lost+found": "lost_found_t"}
_LABEL = "security.selinux"
# rootfs_chroot.py lends the tree this machine's file, and what lies below would get no label.
_SET_LABELS = 'if mountpoint --quiet /etc/resolv.conf; then umount /etc/resolv.conf; fi; exec setfiles "$@"'


def ensure(base_tree: pathlib.Path, *, extra: bool, progress: Progress) -> pathlib.Path:
    """The labelled tree; made now if the cache has it not. Beside it is the kernel. ``extra``: with all modules."""
    kernel = guest_kernel.ensure(base_tree, progress)
    sources = [OVERLAY, POLICY, pathlib.Path(__file__)]
    built = (base_tree / "etc/.updated").read_text(encoding="utf-8")
    digest = built_folders.digest_of(
        paths=sources, words=[base_tree.name, built, kernel.folder.name, *guest_kernel.table().extra, str(extra)]
    )

    def build(folder: pathlib.Path) -> None:
        _build(folder, base_tree=base_tree, kernel=kernel, extra=extra, progress=progress)

    kind = "guest-tree" if extra else "guest-tree-core"
    return built_folders.ensure(kind=kind, digest=digest, build=build, progress=progress) / "root"


def kernel_of(tree: pathlib.Path) -> pathlib.Path:
    return tree.parent / "linux"


def _build(folder: pathlib.Path, *, base_tree: pathlib.Path, kernel: Kernel, extra: bool, progress: Progress) -> None:
    progress("tree of guests: packages, policy and modules")
    shutil.copy2(kernel.program, folder / "linux")
    tree = folder / "root"
    run(["cp", "--archive", "--reflink=auto", str(base_tree), str(tree)])
    chroot = Chroot(tree=tree)
    chroot.run(["apt-get", "update", "--quiet"], what="reading Debian's package index")
    rootfs.install(chroot, PACKAGES)
    rootfs.put(OVERLAY, tree)
    chroot.run(["systemctl", "enable", "auditd.service"], what="enabling the audit daemon of guests")
    _install_modules(tree, kernel=kernel, extra=extra)
    shutil.copyfile(POLICY, tree / "root/lab.cil")
    chroot.run(["semodule", "--noreload", "--install=/root/lab.cil"], what=f"compiling {POLICY.name} into the policy of guests")
    (tree / "root/lab.cil").unlink()
    rootfs.clean(tree)
    progress("tree of guests: labels")
    _label(chroot, "/")
    for name, kind in _MOUNT_POINTS.items():
        os.setxattr(tree / name, _LABEL, _context(kind))


def _install_modules(tree: pathlib.Path, *, kernel: Kernel, extra: bool) -> None:
    patterns = guest_kernel.table().extra
    guest_kernel.check_extra(kernel)
    target = tree / "usr/lib/modules" / kernel.release
    target.parent.mkdir(exist_ok=True)
    shutil.copytree(kernel.modules, target, symlinks=True)
    if not extra:
        for module in sorted(target.rglob("*.ko*")):
            if guest_kernel.is_extra(guest_kernel.module_path(str(module.relative_to(target))), patterns):
                module.unlink()
    run(["depmod", f"--basedir={tree}", kernel.release])


def _context(kind: str) -> bytes:
    return f"system_u:object_r:{kind}:s0\0".encode()


def _label(chroot: Chroot, *places: str) -> None:
    left_out = [word for name in _MOUNT_POINTS for word in ("-e", f"/{name}")]
    chroot.run(["sh", "-euc", _SET_LABELS, "setfiles", "-F", *left_out, _CONTEXTS, *places], what="setting SELinux labels")


def create_disk(lab: Lab, host: Host, files: dict[str, bytes]) -> None:
    """The image of a host's disk, made from an overlay of the tree with the host's own files, which is not needed any more then."""
    disk = disks.folder(lab, host)
    disk.mkdir(parents=True)
    shutil.copy2(kernel_of(lab.base_tree), disk / "linux")
    make = disk / "make"
    root = make / "root"
    for name in ("root", "upper", "work"):
        (make / name).mkdir(parents=True)
    options = f"lowerdir={lab.base_tree},upperdir={make / 'upper'},workdir={make / 'work'}"
    run(["mount", "-t", "overlay", "overlay", "-o", options, str(root)])
    try:
        disks.write(root, disks.settings(lab) | disks.identity(host) | _network(lab, host) | files)
        ssh.admit(root, host)
        _label(Chroot(tree=root), "/etc", "/root")
        run(["mke2fs", "-q", "-t", "ext4", "-L", "root", "-d", str(root), str(disk / "disk.img"), SIZE])
    finally:
        run(["umount", str(root)])
    for path, kind in _OF_THE_DISK.items():
        (make / kind).write_bytes(_context(kind))
        run(["debugfs", "-w", "-R", f"ea_set -f {make / kind} {path} {_LABEL}", str(disk / "disk.img")])
    shutil.rmtree(make)


def _network(lab: Lab, host: Host) -> dict[str, bytes]:
    """Its address, as if an administrator had set it, and the name of the interface that nspawn hosts have, too."""
    match = f"[Match]\nMACAddress={network.mac(host.address)}\n"
    settings = f"Address={host.address}/24\nGateway={lab.bridge_address}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
    return {
        "etc/systemd/network/10-lab.link": f"{match}[Link]\nName={network.INTERFACE}\n".encode(),
        "etc/systemd/network/10-lab.network": f"{match}[Network]\n{settings}".encode(),
    }
