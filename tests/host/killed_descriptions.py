# SPDX-License-Identifier: GPL-3.0-or-later
"""What is brought about while it is killed: three states of one host, each a change of everything in the one before."""

from __future__ import annotations

import typing as t

from .killing import Description

SERVER = "http://127.0.0.1:8097"
SECRET = "correct-horse-battery"
STATES = ("one", "two", "three")

# Releases as a mirror has them: an archive and a bare program for each version.
RELEASES = """
mkdir -p /srv/killed && cd /srv/killed && cp /etc/fstab fstab
for state in one two three; do
    mkdir -p tool && echo "echo $state" > tool/tool && seq 20000 > tool/other
    echo "echo bare $state" > bare-$state
    tar -czf tool-$state.tar.gz tool && sha256sum tool-$state.tar.gz bare-$state > sums-$state
done
systemctl is-active -q killed-mirror ||
    systemd-run -q --unit=killed-mirror python3 -m http.server --directory /srv/killed --bind 127.0.0.1 8097
for _try in $(seq 100); do curl -sf http://127.0.0.1:8097/sums-one > /dev/null && exit 0; sleep 0.1; done; exit 1
"""

FILES_BARE = """
userdel killed 2>/dev/null; groupdel killed 2>/dev/null
rm -rf /opt/killed /etc/killed /var/lib/barehost
mkdir -p /etc/killed/gone/deep && touch /etc/killed/gone/deep/x /etc/killed/old.conf && printf '127.0.0.1 localhost' > /etc/killed/hosts
(cat /srv/killed/fstab; echo; echo '/killed none swap sw 0 0') > /etc/fstab
echo 0 > /proc/sys/net/ipv4/conf/lo/rp_filter
"""
FILES_ROOTS = ("/opt/killed", "/etc/killed", "/etc/fstab", "/var/lib/barehost")
# What happened to a host before it is brought to a state: what is mended there that would else be as it is.
FILES_DAMAGE = {
    "one": "true",
    "two": (
        "rm /opt/killed/pki/client.key; chmod 0644 /opt/killed/pki/server.key; touch /etc/killed/old.conf; chown root /etc/killed/secret"
    ),
    "three": (
        "echo damaged > /opt/killed/pki/server.key; mkdir -p /etc/killed/gone/deep; touch /etc/killed/gone/x /etc/killed/gone/deep/x; "
        "chmod 0600 /opt/killed/bin/tool; rm /etc/killed/some.json; ln -s nothing /etc/killed/some.json; "
        "(cat /srv/killed/fstab; echo; echo '/killed none swap sw 0 0') > /etc/fstab"
    ),
}


def files(state: str) -> Description:
    """Every kind whose doing is quick; each state changes nearly all of it."""
    number = STATES.index(state)
    shells = ("/sbin/nologin", "/bin/sh", "/bin/false")
    owner = {"owner": "killed", "group": "killed"}
    return {
        "name": "killed-files",
        "groups": [{"name": "killed", "system": True}],
        "users": [{"name": "killed", "group": "killed", "system": True, "home": "/opt/killed", "shell": shells[number]}],
        "directories": [
            {"path": "/opt/killed", "mode": ("0755", "0750", "0711")[number], **owner},
            {"path": "/opt/killed/data/deep", **owner},
        ],
        "binaries": [
            {
                "name": "killed-tool",
                "version": f"{number + 1}.0",
                "url": f"{SERVER}/tool-{state}.tar.gz",
                "checksum_url": f"{SERVER}/sums-{state}",
                "install": [{"member": f"tool/{name}", "path": f"/opt/killed/bin/{name}"} for name in ("tool", "other")],
            },
            {
                "name": "killed-bare",
                "version": f"{number + 1}.0",
                "url": f"{SERVER}/bare-{state}",
                "checksum_url": f"{SERVER}/sums-{state}",
                "store": f"/opt/killed/store-{number + 1}.0/bin",
                "install": [{"path": "/opt/killed/bin/bare"}],
            },
        ],
        "certificates": [_certificate("server", state, **owner), _certificate("client", "always", **owner)],
        "files": [
            {"path": "/etc/killed/early.conf", "content": f"early {state}\n", "early": True},
            {"path": "/etc/killed/plain.conf", "content": f"{state}\n" * 5000, "mode": ("0644", "0640", "0600")[number], **owner},
            {"path": "/etc/killed/secret", "content": f"{SECRET} {state}\n", "secret": True, **owner},
            {"path": "/etc/killed/some.json", "json": {"state": state}},
            {"path": "/etc/killed/hosts", "content": f"192.0.2.{number} {state}\n", "block": "names"},
            {"path": "/etc/killed/checked", "content": f"sound {state}\n", "validate": "grep -q ^sound %s"},
            {"path": "/etc/killed/new/ca.crt", "pki": "etcd-ca.crt"},
        ],
        "absent": ["/etc/killed/old.conf", {"path": "/etc/killed/gone", "recursive": True}],
        "sysctls": [{"name": "net.ipv4.conf.lo.rp_filter", "value": str((number + 1) % 3)}],
        "swap": {"state": "off"},
    }


