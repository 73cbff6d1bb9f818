# SPDX-License-Identifier: GPL-3.0-or-later
"""An etcd cluster as it truly is, what hosts observe of it, and what each step does to it by the rules of etcd."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD

Object = dict[str, t.Any]
CLUSTER, FOREIGN = "1", "2"
NAMES = "abcde"


class RunStops(Exception):
    """A step fails for a reason that no plan can know: the run ends here with an error."""


def peer_url(name: str) -> str:
    return f"https://{name}.example:2380"


def client_url(name: str) -> str:
    return f"https://{name}.example:2379"


@dataclasses.dataclass
class Listed:
    """An entry of the list of members."""

    id: str
    name: str
    peer_url: str
    learner: bool = False


@dataclasses.dataclass(repr=False)
class Server:
    """One host. ``identity``: the member and the cluster whose data it has or had; its process keeps it when the files are deleted."""

    name: str
    identity: tuple[str, str] = ("", "")
    data: bool = False
    runs: bool = False
    # where its process listens for peers
    listens: str = ""
    answers_ansible: bool = True
    cut_off: bool = False
    committed: int = 50
    was_up: bool = False
    errors: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        return f"h-{self.name}"

    def __repr__(self) -> str:
        """Only what is not as on a bare host, so that a failing example can be read."""
        said = [f"{field.name}={value!r}" for field in dataclasses.fields(self) if (value := getattr(self, field.name)) != field.default]
        return f"Server({', '.join(said)})"

    def _repr_pretty_(self, printer: t.Any, cycle: bool) -> None:
        printer.text(repr(self))


@dataclasses.dataclass
class Etcd:
    """The truth. ``mute``: members without a leader do not tell the list of members either."""

    servers: dict[str, Server]
    members: list[Listed]
    mute: bool = True
    # what the apiservers are configured to use
    used: set[str] = dataclasses.field(default_factory=set)
    # whether a member answered when the plan was made
    answered: bool = False
    counter: int = 0

    @classmethod
    def well(cls, names: str) -> Etcd:
        etcd = cls(servers={name: Server(name) for name in NAMES}, members=[], used={client_url(name) for name in names})
        for name in names:
            etcd.members.append(Listed(id=f"id-{name}", name=name, peer_url=peer_url(name)))
            etcd.servers[name] = Server(name, (f"id-{name}", CLUSTER), data=True, runs=True, listens=peer_url(name), was_up=True)
        return etcd

    # -- who is up

    @property
    def voters(self) -> list[Listed]:
        return [member for member in self.members if not member.learner]

    def server_of(self, member: Listed) -> Server | None:
        return next((server for server in self.servers.values() if server.runs and server.identity == (member.id, CLUSTER)), None)

    def connected(self, member: Listed) -> bool:
        server = self.server_of(member)
        return server is not None and not server.cut_off and server.listens == member.peer_url

    def up(self) -> int:
        return sum(self.connected(voter) for voter in self.voters)

    def quorum(self) -> int:
        return len(self.voters) // 2 + 1

    def led(self) -> bool:
        return bool(self.voters) and self.up() >= self.quorum()

    def is_taken_for_another(self) -> bool:
        """Whether only members of another cluster answer: all that is seen is then that cluster."""
        answers = [answer for server in self.servers.values() if server.runs and (answer := self._answer(server)) is not None]
        return bool(answers) and all(answer["cluster_id"] != CLUSTER for answer in answers)

    # -- what is observed

    def observations(self) -> dict[str, Object]:
        """Of each host that Ansible reaches."""
        answers = [answer for server in self.servers.values() if server.runs and (answer := self._answer(server)) is not None]
        return {server.host: self._observation(server, answers) for server in self.servers.values() if server.answers_ansible}

    def _observation(self, server: Server, answers: list[Object]) -> Object:
        committed = server.committed if server.runs and server.data else None
        own = [{**answer, "url": ETCD.urls["client"]} for answer in answers if answer["url"] == client_url(server.name)]
        return {"host": {"data": server.data, "committed": committed, "was_up": server.was_up}, "answers": answers + own, "used": []}

    def _answer(self, server: Server) -> Object | None:
        identity, cluster = server.identity
        member = next((entry for entry in self.members if entry.id == identity), None)
        if cluster == CLUSTER and member is None:
            # a removed member exits
            return None
        led = cluster != CLUSTER or (self.led() and member is not None and self.connected(member))
        if not led and self.mute:
            return None
        learner = bool(member and member.learner and cluster == CLUSTER)
        return {
            "url": client_url(server.name),
            "cluster_id": cluster,
            "member_id": identity,
            "leader": "id" if led else "",
            "learner": learner,
            "errors": list(server.errors),
            "linearizable": led and not learner,
            "applied": server.committed,
            "members": [] if learner else [self._entry(entry) for entry in self._list_of(server)],
        }

    def _list_of(self, server: Server) -> list[Listed]:
        identity, cluster = server.identity
        return self.members if cluster == CLUSTER else [Listed(identity, server.name, server.listens)]

    def _entry(self, member: Listed) -> Object:
        started = any(server.identity[0] == member.id and server.was_up for server in self.servers.values())
        urls = [client_url(member.name)] if started else []
        return {"id": member.id, "name": member.name, "peer_urls": [member.peer_url], "client_urls": urls, "learner": member.learner}

    # -- what a step does

    def perform(self, action: PlannedAction) -> None:
        getattr(self, f"_{action.operation}")(action.data)
        if self.led():
            for member in self.members:
                server = self.server_of(member)
                if server is not None and self.connected(member):
                    server.was_up = True

    def _own(self, data: Object) -> Server:
        return next(server for server in self.servers.values() if server.host == data["host"])

    def _member(self, identity: str) -> Listed:
        return next(member for member in self.members if member.id == identity)

    def _agree(self) -> None:
        assert self.led(), f"a change needs a quorum: {self.up()} of {len(self.voters)} voters are up"

    def _remove(self, data: Object) -> None:
        self._agree()
        identity = data["id"]
        # The host of a member that lost its data adds it again later, so a plan may name a member of an earlier step.
        self.members.remove(self._member(identity))
        for server in self.servers.values():
            if server.identity == (identity, CLUSTER):
                server.runs = False
                server.data = server.data and server.host != data["host"]

    def _add(self, data: Object) -> None:
        self._agree()
        assert all(self.connected(voter) for voter in self.voters), "etcd adds none while a voter is not connected"
        assert not any(member.learner for member in self.members), "etcd has one learner at a time"
        self.counter += 1
        self.members.append(Listed(id=f"new-{self.counter}", name="", peer_url=data["peer_url"], learner=True))

    def _promote(self, data: Object) -> None:
        self._agree()
        member = next(entry for entry in self.members if entry.peer_url == data["peer_url"])
        server = self.server_of(member)
        assert server is not None, "only a learner that runs has the log"
        if server.cut_off:
            raise RunStops
        member.learner = False

    def _update(self, data: Object) -> None:
        self._agree()
        self._member(data["id"]).peer_url = data["peer_url"]

    def _start(self, data: Object) -> None:
        server = self._own(data)
        server.listens = peer_url(server.name)
        if not server.data:
            self._first_start(server, data)
        elif all(server.identity != (member.id, CLUSTER) for member in self.members):
            # Nobody can tell whose data it is while no member answers, or while its own has published nothing. etcd refuses to start.
            nameless = any(member.peer_url == server.listens and not member.name for member in self.members)
            assert nameless or not self.answered, "data of another cluster is started"
            raise RunStops
        server.runs = True
        if server.cut_off and len(self.members) > 1:
            raise RunStops

    def _first_start(self, server: Server, data: Object) -> None:
        wanted = dict(entry.split("=") for entry in data["initial_cluster"].split(","))
        assert server.listens in wanted.values(), "a member finds itself in the initial cluster"
        if data["state"] == "new":
            identity = f"id-{server.name}"
            first = not any(other.data and other.was_up for other in self.servers.values())
            assert first or any(member.id == identity for member in self.members), "a second cluster would begin"
            self.members = self.members or [Listed(f"id-{name}", name, url) for name, url in wanted.items()]
        else:
            found = [member for member in self.members if member.peer_url == server.listens]
            assert found, "etcd refuses who is not in the list of members"
            assert not (found[0].name and server.was_up and not found[0].learner), "a voter that voted before begins without its log"
            present = sorted(member.peer_url for member in self.members)
            assert present == sorted(wanted.values()), "it starts with exactly the present members"
            found[0].name = server.name
            identity = found[0].id
        server.identity = (identity, CLUSTER)
        server.data = True

    def _discard(self, data: Object) -> None:
        server = self._own(data)
        assert not any(self.server_of(member) is server for member in self.members), "the data of a running member is put aside"
        server.runs = server.data = server.was_up = False

    def _rebuild(self, data: Object) -> None:
        survivor = self._own(data)
        assert survivor.data and survivor.identity[1] == CLUSTER, "only data of this cluster can be rebuilt"
        self.members = [Listed(f"alone-{survivor.name}", survivor.name, peer_url(survivor.name))]
        survivor.identity, survivor.runs, survivor.listens = (self.members[0].id, CLUSTER), True, peer_url(survivor.name)
        survivor.cut_off = False


def wanted_members(names: c.Iterable[str]) -> list[Object]:
    return [{"host": f"h-{name}", "name": name, "peer_url": peer_url(name), "client_url": client_url(name)} for name in names]
