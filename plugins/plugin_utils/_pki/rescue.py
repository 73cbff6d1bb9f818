# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts have of a PKI whose directory is lost, and from which host each part of it is taken. Pure.

Hosts have all of it except the keys of the authorities. The certificates of these stay trusted until new ones have taken their place
(``replacement``). What cannot be known counts as bad: a host that did not answer may have another key of Secrets.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, generations, identity

# Only clusters whose kubelets rotate their certificates have these.
OF_ROTATION = ("node-ca.crt", "node-ca.key")
# What can be made anew where no host has it: only apiservers trust the front proxy, and public keys follow from their private ones.
OPTIONAL = ("front-proxy-ca.crt", "service-account.pub", "keepalived-authentication.conf", *OF_ROTATION)
AUTHORITIES = ("kubernetes-ca.crt", "etcd-ca.crt", "front-proxy-ca.crt")
PUBLIC_KEYS = "service-account.pub"
_LOST: t.Mapping[str, str] = {
    "kubernetes-ca.crt": "so no host is one of a cluster of this collection",
    "etcd-ca.crt": "so no host is one of a cluster of this collection",
    "encryption-config.yaml": "without which nobody can read the Secrets in etcd",
    "service-account.key": "without which no pod gets a token",
}

Object = c.Mapping[str, t.Any]
# For each host what it has said, or None.
Answers = c.Mapping[str, "Object | None"]


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a secret file is taken from. ``also``: hosts that have the same."""

    name: str
    host: str
    path: str
    size: int
    digest: str
    also: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is taken: ``public`` parts in PEM form by file, the oldest first, and secrets by file. ``missing`` files are on no host."""

    public: c.Mapping[str, tuple[str, ...]]
    secrets: c.Mapping[str, Source]
    missing: tuple[str, ...]
    holders: c.Mapping[str, tuple[str, ...]]

    def lines(self) -> list[str]:
        """What is taken from where, for people."""
        public = [f"{name}: {_shown(name, blocks)}, on {', '.join(self.holders[name])}" for name, blocks in self.public.items()]
        secret = [_taken(source) for source in self.secrets.values()]
        missing = [f"{name}: on no host; it is made anew where it is needed" for name in self.missing if name not in OF_ROTATION]
        return [*public, *secret, *missing]


def plan(
    answers: Answers, *, paths: c.Mapping[str, c.Collection[str]], settings: c.Mapping[str, str], without: c.Collection[str], directory: str
) -> Plan:
    """Raises PlanError with every fault. ``paths``: where hosts have each file of the PKI directory; ``settings``: those of the spec."""
    unknown = sorted(set(without) - set(answers))
    faults = [f"rescue_without names {', '.join(unknown)}, which the cluster does not have"] if unknown else []
    asked = {host: answer for host, answer in answers.items() if host not in without}
    faults += [f"{host} did not answer; bring it back, or leave it out: -e rescue_without={host}" for host in asked if asked[host] is None]
    found = {host: answer for host, answer in asked.items() if answer is not None}
    secret_names = [name for name in paths if not is_public(name)]
    public, secrets, holders = {}, {}, {}
    for name in paths:
        if name in secret_names:
            sources = _sources(name, found, paths[name])
            faults += _secret_faults(sources)
            if sources:
                secrets[name] = dataclasses.replace(sources[0], also=tuple(source.host for source in sources[1:]))
        else:
            bundles = _bundles(found, paths[name])
            common = _common(bundles)
            faults += _public_faults(name, bundles, common)
            if common:
                public[name], holders[name] = common, tuple(dict.fromkeys(host for host, _path in bundles))
    missing = [name for name in paths if name not in public and name not in secrets and not _has(name, found, paths[name])]
    faults += [f"{name} is on no host, {_LOST[name]}" for name in missing if name not in OPTIONAL]
    _refuse(faults, directory)
    for host, answer in found.items():
        # With its own authorities: only the recorded settings of the cluster are compared here.
        texts = {"kubernetes": "".join(public["kubernetes-ca.crt"])} if any(answer["texts"].values()) else {}
        identity.check(
            host=host,
            found={"authorities": texts, "settings": answer["settings"]},
            authorities=texts,
            directory=directory,
            settings=settings,
        )
    return Plan(public, secrets, tuple(missing), holders)


def is_public(name: str) -> bool:
    """Whether a file of the PKI directory is no secret."""
    return name in (*AUTHORITIES, PUBLIC_KEYS)


def _has(name: str, found: c.Mapping[str, Object], paths: c.Collection[str]) -> bool:
    part = "texts" if is_public(name) else "secrets"
    return any(answer[part].get(path) for answer in found.values() for path in paths)


def _bundles(found: c.Mapping[str, Object], paths: c.Collection[str]) -> dict[tuple[str, str], list[str]]:
    """What stands in each file, by host and path; nothing for what is not there."""
    return {(host, path): _sound(text) for host, answer in found.items() for path in paths if (text := answer["texts"].get(path))}


def _sound(text: str) -> list[str]:
    return [block for block in generations.blocks(text) if certs.public_key_of(block) is not None]


def _common(bundles: c.Mapping[tuple[str, str], list[str]]) -> tuple[str, ...]:
    """What all of them have. In each phase of a replacement that is what nobody may cease to trust."""
    if not bundles:
        return ()
    first, *others = bundles.values()
    return tuple(dict.fromkeys(block for block in first if all(block in other for other in others)))


def _public_faults(name: str, bundles: c.Mapping[tuple[str, str], list[str]], common: tuple[str, ...]) -> list[str]:
    if not bundles or common:
        return []
    shown = "; ".join(f"{host} has {_shown(name, blocks)} in {path}" for (host, path), blocks in bundles.items())
    return [f"hosts have nothing in common as {name}: {shown}. Leave out those that are of another cluster or were away"]


def _sources(name: str, found: c.Mapping[str, Object], paths: c.Collection[str]) -> list[Source]:
    return [
        Source(name, host, path, int(described["size"]), str(described["digest"]))
        for host, answer in found.items()
        for path in paths
        if (described := answer["secrets"].get(path))
    ]


def _secret_faults(sources: list[Source]) -> list[str]:
    alike: dict[str, list[str]] = {}
    for source in sources:
        alike.setdefault(source.digest, []).append(source.host)
    if len(alike) < 2:
        return []
    groups = " and ".join(", ".join(hosts) for hosts in alike.values())
    return [f"the {sources[0].path} differs between {groups}. Leave out those that have the wrong one: -e rescue_without=HOST"]


def _shown(name: str, blocks: c.Sequence[str]) -> str:
    if not blocks:
        return "nothing that is readable"
    if name == PUBLIC_KEYS:
        return f"{len(blocks)} public {'key' if len(blocks) == 1 else 'keys'}"
    return " and ".join(f"{'…'.join(identity.fingerprints(block))}…" for block in blocks)


def _taken(source: Source) -> str:
    also = f"; the same on {', '.join(source.also)}" if source.also else ""
    return f"{source.name}: from {source.path} of {source.host}{also}"


def _refuse(faults: c.Sequence[str], directory: str) -> None:
    if faults:
        raise PlanError(f"Nothing was taken from any host into {directory}: {'; '.join(faults)}")
