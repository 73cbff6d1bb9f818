# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PKI directory on the controller: three authorities, the service-account key pair, and the cluster's other secrets.

Each file is created when it is first needed. How that is done, and who may read it, is in ``stored_files``.
"""

from __future__ import annotations

import base64
import os
import pathlib
import secrets
import string
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import ec, exceptions, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, chains, generations, issuing, keepalived, own_authority
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.stored_files import StoredFiles, Vault, vault_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.terms import DEFAULT_TERMS, Terms

__all__ = ["AUTHORITIES", "REPLACEABLE", "Pki", "PkiError", "Vault", "vault_of"]

AUTHORITIES = ("kubernetes", "etcd", "front-proxy")
# Signs what kubelets ask for. It exists only in clusters whose kubelets rotate their certificates, and its key is on the masters.
NODE = "node"
NODE_CERTIFICATE, NODE_KEY = "node-ca.crt", "node-ca.key"
# By which apiservers know clients and kubelets in such a cluster: two authorities in one file.
KUBERNETES_AND_NODE = "kubernetes-and-node-ca.crt"
SERVICE_ACCOUNT_KEY, SERVICE_ACCOUNT_PUBLIC = "service-account.key", "service-account.pub"
ENCRYPTION = "encryption-config.yaml"
# encryption_replacement.py
ENCRYPTION_NEXT, ENCRYPTION_RETIRED = "encryption-config.next.yaml", "encryption-config.retired.yaml"
KEEPALIVED = "keepalived-authentication.conf"
# With the chain above an intermediate, for programs that trust only roots, by what they are called.
WHOLE = {"kubernetes-ca.chain.crt": "kubernetes"}
# What a cluster can get anew without a loss, although hosts have an older one.
REPLACEABLE = (KEEPALIVED,)

_REPLACE = "playbooks/replace-authority.yml"
_ENCRYPTION_CONFIGURATION = """\
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources:
      - secrets
    providers:
      - secretbox:
          keys:
            - name: key1
              secret: {secret}
      - identity: {{}}
