# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a mirror: what to do, with which directory, and where things come from or go to. Pure."""

from __future__ import annotations

import collections.abc as c
import os
import pathlib
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import misspelt
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.given_options import Reader
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.output_files import path_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import signing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.signing import Asked, Signer, Trust
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import releases

# What says whose signatures count.
_OF_SIGNATURES = ("signer", "signer_issuer", "trusted_root")
OPTIONS = (
    "directory",
    "architectures",
    "source",
    "image_source",
    "authfile",
    "prune",
    "verify",
    "manifest_sha256",
    "registry",
    "verify_signatures",
    *_OF_SIGNATURES,
)
COLLECT, VERIFY, PUSH = "collect", "verify", "push"
_PREFIX = "mirror_"
_CLEAR_TEXT = "http://"
_DIGITS = frozenset("0123456789abcdef")


class Registry(t.NamedTuple):
    """``name``: host, port and path. Without TLS, a registry is spoken to in clear text."""

    name: str
    tls: bool = True


UPSTREAM = Registry("registry.k8s.io")


class Request(t.NamedTuple):
    """``step``: COLLECT, VERIFY or PUSH. ``architectures``: none for that of the cluster. ``source``: the address under which upstream's
    files are mirrored, empty for upstream's own servers. ``images``: from where they come, or with PUSH, where they go.
    ``manifest_sha256``: what the manifest must have, empty if nobody says. ``signatures``: those that are verified, None for none.
    """

    step: str
    directory: pathlib.Path
    architectures: tuple[str, ...] = ()
    source: str = ""
    images: Registry = UPSTREAM
    authfile: pathlib.Path | None = None
    prune: bool = False
    manifest_sha256: str = ""
    signatures: Asked | None = None


def request(given: c.Mapping[str, t.Any], *, variables: c.Iterable[str] = (), inventory: str = "") -> Request:
    """The request, from the options by name; None for one that is not given. Raises ComponentError with every fault.

    ``variables``: the names of all variables, of which one may be misspelt; ``inventory``: the folder of the inventory.
    """
    reader = _Reader(given, prefix=_PREFIX)
    reader.faults += misspelt.faults(variables, prefix=_PREFIX, options=OPTIONS)
    verify, registry = reader.flag("verify"), reader.registry("registry")
    step = VERIFY if verify else PUSH if given.get("registry") else COLLECT
    found = Request(
        step=step,
        directory=reader.directory(step, inventory=inventory),
        architectures=reader.architectures(),
        source=reader.source(),
        images=(registry if step == PUSH else reader.registry("image_source")) or UPSTREAM,
        authfile=reader.authfile(),
        prune=reader.flag("prune"),
        manifest_sha256=reader.digest(),
        signatures=reader.signatures(),
    )
    if verify and given.get("registry"):
        reader.faults.append(
            f"{_PREFIX}verify and {_PREFIX}registry are given: images that are pushed are compared with the manifest before, so leave one"
        )
    if step != COLLECT and found.prune:
        reader.faults.append(f"{_PREFIX}prune has an effect where files are collected: leave it out, or {_PREFIX}verify and registry")
    if reader.faults:
        raise ComponentError(f"Nothing was done: {'; '.join(reader.faults)}")
    return found


