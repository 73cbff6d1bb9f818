# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which objects of the API hold certificates that clients trust: what the cluster gives to pods, and what others have registered.

The controller manager (``root-ca-certificate-publisher-controller``) writes the cluster's authority into a ConfigMap of every namespace.
Pods get it from there. Others put a ``caBundle`` into what makes the apiserver call them.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import ApiError, ApiUnreachable, KubeApi, Object, listed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.waiting import last_found

_PUBLISHED = "kube-root-ca.crt"
# Kind, path of all its objects.
_REGISTERED = (
    ("ValidatingWebhookConfiguration", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"),
    ("MutatingWebhookConfiguration", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"),
    ("CustomResourceDefinition", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"),
    ("APIService", "/apis/apiregistration.k8s.io/v1/apiservices"),
)
_PAUSE = 0.5
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----\n?", re.DOTALL)


def run(_step: str, payload: Object) -> Object:
    """Waits until every namespace publishes ``wanted`` (a digest or None), at most ``deadline`` seconds. Raises no error.

    ``error``: why the API cannot be asked, or an empty text. ``namespaces``: those that do not publish ``wanted``. ``objects``: by name
    of an object, the digests of certificates that it holds, if one of ``about`` is among them.
    """
    api = KubeApi(**payload["connection"])
    try:
        lacking = last_found(lambda: _lacking(api, payload["wanted"]), deadline=payload["deadline"], pause=_PAUSE)
        return {"error": "", "namespaces": lacking, "objects": _registered(api, set(payload["about"]))}
    except (ApiError, ApiUnreachable) as error:
        return {"error": error.message, "namespaces": [], "objects": {}}


def _lacking(api: KubeApi, wanted: t.Optional[str]) -> list[str]:
    if wanted is None:
        return []
    found = listed(api, "/api/v1/configmaps", fieldSelector=f"metadata.name={_PUBLISHED}")
    holding = {item["metadata"]["namespace"] for item in found if wanted in digests((item.get("data") or {}).get("ca.crt", ""))}
    present = {item["metadata"]["name"] for item in listed(api, "/api/v1/namespaces") if not item["metadata"].get("deletionTimestamp")}
    return sorted(present - holding)


def _registered(api: KubeApi, about: set[str]) -> dict[str, list[str]]:
    held = {f"{kind} {item['metadata']['name']}": _bundles(item) for kind, path in _REGISTERED for item in listed(api, path)}
    return {name: sorted(found) for name, found in held.items() if found & about}


def _bundles(value: t.Any) -> set[str]:
    """The digests of all certificates below any ``caBundle``."""
    if isinstance(value, dict):
        own = {digest for key, text in value.items() if key == "caBundle" for digest in digests(_decoded(text))}
        return own.union(*(_bundles(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(_bundles(item) for item in value))
    return set()


def _decoded(text: t.Any) -> str:
    try:
        return base64.b64decode(str(text)).decode(errors="replace")
    except binascii.Error:
        return ""


def digests(text: str) -> set[str]:
    """SHA-256, in hexadecimal digits, of each certificate in a PEM text. What others wrote, and is none, is left out."""
    return {digest for match in _CERTIFICATE.finditer(text) for digest in [_digest(match)] if digest}


def without(text: str, unwanted: t.Iterable[str]) -> str:
    """The text without the certificates of these digests. Everything else in it stays as it is."""
    gone = frozenset(unwanted)
    return _CERTIFICATE.sub(lambda match: "" if _digest(match) in gone else match[0], text)


def _digest(match: t.Match[str]) -> str:
    with contextlib.suppress(binascii.Error):
        return hashlib.sha256(base64.b64decode("".join(match[1].split()))).hexdigest()
    return ""
