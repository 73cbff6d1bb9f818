# SPDX-License-Identifier: GPL-3.0-or-later
"""How people reach hosts: users with sudo and passwords, other ports, a jump host, and what hosts do to a login."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import threading

import yaml

from .driver import Cluster, run


@dataclasses.dataclass(frozen=True)
class User:
    """Somebody with sudo on hosts; a password that is empty is never asked for."""

    name: str
    sudo_password: str = ""
    ssh_password: str = ""
    umask: str = "0022"
    # further lines of sudoers
    sudoers: tuple[str, ...] = ()


def add_user(cluster: Cluster, host: str, user: User, *, key: pathlib.Path) -> None:
    """The password is that of the account: sudo asks for the same one."""
    password = user.sudo_password or user.ssh_password
    lines = [f"{user.name} ALL=(ALL) {'ALL' if user.sudo_password else 'NOPASSWD: ALL'}", *user.sudoers]
    home = f"/home/{user.name}"
    public = key.with_name(f"{key.name}.pub").read_text(encoding="utf-8").strip()
    script = f"""
        set -e
        useradd --create-home --shell /bin/bash {user.name}
        install -d -m 0700 -o {user.name} -g {user.name} {home}/.ssh
        install -m 0600 -o {user.name} -g {user.name} /dev/null {home}/.ssh/authorized_keys
        {f"echo '{public}' >{home}/.ssh/authorized_keys" if not user.ssh_password else ""}
        {f"echo '{user.name}:{password}' | chpasswd" if password else ""}
        cat >/etc/sudoers.d/{user.name} <<END
{chr(10).join(lines)}
END
        chmod 0440 /etc/sudoers.d/{user.name}
        visudo --check --quiet --file=/etc/sudoers.d/{user.name}
        echo 'session [success=1 default=ignore] pam_succeed_if.so quiet user != {user.name}' >>/etc/pam.d/sshd
        echo 'session optional pam_umask.so umask={user.umask} nousergroups' >>/etc/pam.d/sshd
    """
    cluster.on(host, script)


def forbid_programs_in(cluster: Cluster, host: str, *folders: str) -> None:
    """noexec, as the CIS benchmark asks for."""
    for folder in folders:
        cluster.on(host, f"mountpoint -q {folder} && mount -o remount,noexec {folder} || mount -t tmpfs -o noexec,mode=1777 tmpfs {folder}")
        cluster.on(host, f"cp /bin/true {folder}/true; ! {folder}/true 2>/dev/null && rm {folder}/true")


def listen_on(cluster: Cluster, host: str, port: int, *settings: str) -> None:
    """sshd on this port alone, which its administrator has opened, as a bare host runs firewalld."""
    for when in ("", "--permanent"):
        cluster.on(host, f"firewall-cmd {when} --add-port={port}/tcp; firewall-cmd {when} --remove-service=ssh")
    lines = "\\n".join([f"Port {port}", *settings])
    cluster.on(host, f"printf '{lines}\\n' >/etc/ssh/sshd_config.d/00-access.conf; systemctl restart ssh.service; sleep 1")
    cluster.on(host, f"ss -Hltn 'sport = :{port}' | grep -q . && ! ss -Hltn 'sport = :22' | grep -q .")


def make_key(path: pathlib.Path) -> pathlib.Path:
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path))
    return path


def into_the_lab(cluster: Cluster) -> str:
    """ssh's ProxyCommand that enters the lab's network."""
    found = re.search(r"^\s*ProxyCommand (.+)$", (cluster.inventory / "ssh_config").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert found
    return found[1]


def known_host(cluster: Cluster, host: str, *names: str) -> str:
    """A line of known_hosts."""
    return f"{','.join(names)} {cluster.on(host, 'cat /etc/ssh/ssh_host_ed25519_key.pub').strip()}\n"


def set_variables(file: pathlib.Path, **values: object) -> None:
    """Variables of the inventory, in a file that nobody else can read."""
    file.parent.mkdir(exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(values), encoding="utf-8")


class Watch:
    """Looks for a secret in the arguments and environments of all processes of this machine, those of lab hosts too, until it is closed."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._end = threading.Event()
        self.seen: set[str] = set()
        self.looks = 0
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(0.1):
            self.looks += 1
            for process in pathlib.Path("/proc").glob("[0-9]*"):
                for part in ("cmdline", "environ"):
                    try:
                        found = (process / part).read_bytes()
                    except OSError:  # it has ended
                        continue
                    if self._secret in found:
                        self.seen.add(f"{part} of {found[:60]!r}")
