# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verifies with the first look of every task that a host belongs to the cluster of the inventory."""

from __future__ import annotations

import collections.abc as c
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import identity
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import authority_name
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki, Vault, vault_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import component_table

# Where hosts keep the authorities that they trust.
AUTHORITIES: t.Mapping[str, str] = {
    "kubernetes": f"{component_table.PATHS['kubernetes_pki']}/ca.crt",
    "etcd": component_table.ETCD.pki["ca"],
    # masters, where kubelets rotate their certificates
    "node": component_table.KUBE_CONTROLLER_MANAGER.pki["node_ca"],
}
RECORD = component_table.PATHS["identity"]


class ExpectedIdentity:
    """The cluster to which hosts must belong: its PKI directory and the settings that it cannot change."""

    def __init__(self, directory: str, settings: t.Mapping[str, str] | None, *, vault: Vault | None = None) -> None:
        self._directory = pathlib.Path(directory)
        self._settings = settings
        self._vault = vault
        self.wanted: dict[str, t.Any] = {"authorities": dict(AUTHORITIES), "record": RECORD}

    def verify(self, found: t.Mapping[str, t.Any], *, host: str) -> None:
        """Raises IdentityError if the host belongs to another cluster."""
        identity.check(
            host=host,
            found=found,
            authorities=self._authorities(),
            directory=str(self._directory),
            settings=self._settings,
        )

    def _authorities(self) -> dict[str, str | None]:
        pki = Pki(self._directory, check_mode=True, vault=self._vault)
        return {name: pki.known(f"{authority_name(name)}.crt") for name in AUTHORITIES}


def expected(templar: t.Any, variables: dict[str, t.Any], *, loader: t.Any) -> ExpectedIdentity | None:
    """What the resolved spec says; None for a task that knows no spec, also where a variable ``cluster`` is of something else."""
    found = variables.get("cluster")
    # A registered spec is plain data. The variable of a role that is used alone is a template.
    spec = found if isinstance(found, c.Mapping) else cluster_of(templar, variables) if found else {}
    directory = spec.get("pki_directory") if isinstance(spec, c.Mapping) else None
    return ExpectedIdentity(str(directory), spec.get("identity"), vault=vault_of(loader)) if directory else None
