# SPDX-License-Identifier: GPL-3.0-or-later
"""Real etcd processes on loopback, in a network namespace of their own, and what brings their membership to an inventory."""

from __future__ import annotations

import base64
import contextlib
import ctypes
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import threading
import time
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import member_list
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import Access, EtcdApi
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import cluster_view
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.cluster_view import HostState, Wanted, quorum
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.plan_members import Plan, Policy, plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

from .apiserver import programs

_NEW_NETWORK = 0x40000000
_DEADLINE = 60.0
_CAREFUL = Policy()


@contextlib.contextmanager
def own_network() -> t.Iterator[None]:
    """This thread, and the threads and processes it starts, in a network of their own that has loopback only."""
    libc = ctypes.CDLL(None, use_errno=True)
    with pathlib.Path("/proc/thread-self/ns/net").open() as before:
        if libc.unshare(_NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), "a network namespace of its own needs root")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            if libc.setns(before.fileno(), _NEW_NETWORK) != 0:
                raise OSError(ctypes.get_errno(), "the thread cannot go back to its network")


@dataclasses.dataclass
class Machine:
    """What a host is to its member: a data directory, addresses, a process."""

    name: str
    directory: pathlib.Path
    port: int
    peer_port: int
    quota: int = 0  # in bytes; 0: etcd's default
    # whose certificates are taken on the peer address; empty: all of the authority
    allowed: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> pathlib.Path:
        return self.directory / self.name

    @property
    def client_url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def metrics_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def wanted(self) -> Wanted:
        peer_url = f"https://127.0.0.1:{self.peer_port}"
        return Wanted(host=self.name, name=self.name, peer_url=peer_url, client_url=self.client_url)

    def start(self, program: pathlib.Path, *, initial_cluster: str, state: str, rebuild: bool = False) -> None:
        tls = {"cert-file": "member.crt", "key-file": "member.key", "trusted-ca-file": "pki/etcd-ca.crt"}
        flags = {
            "name": self.name,
            "data-dir": self.data,
            "listen-client-urls": self.client_url,
            "advertise-client-urls": self.client_url,
            "listen-peer-urls": self.wanted.peer_url,
            "initial-advertise-peer-urls": self.wanted.peer_url,
            "listen-metrics-urls": self.metrics_url,
            "initial-cluster": initial_cluster,
            "initial-cluster-state": state,
            "initial-cluster-token": "tested",
            "snapshot-count": 200,
            "quota-backend-bytes": self.quota,
            **{name: self.directory / file for name, file in tls.items()},
            **{f"peer-{name}": self.directory / file for name, file in tls.items()},
        }
        if self.allowed:
            flags["peer-cert-allowed-hostname"] = self.allowed
        switches = ["--unsafe-no-fsync", "--client-cert-auth", "--peer-client-cert-auth", *(["--force-new-cluster"] if rebuild else [])]
        with (self.directory / f"{self.name}.log").open("ab") as log:
            command = [str(program), *(f"--{name}={value}" for name, value in flags.items()), *switches]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def lose_data(self) -> None:
        self.kill()
        shutil.rmtree(self.data)


