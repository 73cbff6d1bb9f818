# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who signs what a mirror collects, and what is asked of cosign to verify it. Pure.

Kubernetes signs its programs and images without keys: a certificate of ten minutes binds a new key to an identity, and a transparency log
shows when it was used. https://kubernetes.io/docs/tasks/administer-cluster/verify-signed-artifacts/ has both identities. The signatures of
programs are beside them, ``NAME.sig`` and ``NAME.cert``. etcd, cri-dockerd, flannel and the CNI plugins sign no file of their releases.
"""

from __future__ import annotations

import collections.abc as c
import json
import pathlib
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import releases

# Older versions take signatures for right that are not: https://github.com/sigstore/cosign/security/advisories/GHSA-fx35-mq7g-6g98.
# Its fix for 2.6 does not count, because 2.6 expects other options for a bundle.
OLDEST = (3, 1, 3)
# What is beside a program. A bundle has signature, certificate and proofs in one file; cosign writes it since its version 3.
SIGNATURE, CERTIFICATE, BUNDLE = ".sig", ".cert", ".sigstore.json"
_ROOT_TYPE = "application/vnd.dev.sigstore.trustedroot"


class Signer(t.NamedTuple):
    """``identity``: of the certificate, an address of mail or a URI; ``issuer``: who has vouched for it, the address of an OIDC service."""

    identity: str
    issuer: str

    def __str__(self) -> str:
        return f"{self.identity} of {self.issuer}"


_GOOGLE = "https://accounts.google.com"
PROGRAMS = Signer("krel-staging@k8s-releng-prod.iam.gserviceaccount.com", _GOOGLE)
IMAGES = Signer("krel-trust@k8s-releng-prod.iam.gserviceaccount.com", _GOOGLE)


class Trust(t.NamedTuple):
    """What a signature must be proven by. ``root``: the file with authorities and logs; None for sigstore's own, which cosign fetches.

    ``log``: whether a transparency log must have it, ``log_address`` the one to ask, empty for sigstore's own. ``certificate_log``: whether
    a log must have its certificate. ``timestamps``: whether a timestamp must say when it was made, as no log does.
    """

    root: pathlib.Path | None = None
    log: bool = True
    log_address: str = ""
    certificate_log: bool = True
    timestamps: bool = False


class Asked(t.NamedTuple):
    """``signer``: the only one for all programs and images; None for those of upstream."""

    trust: Trust
    signer: Signer | None = None

    def of_program(self, name: str) -> Signer | None:
        """Who signs this program; None if nobody does."""
        return self.signer or (PROGRAMS if name in releases.KUBERNETES_PROGRAMS else None)

    def of_images(self) -> Signer:
        return self.signer or IMAGES

    def beside(self) -> tuple[str, ...]:
        """The endings of the files that prove a program."""
        return (BUNDLE,) if self.signer else (SIGNATURE, CERTIFICATE)


def trust_of(text: str, path: pathlib.Path) -> Trust:
    """What the trusted root in this file asks for: of the logs and authorities that it names, each. Raises ValueError if it is none.

    https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto
    """
    content = json.loads(text)
    if not isinstance(content, dict) or not str(content.get("mediaType")).startswith(_ROOT_TYPE):
        raise ValueError(f"its mediaType is not {_ROOT_TYPE}")
    if not _listed(content, "certificateAuthorities"):
        raise ValueError("it names no certificate authority")
    logs, timestamps = _listed(content, "tlogs"), _listed(content, "timestampAuthorities")
    return Trust(
        root=path,
        log=bool(logs),
        log_address=str(logs[0].get("baseUrl") or "") if logs else "",
        certificate_log=bool(_listed(content, "ctlogs")),
        timestamps=bool(timestamps) and not logs,
    )


def _listed(content: c.Mapping[str, t.Any], name: str) -> list[dict[str, t.Any]]:
    found = content.get(name) or []
    if not isinstance(found, list) or not all(isinstance(part, dict) for part in found):
        raise ValueError(f"its {name} are no list of objects")
    return found


def make_bundle(trust: Trust, *, program: str, signature: str, certificate: str, bundle: str) -> list[str]:
    """The arguments that make one file of a signature and its certificate, with what the log says of them."""
    log = ["--ignore-tlog"] if not trust.log else [f"--rekor-url={trust.log_address}"] if trust.log_address else []
    files = [f"--artifact={program}", f"--signature={signature}", f"--certificate={certificate}", f"--out={bundle}"]
    return ["bundle", "create", *files, *log]


def verify_program(trust: Trust, signer: Signer, *, program: str, bundle: str) -> list[str]:
    return ["verify-blob", f"--bundle={bundle}", *_policy(trust, signer), program]


def verify_image(trust: Trust, signer: Signer, *, reference: str, tls: bool) -> list[str]:
    """``reference`` has the digest of the image."""
    log = [f"--rekor-url={trust.log_address}"] if trust.log and trust.log_address else []
    return ["verify", *_policy(trust, signer), *log, *([] if tls else ["--allow-http-registry"]), "--output=text", reference]


def _policy(trust: Trust, signer: Signer) -> list[str]:
    return [
        f"--certificate-identity={signer.identity}",
        f"--certificate-oidc-issuer={signer.issuer}",
        *([f"--trusted-root={trust.root}"] if trust.root else []),
        *([] if trust.log else ["--insecure-ignore-tlog"]),
        *([] if trust.certificate_log else ["--insecure-ignore-sct"]),
        *(["--use-signed-timestamps"] if trust.timestamps else []),
    ]


def version_fault(said: str) -> str:
    """Why the cosign that says this of its version (``cosign version --json``) is not used; empty if it is."""
    wanted = ".".join(str(part) for part in OLDEST)
    try:
        version = str(json.loads(said)["gitVersion"])
    except (ValueError, TypeError, KeyError):
        return f"does not tell its version, wanted {wanted} or later"
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version)
    if match is None:
        return f"says that its version is {version!r}, wanted {wanted} or later"
    return f"is {version}, wanted {wanted} or later" if tuple(int(part) for part in match.groups()) < OLDEST else ""
