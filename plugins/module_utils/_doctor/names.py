# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and addresses: of this host, of the others in its file of names, and who finds names for it."""

from __future__ import annotations

import json
import os
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import lines_of, text_of

Object = dict[str, t.Any]

ROOT = "/"
_TIMEOUT = 5.0
_ENTRIES = 2000
_RESOLVERS = "/etc/resolv.conf"
_OF_PODS = re.compile(r"""^resolvConf:[ ]*["']?(/[^"'\s]+)""", re.MULTILINE)


def look(asked: Object) -> Object:
    """``name`` is that of the node, ``kubelet`` the kubelet's configuration, which names the file of resolvers that pods get."""
    gaps: list[str] = []
    of_pods = _resolver_of_pods(asked["kubelet"])
    return {
        "hostname": os.uname().nodename,
        "static_hostname": " ".join(lines_of(_place("etc/hostname"))).strip(),
        "hosts": _hosts(),
        "own": _resolved(asked["name"]),
        "of_pods": of_pods,
        "resolvers": {path: _resolver(path) for path in dict.fromkeys([_RESOLVERS, of_pods]) if path},
        "interfaces": _interfaces(gaps),
        "routes": _listed(["ip", "-4", "-json", "route", "show"], ("dst", "dev", "gateway"), gaps),
        "gaps": gaps,
    }


def _place(path: str) -> str:
    return os.path.join(ROOT, path.lstrip("/"))


def _hosts() -> list[list[str]]:
    """Each line as its words: an address and its names."""
    lines = (line.partition("#")[0].split() for line in lines_of(_place("etc/hosts")))
    return [words for words in lines if len(words) > 1][:_ENTRIES]


def _resolver_of_pods(configuration: str) -> str:
    """Empty on a host without a kubelet."""
    text = text_of(_place(configuration)) if configuration else None
    match = _OF_PODS.search(text or "")
    return match[1] if match else "" if text is None else _RESOLVERS


def _resolved(name: str) -> list[str]:
    """The addresses that programs of this host get for its own name."""
    done = run(["getent", "ahostsv4", name], timeout=_TIMEOUT)
    return list(dict.fromkeys(line.split()[0] for line in done.output.splitlines() if line.strip())) if done.ok else []


def _resolver(path: str) -> Object:
    words = [line.split() for line in lines_of(_place(path)) if line.strip() and line.strip()[0] not in "#;"]
    return {
        "exists": os.path.exists(_place(path)),
        "servers": [line[1] for line in words if line[0] == "nameserver" and len(line) > 1],
        # the last one counts (resolv.conf(5))
        "search": next((line[1:] for line in reversed(words) if line[0] in ("search", "domain")), []),
    }


def _interfaces(gaps: list[str]) -> list[Object]:
    found = []
    for one in _json(["ip", "-json", "address", "show"], gaps):
        addresses = [f"{own['local']}/{own['prefixlen']}" for own in one.get("addr_info", []) if own.get("family") == "inet"]
        found.append({"name": one.get("ifname", ""), "mtu": one.get("mtu", 0), "state": one.get("operstate", ""), "addresses": addresses})
    # those of pods have no address on the host
    return [one for one in found if one["addresses"] or not one["name"].startswith("veth")]


def _listed(argv: list[str], fields: tuple[str, ...], gaps: list[str]) -> list[Object]:
    return [{field: one.get(field, "") for field in fields} for one in _json(argv, gaps)]


def _json(argv: list[str], gaps: list[str]) -> list[Object]:
    done = run(argv, timeout=_TIMEOUT)
    try:
        found = json.loads(done.output or "[]") if done.ok else None
    except ValueError:
        found = None
    if not isinstance(found, list):
        gaps.append(f"{' '.join(argv)}: {done.complaint()}")
        return []
    return found
