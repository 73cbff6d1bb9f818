# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubeconfig of a person, and what to tell who has made it. Pure."""

from __future__ import annotations

import base64
import collections.abc as c
import typing as t

import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._people.request import Request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs

# Bound to the role cluster-admin by the cluster's access rules (roles/addons/templates/access.yaml.j2).
ADMINISTRATORS = "barehost:administrators"

Object = dict[str, t.Any]


def kubeconfig(request: Request, servers: c.Mapping[str, str], *, trusted: str, certificate: str, key: str) -> Object:
    """``servers``: URLs of the API by the name of their entry. ``key`` is empty if its owner has it: it is named by its path then."""
    namespace = {"namespace": request.namespace} if request.namespace else {}
    own_key = {"client-key-data": _encode(key)} if key else {"client-key": request.key}
    contexts = [{"name": f"{request.user}@{name}", "context": {"cluster": name, "user": request.user, **namespace}} for name in servers]
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"server": server, "certificate-authority-data": _encode(trusted)}}
            for name, server in servers.items()
        ],
        "users": [{"name": request.user, "user": {"client-certificate-data": _encode(certificate), **own_key}}],
        "contexts": contexts,
        "current-context": contexts[0]["name"],
    }


def certificate_in(text: str) -> x509.Certificate | None:
    """The client certificate of a kubeconfig; None for what is no kubeconfig that holds one."""
    try:
        encoded = yaml.safe_load(text)["users"][0]["user"]["client-certificate-data"]
        return certs.load(base64.b64decode(encoded, validate=True).decode())
    except (yaml.YAMLError, LookupError, TypeError, AttributeError, ValueError):
        return None


def told(request: Request, certificate: x509.Certificate, *, replaced: bool) -> list[str]:
    """What was made, how to give the person rights, and that nothing can be revoked."""
    end = f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    groups = f", groups {', '.join(request.groups)}" if request.groups else ""
    key = f"Its owner puts the key there as {request.key}." if request.csr else "It holds the key: hand it over as you would a password."
    again = ", in place of the one before, whose certificate stays valid until its own end" if replaced else ""
    return [
        f"{request.file}: user {request.user}{groups}, until {end}, serial number {certificate.serial_number:x}{again}",
        key,
        *(_emergency() if request.emergency else _rights(request)),
        f"A certificate cannot be revoked. Until {end}, whoever has the key is {request.user}{groups}.",
        *([] if request.emergency else _taking_back(request)),
    ]


def _emergency() -> list[str]:
    return ["It may do everything, also where the access rules are broken. Only a new kubernetes authority takes that away before its end."]


def _rights(request: Request) -> list[str]:
    namespace = request.namespace or "NAMESPACE"
    if ADMINISTRATORS in request.groups:
        return [f"Who is in {ADMINISTRATORS} may do everything, by the ClusterRoleBinding of this name."]
    given = [("view", "user", request.user), *(("edit", "group", group) for group in request.groups)]
    return [
        "It gives no rights by itself. To give some, with the administrator's kubeconfig, for example:",
        *(
            f"  kubectl create rolebinding {_object_name(name)}-{role} --clusterrole={role} --{kind}={name} --namespace={namespace}"
            for role, kind, name in given
        ),
    ]


def _taking_back(request: Request) -> list[str]:
    if ADMINISTRATORS in request.groups:
        return [
            f"To take it back sooner: replace the kubernetes authority. Deleting the binding of {ADMINISTRATORS} shuts out all of this "
            "group, and site.yml makes it again."
        ]
    names = " and ".join([f"the user {request.user}", *(f"the group {group}" for group in request.groups)])
    return [f"To take rights away sooner, delete the bindings of {names}, and give nobody else this name before then."]


def _object_name(name: str) -> str:
    """A name that objects of the API may have."""
    kept = "".join(character if character.isalnum() else "-" for character in name.lower())
    return kept.strip("-")


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
