# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for values of roles' variables beyond their types, which Ansible's argument specifications say."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import firewall_service, registry_logins
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import (
    admission,
    etcd_settings,
    flannel_backend,
    release_arguments,
    token_issuers,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import minor_of, parse

Spec = t.Mapping[str, t.Any]
Fault = tuple[str, str]
Check = t.Callable[[t.Any, Spec | None], Fault]
NO_FAULT: Fault = ("", "")
# What may be right alone and wrong beside others.
TOGETHER = ("master_admission_plugins", "master_apiserver_arguments", "master_event_rate_limits", "master_pod_security")

# Characters that a systemd EnvironmentFile or the unit's command line would split or interpret.
_UNQUOTED = ('"', "'", "\\", "$")


def fault(name: str, value: t.Any, spec: Spec | None) -> Fault:
    """What is wrong with a value of the right type, and what to write instead; empty texts if nothing is."""
    check = CHECKS.get(name)
    return check(value, spec) if check else NO_FAULT


def faults_together(values: t.Mapping[str, t.Any]) -> t.Iterator[tuple[str, str, str]]:
    """Of values of one host that are right alone, by name: one that is wrong beside others, why, and what to write instead."""
    return admission.faults_together(values)


def _firewall_services(value: list[t.Any], _spec: Spec | None) -> Fault:
    wrong = next((found for found in map(firewall_service.fault, value) if found), "")
    return (f"holds a wrong entry: {wrong}", "Correct this entry") if wrong else NO_FAULT


def _registry_logins(value: list[t.Any], _spec: Spec | None) -> Fault:
    wrong = registry_logins.fault(value)
    return (
        (f"holds a wrong entry: {wrong}", "Write e.g. [{registry: registry.example.com:5000, username: …, password: …}]")
        if wrong
        else NO_FAULT
    )


def _flags(value: dict[str, t.Any], _spec: Spec | None) -> Fault:
    for name, given in value.items():
        if str(name).startswith("-"):
            return f"names the flag {name!r}", f"Write it without dashes: {str(name).lstrip('-')}"
        if isinstance(given, (dict, list)) or given is None:
            return f"gives --{name} a value that is no text, number or boolean", "Write a text; separate several values by commas"
        if any(mark.isspace() or mark in _UNQUOTED for mark in str(given)):
            return (
                f"gives --{name} the value {str(given)!r}, which holds white space, a quote, a backslash or '$'",
                "Put this setting into a configuration file",
            )
    return NO_FAULT


def _minor(spec: Spec | None) -> str:
    """The minor version of Kubernetes; empty for a cluster that is not known."""
    return minor_of(spec["versions"]["kubernetes"]) if spec else ""


def _flags_of(program: str) -> Check:
    """Flags that the wanted release of a program has."""

    def check(value: dict[str, t.Any], spec: Spec | None) -> Fault:
        wrong = _flags(value, spec)
        return wrong if any(wrong) else release_arguments.told(release_arguments.faults_of_arguments(program, value, _minor(spec)))

    return check


def _configuration_of(program: str) -> Check:
    def check(value: dict[str, t.Any], spec: Spec | None) -> Fault:
        return release_arguments.told(release_arguments.faults_of_configuration(program, value, _minor(spec)))

    return check


def _admission_plugins(value: list[t.Any], spec: Spec | None) -> Fault:
    return release_arguments.told(release_arguments.faults_of_plugins(value, _minor(spec)))


def _apiserver_flags(value: dict[str, t.Any], spec: Spec | None) -> Fault:
    """The apiserver does not start with both forms of what it knows users by, nor of what allows them something (seen with 1.37.1)."""
    if "authorization-config" in {str(name).replace("_", "-") for name in value}:
        return (
            "has --authorization-config, which the apiserver refuses beside --authorization-mode",
            "Name a further authorizer: {authorization-mode: Webhook, authorization-webhook-config-file: …}; it comes after Node and RBAC",
        )
    oidc = sorted(name for name in map(str, value) if name.startswith("oidc-"))
    if oidc:
        return (
            f"has --{oidc[0]}, which the apiserver refuses beside --authentication-config",
            f"Describe the issuer in master_authentication_jwt, e.g. {token_issuers.EXAMPLE}",
        )
    return _flags_of("kube-apiserver")(value, spec)


def _token_issuers(value: list[t.Any], spec: Spec | None) -> Fault:
    wrong = token_issuers.fault(value, own_issuer=token_issuers.of_service_accounts(spec["domain"]) if spec else "")
    return (f"cannot be used: {wrong}", f"Write e.g. {token_issuers.EXAMPLE}") if wrong else NO_FAULT


def _pod_security(value: dict[str, t.Any], _spec: Spec | None) -> Fault:
    wrong = admission.fault_of_pod_security(value)
    return (f"cannot be used: {wrong}", f"Write e.g. {admission.EXAMPLE_OF_POD_SECURITY}") if wrong else NO_FAULT


def _event_rate_limits(value: list[t.Any], _spec: Spec | None) -> Fault:
    wrong = admission.fault_of_limits(value)
    return (f"cannot be used: {wrong}", f"Write e.g. {admission.EXAMPLE_OF_LIMITS}") if wrong else NO_FAULT


def _flannel_backend(value: dict[str, t.Any], _spec: Spec | None) -> Fault:
    return flannel_backend.fault(value)


def _etcd_settings(value: dict[str, t.Any], spec: Spec | None) -> Fault:
    return etcd_settings.fault(value, etcd=parse(spec["versions"]["etcd"]) if spec else None)


CHECKS: t.Mapping[str, Check] = {
    "firewall_services": _firewall_services,
    "flannel_backend": _flannel_backend,
    "master_admission_plugins": _admission_plugins,
    "master_apiserver_arguments": _apiserver_flags,
    "master_authentication_jwt": _token_issuers,
    "master_event_rate_limits": _event_rate_limits,
    "master_pod_security": _pod_security,
    "master_controller_manager_arguments": _flags_of("kube-controller-manager"),
    "master_scheduler_arguments": _flags_of("kube-scheduler"),
    "minion_kubelet_arguments": _flags_of("kubelet"),
    "minion_kubelet_config": _configuration_of("kubelet"),
    "minion_proxy_arguments": _flags_of("kube-proxy"),
    "minion_proxy_config": _configuration_of("kube-proxy"),
    "docker_cri_arguments": _flags,
    "docker_registry_logins": _registry_logins,
    "etcd_settings": _etcd_settings,
}
