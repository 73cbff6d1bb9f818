# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One component on one host: rendered on the controller, collected by a call of the host, and planned from what the host found."""

from __future__ import annotations

import collections.abc as c
import pathlib
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.identity import digests
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import rendering
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.description import Component
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import custody, identity
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import authority_name
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.clocks import refuse_early
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import (
    ENCRYPTION,
    REPLACEABLE,
    SERVICE_ACCOUNT_PUBLIC,
    Pki,
    source_of,
    vault_of,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.terms import terms_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import foreign, planner
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.prediction import Prediction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import renewal

Items = dict[str, list[dict[str, t.Any]]]
# What encrypts Secrets and proves tokens. The private key of the latter is compared by its public one.
KEY_FILES = ("encryption-config.yaml", SERVICE_ACCOUNT_PUBLIC)
_FILE_KINDS = ("early_file", "file")


class ComponentState:
    """What is wanted of a component, and after :meth:`accept` what the host has of it.

    ``host`` is the inventory's name of the host. Until :meth:`create_missing`, nothing is created in the PKI directory.
    """

    def __init__(self, component: Component, *, renderer: rendering.Renderer, pki: Pki | None, host: str) -> None:
        self.component = component
        self.pki = pki
        self.state: Items = {}
        self._renderer = renderer
        self._host = host
        self._ahead = 0.0
        if pki is not None:
            pki.creates = False
        self.items = self._render()

    @property
    def request(self) -> dict[str, t.Any]:
        """The payload of the step ``collect``. It has digests in place of contents."""
        wanted = {**self.items, **{kind: [rendering.for_collect(item) for item in self.items[kind]] for kind in _FILE_KINDS}}
        return {"wanted": wanted, "keys": list(self._keys)}

    def accept(self, found: c.Mapping[str, t.Any]) -> None:
        """Takes what the host found. Raises IdentityError if its keys, or what the PKI directory lacks, are of another cluster."""
        self.state = found["state"]
        self._ahead = time.time() - found["time"]
        if self.pki is None:
            return
        _refuse_other_keys(self._keys, found.get("keys", {}), self.pki, host=self._host)
        if self.pki.awaited:
            # Created only for a host that has nothing of it: else the cluster's own has been lost.
            _refuse_lost(self.items, self.state, self.pki, host=self._host)

    @property
    def lacks_pki(self) -> bool:
        """Whether the PKI directory lacks a file that the component needs."""
        return self.pki is not None and bool(self.pki.awaited)

    def create_missing(self, *, check_mode: bool) -> None:
        """Renders again, with the files that the PKI directory lacked. Check mode creates none."""
        if self.pki is None:
            return
        if not check_mode:
            # In check mode the host's clock may be one that an earlier task would have corrected.
            refuse_early(ahead=self._ahead, host=self._host)
            self.pki.creates = True
        self.items = self._render()

    def plan(self, prediction: Prediction) -> list[PlannedAction]:
        """The actions that bring the host to the description."""
        return planner.plan(
            component=self.component.name,
            items=self.items,
            state=self.state,
            requires=self.component.requires,
            prediction=prediction,
            now=time.time(),
        )

    def refuse_early_certificates(self) -> None:
        """Raises ComponentError if the host's clock would refuse a certificate that is issued now."""
        refuse_early(ahead=self._ahead, host=self._host)

    def unsigned(self, plan: c.Iterable[PlannedAction]) -> list[dict[str, str]]:
        """The certificates of a plan that cannot be signed here, as :func:`custody.unsigned` has them."""
        if self.pki is None:
            return []
        authorities = {item["path"]: item["authority"] for item in self.items["certificate"]}
        issuing = (action for action in plan if action.kind == "certificate" and action.operation == "issue")
        return custody.unsigned(self.pki, [custody.Wanted(authorities[one.target], one.target, one.reason) for one in issuing])

    @property
    def warnings(self) -> list[str]:
        """What the operator should know of the PKI directory, and of what others have set up on the host."""
        own = self.pki.warnings if self.pki is not None else []
        return [*own, *foreign.told(self.items["foreign"], self.state.get("foreign", []))]

    @property
    def _keys(self) -> dict[str, str]:
        return {item["path"]: item["pki"] for item in self.items["file"] if item["pki"] in KEY_FILES}

    def _render(self) -> Items:
        component, pki = self.component, self.pki
        files = {
            kind: [self._renderer.render(item, show_secrets=component.show_secrets) for item in component.items[kind]]
            for kind in _FILE_KINDS
        }
        certificates = [pki.enrich(item) for item in component.items["certificate"]] if pki is not None else []
        absent = [_with_authority(item, pki) for item in component.items["absent"]]
        return {**component.items, **files, "certificate": certificates, "absent": absent}


def pki_of(component: Component, *, templar: t.Any, variables: dict[str, t.Any], loader: t.Any, check_mode: bool) -> Pki | None:
    """The PKI directory, if the component has a certificate or a file of it. Raises ComponentError if nobody says where it is."""
    files = [*component.items["file"], *component.items["early_file"]]
    of_authority = any(item["authority"] for item in component.items["absent"])
    if not component.items["certificate"] and not of_authority and not any(item["pki"] for item in files):
        return None
    cluster = cluster_of(templar, variables)
    directory = component.pki or cluster.get("pki_directory")
    if not directory:
        raise ComponentError(f"component {component.name}: pki: missing; give the PKI directory of the controller, which certificates need")
    terms = terms_of(cluster, variables.get(renewal.VARIABLE))
    return Pki(pathlib.Path(directory), check_mode=check_mode, vault=vault_of(loader), terms=terms)


def _with_authority(item: dict[str, t.Any], pki: Pki | None) -> dict[str, t.Any]:
    """What may be there as long as its certificates are of an authority, with the certificates of that one."""
    return item if pki is None or not item["authority"] else {**item, "authority_certificate": pki.issuers(item["authority"])}


def no_pki(name: str) -> t.NoReturn:
    """Reads the PKI for a component that has none."""
    raise ComponentError(f"the file {name} of the PKI is wanted, but no PKI directory is known")


def _refuse_other_keys(keys: dict[str, str], found: dict[str, list[str]], pki: Pki, *, host: str) -> None:
    """Raises IdentityError if the host has keys of Secrets or tokens that the PKI directory does not know.

    Of the keys of tokens one in common is enough: those that were dropped while the host was away are not kept. Of the keys of Secrets
    none may be unknown. A directory from before a replacement has the old one in common, and would take the key away that writes.
    """
    for path, name in keys.items():
        own = set(digests(pki.known(name) or ""))
        had = set(found.get(path) or ())
        if had and own and (not had & own or (name == ENCRYPTION and had - own)):
            raise identity.other_keys(host=host, path=path, name=name, directory=str(pki.directory), common=bool(had & own))


def _refuse_lost(items: Items, state: Items, pki: Pki, *, host: str) -> None:
    """Raises IdentityError if the host has what the PKI directory would have to create."""
    lost = pki.awaited - set(REPLACEABLE)
    for kind in _FILE_KINDS:
        for item, found in zip(items[kind], state.get(kind, []), strict=True):
            if item["pki"] in lost and found["type"] != "absent":
                raise identity.lost(host=host, path=item["path"], name=source_of(item["pki"]), directory=str(pki.directory))
    for item, found in zip(items["certificate"], state.get("certificate", []), strict=True):
        name = f"{authority_name(item['authority'])}.crt"
        if name in lost and found["certificate_found"]["type"] != "absent":
            raise identity.lost(host=host, path=item["path"], name=name, directory=str(pki.directory))
