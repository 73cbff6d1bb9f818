# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways from lab hosts to what they download: a registry with a login, a mirror with TLS, a proxy, and no other way than that."""

from __future__ import annotations

import collections.abc
import contextlib
import ctypes
import json
import os
import pathlib
import subprocess
import sys

from .driver import LAB, Cluster, eventually, lab_command

# isort: split
from barelab import registry, services, state, system_packages

ADDRESS = services.DEFAULT_ADDRESS
REGISTRY_PORT, MIRROR_PORT, PROXY_PORT = registry.PORT + 1, 8443, 3128
REGISTRY, MIRROR, PROXY = f"{ADDRESS}:{REGISTRY_PORT}", f"https://{ADDRESS}:{MIRROR_PORT}", f"http://{ADDRESS}:{PROXY_PORT}"
# Where nobody listens
DEAD_PROXY = f"http://{ADDRESS}:3129"
USER, PASSWORD = "cluster", "pass:word-4711"


def authority() -> str:
    """The certificate of the authority of both."""
    return (registry.certificates(ADDRESS) / "ca.crt").read_text(encoding="utf-8")


@contextlib.contextmanager
def closed_registry(cluster: Cluster, folder: pathlib.Path) -> collections.abc.Iterator[None]:
    """The images of the lab's registry, for those who log in."""
    settings = json.loads(registry.configuration(address=ADDRESS))
    (folder / "htpasswd").write_text(f"{USER}:{_hashed(PASSWORD)}\n")
    settings["auth"] = {"htpasswd": {"realm": "lab", "path": str(folder / "htpasswd")}}
    settings["http"]["addr"] = REGISTRY
    (folder / "registry.yml").write_text(json.dumps(settings))
    with server(cluster, *registry.command(folder / "registry.yml"), answers=f"https://{REGISTRY}/v2/", status="401"):
        yield


def _hashed(password: str) -> str:
    """As htpasswd -B does: docker-registry takes no other kind."""
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    return str(crypt(password.encode(), b"$2y$05$abcdefghijklmnopqrstuu").decode())


@contextlib.contextmanager
def tls_mirror(cluster: Cluster) -> collections.abc.Iterator[None]:
    """The lab's mirror, with a certificate of an authority that hosts do not know."""
    pki, program = registry.certificates(ADDRESS), pathlib.Path(__file__).with_name("tls_mirror.py")
    folder = state.DIRECTORY / "services" / "mirror"
    command = [sys.executable, str(program), str(folder), ADDRESS, str(MIRROR_PORT), str(pki / "server.crt"), str(pki / "server.key")]
    with server(cluster, *command, answers=f"{MIRROR}/rpm/repodata/repomd.xml", status="200"):
        yield


@contextlib.contextmanager
def only_proxy(cluster: Cluster, folder: pathlib.Path) -> collections.abc.Iterator[pathlib.Path]:
    """A proxy, and a firewall that lets hosts reach nothing else of this machine but the time; the log of the proxy."""
    system_packages.require({"tinyproxy-bin"})
    log = folder / "proxy.log"
    settings = [f"Port {PROXY_PORT}", f"Listen {ADDRESS}", "MaxClients 100", f'LogFile "{log}"', "LogLevel Connect", "Timeout 600"]
    (folder / "proxy.conf").write_text("\n".join(settings) + "\n", encoding="utf-8")
    rules = f"""table inet only_proxy {{
        chain input {{
            type filter hook input priority 0
            iifname br0 ct state established accept
            iifname br0 tcp dport != {PROXY_PORT} reject with tcp reset
        }}
    }}"""
    cluster.lab("run", "nft", rules)
    try:
        with server(cluster, "tinyproxy", "-d", "-c", str(folder / "proxy.conf"), answers=f"{PROXY}/", status="400"):
            yield log
    finally:
        cluster.lab("run", "nft", "delete table inet only_proxy")


@contextlib.contextmanager
def server(cluster: Cluster, *command: str, answers: str, status: str) -> collections.abc.Iterator[None]:
    """A command in the lab's network, until this address answers with the status."""
    environment = {**os.environ, "PYTHONPATH": str(LAB.parent)}
    with subprocess.Popen(lab_command("run", *command), env=environment) as process:
        try:
            asked = ("--insecure", "--output", "/dev/null", "--write-out", "%{http_code}")
            eventually(lambda: cluster.curl(answers, *asked).stdout == status, deadline=20, wanted=f"{answers} answers {status}")
            yield
        finally:
            process.terminate()


def put_up_proxies_that_are_dead(cluster: Cluster, host: str) -> None:
    """In the environment of every login, and of all that systemd starts."""
    names = [name for proxy in ("http_proxy", "https_proxy", "all_proxy") for name in (proxy, proxy.upper())]
    login = "".join(f"{name}={DEAD_PROXY}\n" for name in names)
    manager = "[Manager]\n" + "".join(f"DefaultEnvironment={name}={DEAD_PROXY}\n" for name in names)
    cluster.on(host, f"cat >>/etc/environment <<END\n{login}END\ncat >/etc/systemd/system.conf.d/95-proxies.conf <<END\n{manager}END")
    cluster.on(host, "systemctl daemon-reexec")
    cluster.on(host, f"systemd-run --quiet --pipe --wait env | grep -qx 'HTTPS_PROXY={DEAD_PROXY}'")