"""


def source_of(name: str) -> str:
    """The file of the PKI directory without which it does not have this one, which may be no file there."""
    if name in WHOLE:
        return f"{certs.authority_name(WHOLE[name])}.crt"
    return NODE_CERTIFICATE if name == KUBERNETES_AND_NODE else name


class Pki(StoredFiles):
    """The PKI directory. ``warnings`` collects the repairs that the operator should know about."""

    def __init__(
        self,
        directory: pathlib.Path,
        *,
        check_mode: bool = False,
        vault: Vault | None = None,
        now: float | None = None,
        terms: Terms = DEFAULT_TERMS,
    ) -> None:
        super().__init__(directory, check_mode=check_mode, vault=vault)
        self.terms = terms
        self._now = time.time() if now is None else now

    def read(self, name: str) -> tuple[str | None, bool]:
        """The text of a file, and whether it is secret. The text is None in check mode if the file does not exist yet."""
        certificates = [f"{certs.authority_name(authority)}.crt" for authority in AUTHORITIES]
        if name in certificates:
            return self.bundle(name.removesuffix("-ca.crt")), False
        if name in WHOLE:
            if self.certificate(WHOLE[name]) is None:
                self.awaited.add(name)
            return self.served(name), False
        if name in (SERVICE_ACCOUNT_KEY, SERVICE_ACCOUNT_PUBLIC):
            return self._service_account(name), name == SERVICE_ACCOUNT_KEY
        if name == ENCRYPTION:
            return self._born(ENCRYPTION, self._make_encryption), True
        if name == KEEPALIVED:
            return self._born(KEEPALIVED, self._make_keepalived), True
        if name in (NODE_CERTIFICATE, NODE_KEY, KUBERNETES_AND_NODE):
            return self._of_node_authority(name), name == NODE_KEY
        of_nodes = [NODE_CERTIFICATE, NODE_KEY, KUBERNETES_AND_NODE]
        known = ", ".join([*certificates, *WHOLE, SERVICE_ACCOUNT_KEY, SERVICE_ACCOUNT_PUBLIC, ENCRYPTION, KEEPALIVED, *of_nodes])
        raise PkiError(
            f"{name!r} is no file that the PKI directory gives to hosts; there are {known}. Keys of other authorities stay on the "
            "controller."
        )

    def known(self, name: str) -> str | None:
        """What hosts of this cluster may have in place of a file: itself, what they trust beside it, and what is retired."""
        if name == ENCRYPTION:
            found = [self.stored(file) for file in (ENCRYPTION, ENCRYPTION_NEXT, ENCRYPTION_RETIRED)]
            return "\n".join(text for text in found if text is not None) or None
        return generations.known(self.stored, name.rpartition(".")[0])

    def served(self, name: str) -> str | None:
        """The text that hosts get of a file; None if it does not exist. Creates and judges nothing."""
        if name == KUBERNETES_AND_NODE:
            return _joined(self.served("kubernetes-ca.crt"), generations.trusted(self.stored, certs.authority_name(NODE)))
        if name in (NODE_CERTIFICATE, NODE_KEY):
            return self._signer_of_nodes(name, self._upcoming(NODE) or self.stored(NODE_CERTIFICATE))
        stem = name.rpartition(".")[0]
        if name in WHOLE:
            return generations.whole(self.stored, certs.authority_name(WHOLE[name]))
        replaceable = (generations.SERVICE_ACCOUNT, *map(certs.authority_name, AUTHORITIES))
        if stem in replaceable and name == generations.public_name(stem):
            return generations.trusted(self.stored, stem)
        if name == SERVICE_ACCOUNT_KEY:
            signing = self._signing_key(stem, self.stored(SERVICE_ACCOUNT_PUBLIC) or "")
            return self.stored(signing or name)
        return self.stored(name)

    def bundle(self, authority: str) -> str | None:
        """The certificates of an authority that hosts trust: more than one while it is replaced. None in check mode without any."""
        if self.certificate(authority) is None:
            return None
        return generations.trusted(self.stored, certs.authority_name(authority))

    def certificate(self, authority: str) -> str | None:
        """The certificate of the authority that signs; None in check mode if it does not exist yet."""
        name = certs.authority_name(self._checked(authority))
        text = self._born(f"{name}.crt", lambda: self._make_authority(authority))
        if text is not None:
            self._check_authority(authority, text)
        return text

    def enrich(self, item: dict[str, t.Any]) -> dict[str, t.Any]:
        """A certificate item with the parts of the PKI that its planner needs, and with the terms on which it is issued anew."""
        # What the new authority issues before all hosts trust it might be refused: what is good stays until its key signs.
        terms = {**self.terms.of(item), **({"renew_before_days": 0} if self.lost(item["authority"]) else {})}
        return {**item, **terms, "authority_certificate": self.issuers(item["authority"])}

    def issuers(self, authority: str) -> str | None:
        """Whose certificates are good: those of the authority that signs; of all that hosts trust if its key is lost."""
        certificate = self.certificate(authority)
        if certificate is not None and self.lost(authority):
            return self.bundle(authority)
        return next(iter(generations.blocks(certificate)), None)

    def lost(self, authority: str) -> bool:
        """Whether the key of the authority that signs is lost. Its certificate is trusted until a new authority has taken its place."""
        name = certs.authority_name(authority)
        if not generations.is_lost(self.directory, name):
            return False
        public = self.stored(f"{name}.crt")
        return public is not None and self._signing_key(name, public) is None

    def sign(self, authority: str, csr_pem: str, item: dict[str, t.Any]) -> str:
        """Issues the certificate that the item describes for the key of the request. The names in the request are ignored."""
        public_key = _requested_key(csr_pem, item)
        certificate = self._signing(authority)
        if certificate is None:
            raise PkiError(
                f"certificate {item['name']}: nothing is signed in check mode, and the authority {authority} does not exist yet."
            )
        key = self._authority_key(authority, certificate)
        loaded = x509.load_pem_x509_certificate(certificate.encode())
        made = certs.pem(issuing.make_leaf(item, public_key, authority=loaded, authority_key=key, now=self._now))
        return "".join([made, *chains.sent(generations.blocks(certificate))])

    def refusal(self, authority: str) -> str:
        """Why nothing can be signed by an authority that is there; empty if it can. Its key may be kept elsewhere."""
        try:
            certificate = self._signing(authority)
            if certificate is not None:
                self._authority_key(authority, certificate)
        except PkiError as error:
            return error.message
        return ""

    def _checked(self, authority: str) -> str:
        if authority not in (*AUTHORITIES, NODE):
            raise PkiError(f"{authority!r} is no authority; there are {', '.join(AUTHORITIES)}.")
        return authority

    def _make_authority(self, authority: str) -> None:
        name = certs.authority_name(authority)
        # The key comes first: after a kill in between, the next run finds the key and makes the missing certificate.
        key = self._key_or_new(f"{name}.key")
        self.create(f"{name}.crt", certs.pem(issuing.make_authority(authority, key, self._now)), mode=0o644)

    def _key_or_new(self, name: str) -> ec.EllipticCurvePrivateKey:
        self.create(name, certs.private_pem(certs.new_key()), mode=0o600)
        return self.key(name)  # as it is on the disk: another run may have been faster

    def _check_authority(self, authority: str, text: str) -> None:
        path = str(self._path(certs.authority_name(authority) + ".crt"))
        certs.check_authority(text, self._now, path=path)
        if chains.sent(generations.blocks(text)):  # an intermediate
            own_authority.check(text, self._now, path=path)

    def _authority_key(self, authority: str, certificate: str) -> ec.EllipticCurvePrivateKey:
        name = certs.authority_name(authority)
        found = self._signing_key(name, certificate)
        if found is not None:
            return self.key(found)
        if not self._exists(f"{name}.key"):
            raise PkiError(
                f"{self._path(name)}.key is missing, so nothing can be signed. Put it back, or run on a controller that has it. If it is "
                f"lost everywhere, make a new authority ({_REPLACE} -e replace_authority={authority})."
            )
        raise PkiError(f"{self._path(name)}.key does not belong to {name}.crt beside it. Put back the two files that belong together.")

    def _signing(self, authority: str) -> str | None:
        """The certificate of the authority that signs; of the one that comes next if the key of the present one is lost."""
        return self._upcoming(authority) or self.certificate(authority)

    def _upcoming(self, authority: str) -> str | None:
        """The certificate of the authority that comes next, if it signs already."""
        upcoming = self.stored(generations.public_name(certs.authority_name(authority), generations.NEXT))
        return upcoming if upcoming is not None and self.lost(authority) else None

    def _signing_key(self, name: str, public: str) -> str | None:
        """The file of the key of what signs: a replacement that was killed may have left it under the name of another generation."""
        candidates = (generations.key_name(name, generation) for generation in generations.KEYS)
        return next((candidate for candidate in candidates if self.belongs(candidate, public)), None)

    def _service_account(self, name: str) -> str | None:
        key, public = self._path(SERVICE_ACCOUNT_KEY), self._path(SERVICE_ACCOUNT_PUBLIC)
        # The key is always made first, so it was lost. A new key would make every token in the cluster invalid.
        if self._exists(SERVICE_ACCOUNT_PUBLIC) and not self._exists(SERVICE_ACCOUNT_KEY):
            raise PkiError(f"{key} is missing, though {public.name} is there. Put it back from your backup.")
        if name == SERVICE_ACCOUNT_KEY:
            text = self._born(name, lambda: self._key_or_new(name))
            signing = self._signing_key(generations.SERVICE_ACCOUNT, self._text(public.name)) if self._exists(public.name) else None
            return self._text(signing) if signing is not None else text
        self._born(name, self._make_service_account_public)
        return generations.trusted(self.stored, generations.SERVICE_ACCOUNT)

    def _of_node_authority(self, name: str) -> str | None:
        signing = self._signing(NODE)
        if signing is None:
            self.awaited.add(name)  # a host that has this file has it from one that is lost
            return None
        if name == KUBERNETES_AND_NODE:
            return _joined(self.bundle("kubernetes"), self.bundle(NODE))
        if name == NODE_KEY:
            self._authority_key(NODE, signing)  # else hosts would sign with a key that does not belong to it
        return self._signer_of_nodes(name, signing)

    def _signer_of_nodes(self, name: str, signing: str | None) -> str | None:
        """By what masters sign: one certificate, as the controller manager takes no chain above it, and its key."""
        if signing is None or name == NODE_CERTIFICATE:
            return next(iter(generations.anchors(signing)), signing)
        key = self._signing_key(certs.authority_name(NODE), signing)
        return None if key is None else self._text(key)

    def _make_service_account_public(self) -> None:
        public = self._key_or_new(SERVICE_ACCOUNT_KEY).public_key()
        self.create(SERVICE_ACCOUNT_PUBLIC, certs.public_pem(public), mode=0o644)

    def _make_encryption(self) -> None:
        secret = base64.b64encode(os.urandom(32)).decode()
        self.create(ENCRYPTION, _ENCRYPTION_CONFIGURATION.format(secret=secret), mode=0o600)

    def _make_keepalived(self) -> None:
        password = "".join(secrets.choice(string.ascii_letters + string.digits) for _position in range(8))
        self.create(KEEPALIVED, keepalived.authentication(password), mode=0o600)


def _joined(first: str | None, second: str | None) -> str | None:
    return None if first is None or second is None else first + second


def _requested_key(csr_pem: str, item: dict[str, t.Any]) -> ec.EllipticCurvePublicKey:
    """The public key of a request. The signature of the request proves that the host has the private key."""
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        valid, key = request.is_signature_valid, request.public_key()
    except (ValueError, exceptions.UnsupportedAlgorithm):
        raise PkiError(f"certificate {item['name']}: what the host sent is no signing request. Check its openssl and run again.") from None
    if not valid:
        raise PkiError(f"certificate {item['name']}: the signature of the host's request is wrong, so it may not have the key. Run again.")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not certs.is_p256(key):
        raise PkiError(
            f"certificate {item['name']}: the host's request is not for an {certs.KEY_DESCRIPTION} key. Move its key away and run again."
        )
    return key
