# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what is encrypted in etcd again, and verifies that no old key is needed. Documented in plugins/modules/encryption_at_rest.py."""

from __future__ import annotations

import collections.abc as c
import pathlib
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import access as api_access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import access as etcd_access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import snapshot_keys
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import encryption_on_hosts, replacement_request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki, vault_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.encryption_keys import Key
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.encryption_replacement import SUBJECT, EncryptionReplacement
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.replacement import DROPPED, SWITCHED
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["rewritten", "verified", "checked", "readable"], "required": True},
    "subjects": {"type": "list", "elements": "str", "default": [SUBJECT]},
    "snapshot": {"type": "path"},
    "deadline": {"type": "float", "default": 30},
}
_READABLE = (
    "The snapshot may have values that are encrypted by a retired key ({keys}). Apiservers get that key again, to read with. When the "
    "restore is done, run playbooks/replace-authority.yml with -e replace_authority=encryption: it writes them again, and drops the key"
)
_UNKNOWN = (
    "The snapshot may have values that are encrypted by {keys}, and {directory} has no such key. Unless they are left from before they "
    "were written again, they cannot be read after the restore: put encryption-config.retired.yaml of that time there first"
)

Variables = dict[str, t.Any]
Object = dict[str, t.Any]


class Master(Host):
    """A host that asks its apiserver."""

    MODULE = "_api.rewrite"


class EtcdHost(Host):
    """The host from which etcd is asked."""

    MODULE = "_etcd.encrypted_values"


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the values in etcd."""

    def _converge(self, variables: Variables) -> Object:
        arguments = self._arguments(ARGUMENT_SPEC)
        state = arguments["state"]
        nothing: Object = {"changed": False, "actions": []}
        if SUBJECT not in replacement_request.request(arguments["subjects"]).subjects:
            return nothing
        cluster = plain(cluster_of(self._templar, variables))
        pki = Pki(pathlib.Path(cluster["pki_directory"]), check_mode=self._task.check_mode, vault=vault_of(self._loader))
        work = EncryptionReplacement(pki, now=time.time())
        if state in ("checked", "readable") and not cluster["masters"]:
            return nothing  # an etcd of somebody else's programs
        if state in ("checked", "readable"):
            prefixes = snapshot_keys.prefixes(pathlib.Path(arguments["snapshot"] or ""))
            return self._readable(work, prefixes, pki) if state == "readable" else _checked(work, prefixes, directory=str(pki.directory))
        if self._task.check_mode and work.phase != DROPPED:
            return self._result([_rewrite(work)]) if state == "rewritten" else nothing
        if work.phase != SWITCHED:
            return nothing
        if state == "rewritten":
            connection = api_access.usual(variables, templar=self._templar)
            done = Master(self, variables).step("rewrite", {"connection": connection, "resources": work.resources})
            return {**self._result([_rewrite(work)]), "written": done["written"]}
        return self._verified(work, EtcdHost(self, variables), cluster, deadline=arguments["deadline"])

    def _verified(self, work: EncryptionReplacement, host: EtcdHost, cluster: Object, *, deadline: float) -> Object:
        asked = {
            "access": etcd_access.of_administrator(),
            "endpoints": cluster["etcd"]["client_urls"],
            "prefixes": [key.prefix for key in work.old],
            "below": encryption_on_hosts.below(work.resources),
            "deadline": deadline,
        }
        found = host.step("collect", asked)
        encryption_on_hosts.refuse_left(found, work)
        return {"changed": False, "values": found["all"], "searched": [key.digest for key in work.old]}

    def _readable(self, work: EncryptionReplacement, prefixes: set[str], pki: Pki) -> Object:
        lacking = work.lacking(prefixes)
        reason = f"by {_shown(lacking)} apiservers read again what the snapshot has"
        actions = [PlannedAction("pki", "put-back", work.name, reason)] if lacking else []
        if not self._task.check_mode:
            with pki.writing():
                work.put_back(lacking)
        return self._result(actions)


def _checked(work: EncryptionReplacement, prefixes: set[str], *, directory: str) -> Object:
    """Warnings of keys that the snapshot may need."""
    lacking = work.lacking(prefixes)
    unknown = sorted(prefixes - {key.prefix for key in work.known})
    texts = [_READABLE.format(keys=_shown(lacking))] if lacking else []
    texts += [_UNKNOWN.format(keys=", ".join(map(snapshot_keys.shown, unknown)), directory=directory)] if unknown else []
    return {"changed": False, "warnings": texts}


def _shown(keys: c.Iterable[Key]) -> str:
    return ", ".join(key.shown for key in keys)


def _rewrite(work: EncryptionReplacement) -> PlannedAction:
    what = ", ".join(work.resources) or "secrets"
    return PlannedAction("encryption", "rewrite", what, "so that the new key encrypts every value in etcd")
