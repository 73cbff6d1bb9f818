# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``user_kubeconfig``: has the API sign a request, by the holder of the administrator's certificate on a master.

The request is approved only if it is the one that was sent, and it is removed again, whatever comes of it.
"""

from __future__ import annotations

import base64
import contextlib
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import ApiError, ApiUnreachable, KubeApi, Object
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

SIGNER = "kubernetes.io/kube-apiserver-client"
_REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
_PAUSE = 0.3


def run(step: str, payload: Object) -> Object:
    """Runs one step; raises HostError."""
    return STEPS[step](KubeApi(**payload["connection"]), payload)


def _collect(api: KubeApi, payload: Object) -> Object:
    return {"unready": api.not_ready(deadline=payload["deadline"])}


def _apply(api: KubeApi, payload: Object) -> Object:
    """Returns the certificate in PEM form."""
    name = payload["name"]
    try:
        made = api.request("POST", _REQUESTS, body=_wanted(payload))
    except ApiError as error:
        raise HostError(f"the API takes no signing request: {error.message}") from error
    try:
        approved = {
            "type": "Approved",
            "status": "True",
            "reason": "Barehost",
            "message": "approved by playbooks/kubeconfig.yml",
        }
        body = {**made, "status": {"conditions": [approved]}}
        api.request("PUT", f"{_REQUESTS}/{name}/approval", body=body)
        return {"certificate": _awaited(api, name, deadline=payload["deadline"])}
    except ApiError as error:
        raise HostError(f"the API does not sign the request: {error.message}") from error
    finally:
        _forget(api, name)


def _wanted(payload: Object) -> Object:
    return {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": payload["name"]},
        "spec": {
            "request": base64.b64encode(payload["csr"].encode()).decode(),
            "signerName": SIGNER,
            "expirationSeconds": payload["seconds"],
            "usages": ["client auth"],
        },
    }


def _awaited(api: KubeApi, name: str, *, deadline: float) -> str:
    end = time.monotonic() + deadline
    while True:
        status: dict[str, t.Any] = api.request("GET", f"{_REQUESTS}/{name}").get("status", {})
        if status.get("certificate"):
            return base64.b64decode(status["certificate"]).decode()
        refused = [one for one in status.get("conditions", []) if one["type"] in ("Failed", "Denied")]
        if refused:
            raise HostError(f"{SIGNER} refuses to sign: {refused[0].get('message') or refused[0].get('reason')}")
        if time.monotonic() >= end:
            raise HostError(
                f"nobody signs for {SIGNER}: the request was approved, and after {deadline:.0f} s there is no certificate. By default no "
                "kube-controller-manager of this cluster has a key to sign with. Use kubeconfig_signed_by=authority; or give it one, as "
                "docs/tasks/give-access.md says"
            )
        time.sleep(_PAUSE)


def _forget(api: KubeApi, name: str) -> None:
    """What is left behind, the API removes within hours."""
    with contextlib.suppress(ApiError, ApiUnreachable):
        api.request("DELETE", f"{_REQUESTS}/{name}")


STEPS: dict[str, t.Callable[[KubeApi, Object], Object]] = {"collect": _collect, "apply": _apply}
