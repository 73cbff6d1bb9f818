# SPDX-License-Identifier: GPL-3.0-or-later
"""An etcd cluster without Kubernetes: its inventory is edited, its members are asked."""

from __future__ import annotations

import collections.abc
import contextlib
import json
import pathlib
import shutil
import typing as t

import pytest
import yaml

from .driver import Cluster, PlaybookRun
from .setups import bare_hosts

PLAYBOOK = "tests/cluster/playbooks/etcd_members.yml"
DB1, DB2, DB3, DB4 = (f"db{number}.example" for number in (1, 2, 3, 4))
_ETCDCTL = ". /etc/profile.d/etcdctl.sh; etcdctl"
_WRITER = """\
. /etc/profile.d/etcdctl.sh
export ETCDCTL_ENDPOINTS={endpoints}
number=0
while [ ! -e /run/writer.end ]; do
  number=$((number + 1))
  etcdctl --command-timeout=5s put "written/$number" "$number" >/dev/null 2>&1 && echo "$number" >> /run/writer.acknowledged
done
"""


class Databases:
    """``hosts`` are the addresses of all hosts by their names, members or not."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        groups = yaml.safe_load(self._file.read_text(encoding="utf-8"))["all"]["children"]
        self.hosts: dict[str, str] = {host: given["ansible_host"] for group in groups.values() for host, given in group["hosts"].items()}
        self.members: list[str] = list(groups["etcd"]["hosts"])
        self.moved: dict[str, str] = {}

    @property
    def _file(self) -> pathlib.Path:
        return self.cluster.inventory / "hosts.yml"

    def want(self, *members: str, **moved: str) -> None:
        """Writes the inventory; ``moved`` gives a host, named by the first part of its name, another address for the cluster."""
        self.members = list(members)
        self.moved |= {f"{name}.example": address for name, address in moved.items()}
        groups: dict[str, t.Any] = {"etcd": {"hosts": {}}, "spare": {"hosts": {}}}
        for host in [*members, *(host for host in self.hosts if host not in members)]:
            given = {"ansible_host": self.hosts[host]} | ({"node_address": self.moved[host]} if host in self.moved else {})
            groups["etcd" if host in members else "spare"]["hosts"][host] = given
        self._file.write_text(yaml.safe_dump({"all": {"children": groups}}, sort_keys=False), encoding="utf-8")

    def run(self, *arguments: str, check: bool = True, **variables: t.Any) -> PlaybookRun:
        given = ["-e", json.dumps(variables)] if variables else []
        return self.cluster.playbook(PLAYBOOK, *arguments, *given, check=check)

    def etcdctl(self, host: str, command: str) -> str:
        return self.cluster.on(host, f"{_ETCDCTL} {command}")

    def peers(self) -> dict[str, str]:
        """The peer address of each member, all of which must be voters."""
        found = json.loads(self.etcdctl(self.members[-1], "member list -w json"))["members"]
        assert not any(member.get("isLearner") for member in found), found
        return {member["name"]: member["peerURLs"][0] for member in found}

    def wanted_peers(self) -> dict[str, str]:
        return {host: f"https://{self.moved.get(host, self.hosts[host])}:2380" for host in self.members}

    def digest(self) -> str:
        """Of all keys with their history: the members must have the same."""
        found = json.loads(self.etcdctl(self.members[-1], "endpoint hashkv --cluster -w json"))
        values = {(str(entry["HashKV"]["hash"]), entry["HashKV"]["header"]["revision"]) for entry in found}
        assert len(found) == len(self.members)
        assert len(values) == 1, f"the members differ: {found}"
        return str(values.pop())

    def starts(self, hosts: collections.abc.Iterable[str] | None = None) -> dict[str, str]:
        """What tells one start of the member from another."""
        return {host: self.cluster.on(host, "systemctl show -P InvocationID etcd") for host in hosts or self.members}

    def down(self) -> list[tuple[int, int]]:
        """When each member was down last: the hosts have one clock, since they have one kernel."""
        show = "systemctl show -P ActiveExitTimestampMonotonic -P ActiveEnterTimestampMonotonic etcd"
        found = [sorted(map(int, self.cluster.on(host, show).split())) for host in self.members]
        return sorted((left, back) for left, back in found)

    def start_writer(self, host: str) -> None:
        """Writes keys one after the other, and notes those that etcd has acknowledged."""
        endpoints = ",".join(url.replace(":2380", ":2379") for url in self.wanted_peers().values())
        script = _WRITER.format(endpoints=endpoints)
        self.cluster.lab("exec", host, "sh", "-c", "cat > /run/writer.sh", input=script)
        self.cluster.on(host, "rm -f /run/writer.end /run/writer.acknowledged; systemd-run --unit=writer sh /run/writer.sh")

    def stop_writer(self, host: str) -> set[str]:
        """What was acknowledged."""
        wait = "while systemctl -q is-active writer; do sleep 0.1; done"
        return set(self.cluster.on(host, f"touch /run/writer.end; {wait}; cat /run/writer.acknowledged").split())


@contextlib.contextmanager
def three_members(
    request: pytest.FixtureRequest, artefacts: pathlib.Path, temporary: pytest.TempPathFactory
) -> collections.abc.Iterator[Databases]:
    """The bare hosts of inventories/etcd-members: DB1 to DB3 are to be members, DB4 is spare."""
    inventory = temporary.mktemp("inventories") / "etcd-members"
    shutil.copytree(pathlib.Path(__file__).parent / "inventories" / "etcd-members", inventory)
    with bare_hosts(inventory, session=request.session, artefacts=artefacts) as cluster:
        yield Databases(cluster)


def etcd_actions(run: PlaybookRun) -> list[tuple[str, str, str]]:
    """What was done to the membership: host, action, member."""
    return [(host, action, path) for host, kind, action, path in run.actions() if kind == "etcd_member"]