def _certificate(name: str, common_name: str, **owner: str) -> dict[str, t.Any]:
    place = f"/opt/killed/pki/{name}"
    return {"name": name, "authority": "etcd", "path": f"{place}.crt", "key": f"{place}.key", "common_name": common_name, **owner}


UNITS_BARE = """
systemctl disable --now killed.service killed-other.service 2>/dev/null
systemctl unmask killed.service killed-other.service 2>/dev/null
rm -rf /etc/systemd/system/killed* /etc/systemd/system/*.wants/killed* /run/barehost /etc/barehost /usr/local/libexec/barehost \\
    /opt/killed-units /etc/hello.json /var/lib/barehost
systemctl daemon-reload; systemctl reset-failed
"""
UNITS_ROOTS = ("/etc/systemd/system", "/etc/barehost", "/usr/local/libexec/barehost", "/opt/killed-units", "/etc/hello.json")
UNITS_DAMAGE = {
    "one": "true",
    "two": "systemctl enable --now killed-other.service",
    "three": "systemctl disable --now killed.service; systemctl mask --runtime killed.service",
}
_UNIT = """\
[Unit]
Description=killed {state}
[Service]
ExecStart=/usr/bin/python3 /opt/killed-units/hello.py
ExecReload=/bin/kill -HUP $MAINPID
[Install]
WantedBy=multi-user.target
"""
_OTHER = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"


def units(state: str, server: str) -> Description:
    """A service that is restarted, one that is to be stopped, and, from two to three, only what a reload is enough for."""
    shown = {"one": "one", "two": "two", "three": "two"}[state]
    return {
        "name": "killed-units",
        "files": [
            {"path": "/opt/killed-units/hello.py", "content": server},
            {"path": "/etc/hello.json", "json": {"word": state}},
        ],
        "units": [
            {
                "name": "killed.service",
                "content": _UNIT.format(state=shown),
                "drop_ins": [{"name": "20-x.conf", "content": f"[Service]\nEnvironment=STATE={shown}\n"}],
                "reload_on": ["/etc/hello.json"],
                "health": [{"http": "http://127.0.0.1:8088/", "contains": state, "deadline": 10}],
            },
            {"name": "killed-other.service", "content": _OTHER, "state": "stopped"},
        ],
    }


FIREWALL_BARE = """
rm -rf /etc/firewalld/services/barehost-* /etc/firewalld/ipsets/barehost-* /etc/firewalld/zones/* /var/lib/barehost
systemctl is-active -q firewalld || systemctl start firewalld
firewall-cmd -q --reload
"""
FIREWALL_ROOTS = ("/etc/firewalld",)
FIREWALL_DAMAGE = dict.fromkeys(STATES, "true")


def firewall(state: str) -> Description:
    """Services from everywhere and from somewhere, and a trusted interface; they come, change and go."""
    number = STATES.index(state)
    everywhere = [{"name": "barehost-killed-a", "description": "a", "ports": [f"900{number}/tcp"]}]
    some = [{"name": "barehost-killed-b", "description": "b", "ports": ["9010/tcp"], "sources": [f"192.0.2.{number}"]}]
    return {
        "name": "killed-firewall",
        "firewall": {
            "services": (everywhere + some, some, everywhere)[number],
            "trusted_interfaces": (["killed0"], ["killed0", "killed1"], ["killed1"])[number],
        },
    }
