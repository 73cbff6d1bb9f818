# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that etcd knows, and those that the role etcd sets itself.

etcd only warns of an environment variable that it does not know and runs without the setting, so a wrong name must be found here.
The names are the flags of etcd 3.7.2 and 3.6.14 (etcdmain/config.go and embed/config.go of these releases).
"""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import nearest, shown

_NAMES_OF_3_7 = """
    advertise-client-urls auth-token auth-token-ttl auto-compaction-mode auto-compaction-retention auto-tls
    backend-batch-interval backend-batch-limit backend-bbolt-freelist-type bcrypt-cost bootstrap-defrag-threshold-megabytes
    cert-file cipher-suites client-cert-allowed-hostname client-cert-auth client-cert-file client-crl-file client-key-file
    compact-hash-check-time compaction-batch-limit compaction-sleep-interval corrupt-check-time cors data-dir discovery-cacert
    discovery-cert discovery-dial-timeout discovery-endpoints discovery-fallback discovery-insecure-skip-tls-verify
    discovery-insecure-transport discovery-keepalive-time discovery-keepalive-timeout discovery-key discovery-password
    discovery-request-timeout discovery-srv discovery-srv-name discovery-token discovery-user distributed-tracing-address
    distributed-tracing-instance-id distributed-tracing-sampling-rate distributed-tracing-service-name downgrade-check-time
    election-timeout enable-distributed-tracing enable-grpc-gateway enable-log-rotation enable-pprof feature-gates
    force-new-cluster grpc-keepalive-interval grpc-keepalive-min-time grpc-keepalive-timeout heartbeat-interval host-whitelist
    initial-advertise-peer-urls initial-cluster initial-cluster-state initial-cluster-token initial-election-tick-advance
    key-file listen-client-http-urls listen-client-urls listen-metrics-urls listen-peer-urls log-format log-level log-outputs
    log-rotation-config-json logger max-concurrent-streams max-learners max-request-bytes max-snapshots max-txn-ops max-wals
    memory-mlock metrics name peer-auto-tls peer-cert-allowed-cn peer-cert-allowed-hostname peer-cert-file peer-client-cert-auth
    peer-client-cert-file peer-client-key-file peer-crl-file peer-key-file peer-skip-client-san-verification
    peer-trusted-ca-file pre-vote quota-backend-bytes raft-read-timeout raft-write-timeout self-signed-cert-validity
    snapshot-catchup-entries snapshot-count socket-reuse-address socket-reuse-port strict-reconfig-check tls-max-version
    tls-min-version trusted-ca-file unsafe-no-fsync v2-deprecation wal-dir warning-apply-duration warning-unary-request-duration
    watch-progress-notify-interval
"""
_NAMES_REMOVED_IN_3_7 = """
    discovery discovery-proxy experimental-bootstrap-defrag-threshold-megabytes experimental-compact-hash-check-enabled
    experimental-compact-hash-check-time experimental-compaction-batch-limit experimental-compaction-sleep-interval
    experimental-corrupt-check-time experimental-distributed-tracing-address experimental-distributed-tracing-instance-id
    experimental-distributed-tracing-sampling-rate experimental-distributed-tracing-service-name
    experimental-downgrade-check-time experimental-enable-distributed-tracing experimental-enable-lease-checkpoint
    experimental-enable-lease-checkpoint-persist experimental-initial-corrupt-check experimental-memory-mlock
    experimental-peer-skip-client-san-verification experimental-snapshot-catchup-entries
    experimental-stop-grpc-service-on-defrag experimental-txn-mode-write-with-shared-buffer experimental-warning-apply-duration
    experimental-warning-unary-request-duration experimental-watch-progress-notify-interval
"""
_OF_3_7 = frozenset(_NAMES_OF_3_7.split())
_REMOVED_IN_3_7 = frozenset(_NAMES_REMOVED_IN_3_7.split())
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
    known = {variable(flag): flag for flag in _OF_3_7 | _REMOVED_IN_3_7}
    for name, value in settings.items():
        flag = known.get(str(name))
        if flag is None:
            near = nearest(str(name), known)
            instead = f"Did you mean {near}?" if near else "Write ETCD_ and the flag's name, as `etcd --help` shows it"
            return f"has {name}, which etcd does not know", instead
        if flag in _REMOVED_IN_3_7 and (etcd is None or etcd >= (3, 7)):
            gate = flag.removeprefix("experimental-")
            instead = f"Write {variable(gate)}" if gate in _OF_3_7 else "Take it out, or see ETCD_FEATURE_GATES"
            return f"has {name}, which etcd 3.7 does not know any more", instead
        if flag in _OF_THE_ROLE:
            own = _OF_THE_ROLE[flag]
            return f"has {name}, which the role sets itself", f"Use {own} instead" if own else "Take it out"
        if isinstance(value, (dict, list)) or any(mark in str(value) for mark in _UNWRITABLE):
            wrong = f"gives {name} the value {shown(value)}, which an EnvironmentFile cannot hold"
            return wrong, "Write a text without quotes, backslashes and $"
    return "", ""