class _Reader(Reader):
    """The options of this playbook."""

    def flag(self, name: str) -> bool:
        value = self._given.get(name)
        try:
            return False if value is None else boolean(value, strict=True)
        except TypeError:
            self._fault(name, f"is {value!r}, wanted true or false", "true")
            return False

    def directory(self, step: str, *, inventory: str) -> pathlib.Path:
        value = self._given.get("directory")
        if not value or not isinstance(value, str):
            self._fault("directory", f"is {value!r}, wanted the path of a directory" if value else "is not given", "/srv/mirror")
            return pathlib.Path()
        path = path_of(value)
        if inventory and path.is_relative_to(pathlib.Path(inventory).resolve()):
            self._fault(
                "directory", f"is {value!r}, which is in the folder of the inventory, and Ansible reads all files there", "/srv/mirror"
            )
        elif not path.is_dir() and os.path.lexists(path):
            self._fault("directory", f"is {value!r}, which is no directory", "/srv/mirror")
        elif step != COLLECT and not path.is_dir():
            self._fault("directory", f"is {value!r}, and there is no such directory", "/srv/mirror")
        elif step == COLLECT and not os.access(path if path.is_dir() else path.parent, os.W_OK | os.X_OK):
            missing = not path.parent.is_dir()
            why = (
                f"there is no directory {path.parent}" if missing else f"nothing can be written to {path if path.is_dir() else path.parent}"
            )
            self._fault("directory", f"is {value!r}, and {why}", "/srv/mirror")
        return path

    def architectures(self) -> tuple[str, ...]:
        value = self._given.get("architectures")
        if value is None:
            return ()
        listed = value.split(",") if isinstance(value, str) else value
        names = [str(name).strip() for name in listed] if isinstance(listed, list) else []
        if not names or set(names) - set(releases.ARCHITECTURES):
            known = ",".join(releases.ARCHITECTURES)
            self._fault("architectures", f"is {value!r}, wanted some of {' and '.join(releases.ARCHITECTURES)}", known)
        return tuple(dict.fromkeys(names))

    def source(self) -> str:
        value = self._given.get("source")
        if not value:
            return ""
        fault = releases.mirror_fault(value) if isinstance(value, str) else "is not an http or https address"
        if fault:
            # Not shown: there may be a password in it.
            self._fault("source", fault, "https://mirror.example.org")
            return ""
        return str(value).rstrip("/")

    def registry(self, name: str) -> Registry | None:
        value = self._given.get(name)
        if not value:
            return None
        text = value.removeprefix(_CLEAR_TEXT) if isinstance(value, str) else ""
        if not releases.is_registry(text):
            self._fault(name, f"is {value!r}, wanted host, port and path of a registry", "registry.example.org:5000")
            return None
        return Registry(text, tls=not str(value).startswith(_CLEAR_TEXT))

    def authfile(self) -> pathlib.Path | None:
        value = self._given.get("authfile")
        if not value:
            return None
        path = path_of(value)
        if not path.is_file() or not os.access(path, os.R_OK):
            self._fault("authfile", f"is {str(value)!r}, which is no file that can be read", "~/.docker/config.json")
        return path

    def digest(self) -> str:
        value = str(self._given.get("manifest_sha256") or "").strip().lower()
        if value and (len(value) != 64 or set(value) - _DIGITS):
            self._fault("manifest_sha256", f"is {value!r}, wanted the 64 digits that the run has told which collected", "<64 digits>")
        return value

    def signatures(self) -> Asked | None:
        asked = self.flag("verify_signatures")
        given = [name for name in _OF_SIGNATURES if self._given.get(name)]
        if given and not asked:
            self._fault(given[0], f"has an effect with {self._prefix}verify_signatures", f"… -e {self._prefix}verify_signatures=true")
        signer, trust = self._signer(), self._trust()
        return Asked(trust, signer) if asked else None

    def _signer(self) -> Signer | None:
        identity = self._name("signer", "an address of mail or a URI", "release@example.com")
        issuer = self._name("signer_issuer", "the address that certificates have as their issuer", "https://login.example.com")
        if identity is None or issuer is None:
            return None
        if identity and not issuer:
            self._fault("signer_issuer", f"is not given, and {self._prefix}signer is", "https://login.example.com")
        elif issuer and not identity:
            self._fault("signer", f"is not given, and {self._prefix}signer_issuer is", "release@example.com")
        elif issuer and not issuer.startswith(("https://", "http://")):
            self._fault(
                "signer_issuer", f"is {issuer!r}, wanted the address that certificates have as their issuer", "https://login.example.com"
            )
        return Signer(identity, issuer) if identity and issuer else None

    def _name(self, name: str, wanted: str, example: str) -> str | None:
        """The text, empty if it is not given; None if it can be no name, which is recorded."""
        value = self._given.get(name) or ""
        if isinstance(value, str) and value.isprintable() and " " not in value:
            return value
        self._fault(name, f"is {value!r}, wanted {wanted}", example)
        return None

    def _trust(self) -> Trust:
        value = self._given.get("trusted_root")
        if not value:
            return Trust()
        path = path_of(value)
        try:
            return signing.trust_of(path.read_text(encoding="utf-8"), path)
        except OSError as error:
            self._fault("trusted_root", f"is {str(value)!r}, which cannot be read ({error.strerror})", "/srv/trusted_root.json")
        except (ValueError, RecursionError) as error:
            self._fault("trusted_root", f"is {str(value)!r}, which is no trusted root of sigstore ({error})", "/srv/trusted_root.json")
        return Trust()
