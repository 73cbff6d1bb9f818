# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that etcd knows, and those that the role etcd sets itself.

etcd only warns of an environment variable that it does not know and runs without the setting, so a wrong name must be found here.
The names are the flags of the releases in ``release_facts``.
"""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import release_arguments, release_names
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import nearest, shown

_FLAGS = "flags of etcd"
# Set by the role's template; the variable to use instead, where there is one.
_OF_THE_ROLE: t.Mapping[str, str] = {
    "advertise-client-urls": "",
    "auto-compaction-mode": "",
    "auto-compaction-retention": "etcd_auto_compaction_retention",
    "cert-file": "",
    "client-cert-auth": "",
    "data-dir": "etcd_data_directory",
    "election-timeout": "etcd_election_timeout",
    "heartbeat-interval": "etcd_heartbeat_interval",
    "initial-advertise-peer-urls": "",
    "initial-cluster": "",
    "initial-cluster-state": "",
    "initial-cluster-token": "",
    "key-file": "",
    "listen-client-urls": "",
    "listen-metrics-urls": "",
    "listen-peer-urls": "",
    "name": "node_name",
    "peer-cert-allowed-cn": "",
    "peer-cert-allowed-hostname": "",
    "peer-cert-file": "",
    "peer-client-cert-auth": "",
    "peer-key-file": "",
    "peer-trusted-ca-file": "",
    "quota-backend-bytes": "etcd_quota_backend_bytes",
    "snapshot-count": "etcd_snapshot_count",
    "strict-reconfig-check": "",
    "tls-min-version": "",
    "trusted-ca-file": "",
}
# A systemd EnvironmentFile would read these in a quoted value.
_UNWRITABLE = ('"', "\\", "$", "`", "\n")


def variable(flag: str) -> str:
    """The environment variable of a flag."""
    return "ETCD_" + flag.upper().replace("-", "_")


def fault(settings: t.Mapping[str, t.Any], *, etcd: tuple[int, ...] | None) -> tuple[str, str]:
    """What is wrong with the user's settings for this version of etcd, and what to write instead; empty texts if nothing is."""
    minor = ".".join(map(str, (etcd or ())[:2]))
    known = {variable(flag): flag for flag in release_names.names(_FLAGS)}
    for name, value in settings.items():
        flag = known.get(str(name))
        if flag is None:
            near = nearest(str(name), known)
            instead = f"Did you mean {near}?" if near else "Write ETCD_ and the flag's name, as `etcd --help` shows it"
            return f"has {name}, which etcd does not know", instead
        if release_names.is_known(minor) and not release_names.has(_FLAGS, flag, minor):
            return _gone(str(name), flag, minor)
        if flag in _OF_THE_ROLE:
            own = _OF_THE_ROLE[flag]
            return f"has {name}, which the role sets itself", f"Use {own} instead" if own else "Take it out"
        if isinstance(value, (dict, list)) or any(mark in str(value) for mark in _UNWRITABLE):
            wrong = f"gives {name} the value {shown(value)}, which an EnvironmentFile cannot hold"
            return wrong, "Write a text without quotes, backslashes and $"
        if flag == "feature-gates" and (found := release_arguments.faults_of_gates("etcd", str(value), minor)):
            return release_arguments.told(found)
    return "", ""


def _gone(name: str, flag: str, minor: str) -> tuple[str, str]:
    later = flag.removeprefix("experimental-")
    instead = f"Write {variable(later)}" if release_names.has(_FLAGS, later, minor) else "Take it out, or see ETCD_FEATURE_GATES"
    return f"has {name}, which etcd {minor} does not know: {release_names.why_not(_FLAGS, flag, minor)}", instead