class Cluster:
    """Machines, and the inventory that says which of them are wanted."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        found = programs("etcd", "etcdctl", directory=directory)
        self.etcd, self.etcdctl = found["etcd"], found["etcdctl"]
        self.machines: dict[str, Machine] = {}
        self.inventory: list[str] = []
        self._next_port = 10000
        _make_pki(directory)
        self.access = Access(*(str(directory / file) for file in ("pki/etcd-ca.crt", "member.crt", "member.key")))

    def machine(self) -> Machine:
        name, port = f"m{len(self.machines)}", self.port()
        self.machines[name] = Machine(name=name, directory=self.directory, port=port, peer_port=port + 2)
        return self.machines[name]

    def port(self) -> int:
        self._next_port += 10
        return self._next_port

    @property
    def endpoints(self) -> list[str]:
        """Of all that run, wanted or not."""
        return [machine.client_url for machine in self.machines.values() if machine.process is not None]

    def planned(self, policy: Policy = _CAREFUL) -> Plan:
        wanted = [self.machines[name].wanted for name in self.inventory]
        hosts = {name: self.local(self.machines[name]) for name in self.inventory}
        endpoints = [entry.client_url for entry in wanted]
        none = dict.fromkeys(("data_directory", "started_file", "apiserver_file"), "/nonexistent")
        answers = member_list.run("collect", {**self._asked(endpoints), **none, "metrics_url": ""})["answers"]
        return plan(wanted=wanted, view=cluster_view.view(answers=answers, hosts=hosts), policy=policy)

    def _asked(self, endpoints: list[str]) -> dict[str, t.Any]:
        return {"access": self.access._asdict(), "endpoints": endpoints}

    def local(self, machine: Machine) -> HostState:
        return HostState(**member_list.local(str(machine.data), machine.metrics_url))

    def converge(self, policy: Policy = _CAREFUL) -> list[tuple[str, str]]:
        """Until nothing is left to be planned; gives what was done."""
        done: list[tuple[str, str]] = []
        for _round in range(4):
            actions = self.planned(policy).actions
            if not actions:
                return done
            self.perform(actions)
            done += [(action.operation, action.target) for action in actions]
        raise AssertionError(f"planned again and again: {done}")

    def perform(self, actions: t.Sequence[PlannedAction]) -> None:
        for index, action in enumerate(actions):
            following = actions[index + 1].operation if index + 1 < len(actions) else ""
            if action.operation in member_list.CHANGES:
                member_list.run("apply", {**self._asked(self.endpoints), "actions": [action.for_host()]})
                self.must_have_quorum(after=f"{action.operation} {action.target}")
            else:
                self._on_host(action, wait=following != "start")

    def _on_host(self, action: PlannedAction, *, wait: bool) -> None:
        machine = self.machines[action.data["host"]]
        machine.kill()
        if action.operation == "discard":
            machine.data.rename(machine.data.with_suffix(f".{time.monotonic_ns()}"))
            return
        machine.start(
            self.etcd, initial_cluster=action.data["initial_cluster"], state=action.data["state"], rebuild=action.operation == "rebuild"
        )
        if wait:
            running = [self.machines[name].client_url for name in self.inventory if self.machines[name].process is not None]
            self.wait(running)

    def wait(self, endpoints: list[str]) -> None:
        try:
            member_list.run("wait", {**self._asked(endpoints), "deadline": _DEADLINE})
        except HostError as error:
            logs = "\n".join(f"== {path.name}\n{path.read_text()[-1200:]}" for path in self.directory.glob("*.log"))
            raise AssertionError(f"{error.message}\n{logs}") from error

    def must_have_quorum(self, *, after: str) -> None:
        answers = member_list.ask_all(self.endpoints, self.access)
        view = cluster_view.view(answers=answers, hosts={})
        up, voters = cluster_view.healthy(view.voters), len(view.voters)
        assert up >= quorum(voters), f"after {after} {up} of {voters} voters are healthy: {[answer['fault'] for answer in answers]}"

    def voters(self) -> list[str]:
        view = cluster_view.view(answers=member_list.ask_all(self.endpoints, self.access), hosts={})
        assert all(member.healthy and not member.learner for member in view.members or ()), f"not settled: {view.members}"
        return sorted(member.name for member in view.members or ())

    def hashes(self) -> dict[str, tuple[int, str]]:
        """Of each member, revision and digest of all keys with their history."""
        urls = [self.machines[name].client_url for name in self.inventory]
        ca, cert, key = self.access.files
        command = [str(self.etcdctl), f"--cacert={ca}", f"--cert={cert}", f"--key={key}", f"--endpoints={','.join(urls)}"]
        output = subprocess.run(
            [*command, "endpoint", "hashkv", "--write-out=json"], check=True, capture_output=True, text=True, timeout=30
        ).stdout
        return {
            entry["Endpoint"]: (int(entry["HashKV"]["header"]["revision"]), str(entry["HashKV"]["hash"])) for entry in json.loads(output)
        }

    def stop(self) -> None:
        for machine in self.machines.values():
            machine.kill()


class Client(EtcdApi):
    """What a user of etcd does."""

    def put(self, key: str, value: str) -> None:
        self._post("/v3/kv/put", {"key": _encoded(key), "value": _encoded(value)})

    def all(self) -> dict[str, str]:
        found = self._post("/v3/kv/range", {"key": _encoded("k"), "range_end": _encoded("l")}).get("kvs", [])
        return {base64.b64decode(entry["key"]).decode(): base64.b64decode(entry["value"]).decode() for entry in found}


class Writer(threading.Thread):
    """Writes keys all the time, through any member that takes them, and remembers what was acknowledged."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(daemon=True)
        self.acknowledged: dict[str, str] = {}
        self.longest_gap = 0.0
        self._cluster = cluster
        self._end = threading.Event()

    def run(self) -> None:
        last, number, taken = time.monotonic(), 0, True
        # not with a write open of which nobody knows whether it was made
        while not (taken and self._end.is_set()):
            taken = False
            for url in self._cluster.endpoints:
                key, value = f"k{number % 500}", str(number)
                try:
                    Client(url, self._cluster.access, timeout=1.0).put(key, value)
                except HostError:
                    continue
                self.acknowledged[key], taken = value, True
                number, now = number + 1, time.monotonic()
                self.longest_gap, last = max(self.longest_gap, now - last), now
                break
            self._end.wait(0.03)

    def finish(self) -> None:
        self._end.set()
        self.join(timeout=30)
        assert not self.is_alive(), "the writer does not end"


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _make_pki(directory: pathlib.Path) -> None:
    """The certificates of a member, and of a node's flannel, as the roles describe them."""
    pki = Pki(directory / "pki")
    _issue(pki, directory, "member", usages=["server", "client"], dns=["localhost"], ips=["127.0.0.1"])
    _issue(pki, directory, "flannel", usages=["client"])


def _issue(pki: Pki, directory: pathlib.Path, name: str, **names: list[str]) -> None:
    key = certs.new_key()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    item = {"name": name, "authority": "etcd", "days": 2, "renew_before_days": 1, "common_name": name, **names}
    text = request.public_bytes(serialization.Encoding.PEM).decode()
    (directory / f"{name}.crt").write_text(pki.sign("etcd", text, item))
    with os.fdopen(os.open(directory / f"{name}.key", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(certs.private_pem(key))
