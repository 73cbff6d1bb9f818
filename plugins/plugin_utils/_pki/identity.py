# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host belongs to the cluster that a run describes. Pure.

A run with another PKI would give a running cluster new authorities, a new key for its Secrets and new keys for its tokens. Nothing
that was issued before is accepted then, and Secrets cannot be read. So a host that trusts other authorities is refused.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import serialization, x509

# What a running cluster cannot change, with the words of a message. The name of a setting is the key of the record on the host.
SETTINGS: t.Mapping[str, str] = {
    "name": "cluster_name",
    "pod_cidr": "cluster_pod_cidr",
    "service_cidr": "cluster_service_cidr",
    "flannel_backend": "cluster_flannel_backend",
}
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_SHOWN = 8
# For who has nothing left to put back.
LAST_RESORT = "If it is lost and no backup is left, playbooks/rescue-pki.yml fills a new one with what the hosts have"


class IdentityError(ComponentError):
    """The host belongs to another cluster than the inventory describes; nothing was changed."""


def fingerprints(text: str | None) -> tuple[str, ...]:
    """The SHA-256 fingerprints of the public keys of all certificates in a PEM text, shortened as messages show them.

    "unreadable" stands for what is no certificate.
    """
    blocks = _CERTIFICATE.findall(text or "")
    if text and not blocks:
        return ("unreadable",)
    return tuple(_fingerprint(block) for block in blocks)


def _fingerprint(block: str) -> str:
    """Of the public key: an authority whose certificate was issued again for the same key is the same one."""
    try:
        key = x509.load_pem_x509_certificate(block.encode()).public_key()
        der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        digest = hashlib.sha256(der).hexdigest()
    except ValueError:
        return "unreadable"
    return ":".join(digest[index : index + 2] for index in range(0, 2 * _SHOWN, 2))


def check(
    *,
    host: str,
    found: t.Mapping[str, t.Any],
    authorities: t.Mapping[str, str | None],
    directory: str,
    settings: t.Mapping[str, str] | None,
) -> None:
    """Raises IdentityError if the host belongs to another cluster.

    ``found`` is what the host reports, ``authorities`` the PKI directory's certificates (None: not there), ``settings`` those of the
    spec (None: unknown here). While an authority is being replaced, a host trusts both: one in common is enough. A host that trusts none
    has only been prepared, so its settings may still change.
    """
    for name, text in found["authorities"].items():
        trusted, own = fingerprints(text), fingerprints(authorities.get(name))
        if trusted and not set(trusted) & set(own):
            raise IdentityError(_foreign(host, name, trusted, own, directory))
    recorded = found["settings"]
    if recorded is None or settings is None or not any(found["authorities"].values()):
        return
    for key, variable in SETTINGS.items():
        if key in recorded and recorded[key] != settings[key]:
            raise IdentityError(
                f"Nothing was changed on {host}: it belongs to a cluster with {variable} {recorded[key]}, and the inventory says "
                f"{settings[key]}. A running cluster cannot change it. Write {variable}: {recorded[key]}; for another cluster, reset its "
                "hosts first"
            )


def other_keys(*, host: str, path: str, name: str, directory: str, common: bool) -> IdentityError:
    """The error for a host that has keys of Secrets or tokens which the PKI directory does not know. ``common``: it has others, too."""
    has = "has a key that is not in" if common else "has no key in common with"
    return IdentityError(
        f"Nothing was changed on {host}: {path} {has} {name} in the PKI directory {directory}. With the keys of that "
        f"file alone Secrets could not be read, or tokens would be invalid. Put the cluster's own {name} back (from the controller that "
        "installed it, or the archive of playbooks/backup.yml). Both are replaced by playbooks/replace-authority.yml"
    )


def lost(*, host: str, path: str, name: str, directory: str) -> IdentityError:
    """The error for a host that has a file of the PKI, or a certificate of it, while the PKI directory has lost its source."""
    return IdentityError(
        f"Nothing was changed on {host}: it has {path}, and the PKI directory {directory} has no {name}, from which it was made. A new one "
        "would make unusable what the cluster has encrypted or issued. Put the cluster's PKI directory back (from the controller that "
        f"installed it, or the archive of playbooks/backup.yml), or correct cluster_pki_directory. {LAST_RESORT}. If the host comes from "
        "another cluster, reset it with that cluster's inventory first"
    )


def _foreign(host: str, name: str, trusted: tuple[str, ...], own: tuple[str, ...], directory: str) -> str:
    has = f"has one with {', '.join(own)}" if own else "has none"
    last_resort = "" if own else f" {LAST_RESORT}."
    return (
        f"Nothing was changed on {host}: it trusts a {name} authority with SHA-256 fingerprint {', '.join(trusted)}… and the PKI directory "
        f"{directory} {has}. This run would replace the authorities and keys of a running cluster. Put the cluster's PKI directory back "
        f"(from the controller that installed it, or the archive of playbooks/backup.yml), or correct cluster_pki_directory.{last_resort} "
        f"If {host} comes from another cluster, reset it with that cluster's inventory first"
    )
