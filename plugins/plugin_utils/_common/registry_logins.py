# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins to registries of images, as a user gives them. No message holds a password."""

from __future__ import annotations

import base64
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.ours import MANAGED

_FIELDS = ("registry", "username", "password")
# A host with an optional port, as in the name of an image.
_REGISTRY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?")
# The key by which the kubelet and Docker know Docker Hub (k8s.io/kubernetes, pkg/credentialprovider).
_HUB = {"docker.io": "https://index.docker.io/v1/", "index.docker.io": "https://index.docker.io/v1/"}


def fault(logins: list[t.Any]) -> str:
    """What is wrong with the first wrong entry; empty if nothing is."""
    seen = set()
    for index, login in enumerate(logins):
        where = f"entry {index + 1}"
        if not isinstance(login, dict) or set(login) != set(_FIELDS):
            return f"{where} does not have exactly {', '.join(_FIELDS)}"
        missing = [field for field in _FIELDS if not isinstance(login[field], str) or not login[field]]
        if missing:
            return f"{where}: its {missing[0]} is empty or not a text; put numbers into quotes"
        registry = login["registry"]
        if not _REGISTRY.fullmatch(registry):
            return f"{where}: {registry!r} is not a registry as in the names of images; write such as registry.example.com:5000"
        if ":" in login["username"]:
            return f"{where}: the username for {registry} holds a colon, which a login cannot carry"
        if registry in seen:
            return f"{where}: there is a login for {registry} already; a registry has one"
        seen.add(registry)
    return ""


def configuration(logins: list[dict[str, str]]) -> dict[str, t.Any]:
    """The text of config.json as data. Who reads it ignores other fields, and JSON has no comments: by this one it is known as ours."""
    return {"comment": MANAGED, "auths": {_HUB.get(login["registry"], login["registry"]): {"auth": _auth(login)} for login in logins}}


def _auth(login: dict[str, str]) -> str:
    return base64.b64encode(f"{login['username']}:{login['password']}".encode()).decode()
