# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of two admission plugins, PodSecurity and EventRateLimit: what is wrong with it, and the file that holds it.

An apiserver reads it when it starts, and ends if something in it is wrong. Validation is that of
https://github.com/kubernetes/kubernetes/blob/v1.37.1/staging/src/k8s.io/pod-security-admission/admission/api/validation/validation.go and
https://github.com/kubernetes/kubernetes/blob/v1.37.1/plugin/pkg/admission/eventratelimit/apis/eventratelimit/validation/validation.go;
1.35 and 1.36 have the same kinds, versions and fields.
"""

from __future__ import annotations

import collections.abc as c
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import configuration_fields as fields
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import shown

Object = dict[str, t.Any]

POD_SECURITY, EVENT_RATE_LIMIT = "PodSecurity", "EventRateLimit"
EXAMPLE_OF_POD_SECURITY = "{defaults: {enforce: baseline, warn: restricted}, exemptions: {namespaces: [storage]}}"
EXAMPLE_OF_LIMITS = "[{type: Namespace, qps: 50, burst: 100, cacheSize: 2000}]"
# Where the addons run. A level there could keep the DNS of the cluster from starting.
ALWAYS_EXEMPT = ("kube-system",)
_MODES = ("enforce", "audit", "warn")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL.pattern}(\.{_LABEL.pattern})*")
_VERSION = re.compile(r"latest|v1\.(0|[1-9][0-9]{0,8})")

_POD_SECURITY = fields.Map(
    defaults=fields.Map(
        **dict.fromkeys(_MODES, fields.one_of("privileged", "baseline", "restricted")),
        **{f"{mode}-version": fields.text for mode in _MODES},
    ),
    exemptions=fields.Map(usernames=fields.texts, namespaces=fields.texts, runtimeClasses=fields.texts),
)
_LIMIT = fields.Map(
    type=fields.one_of("Server", "Namespace", "User", "SourceAndObject"), qps=fields.number, burst=fields.number, cacheSize=fields.number
)


def fault_of_pod_security(given: Object) -> str:
    """All that is wrong with ``defaults`` and ``exemptions`` of a PodSecurityConfiguration, or nothing."""
    faults: list[str] = []
    read = _POD_SECURITY(given, "", faults)
    if not faults:
        faults += _of_versions(read.get("defaults", {}))
        faults += _of_exemptions(read.get("exemptions", {}))
    return "; ".join(faults)


def _of_versions(defaults: Object) -> c.Iterator[str]:
    for mode in _MODES:
        version = defaults.get(f"{mode}-version") or "latest"
        if not _VERSION.fullmatch(version):
            yield f"defaults.{mode}-version is {shown(version)}, and must be latest or a version such as v1.37"


def _of_exemptions(exemptions: Object) -> c.Iterator[str]:
    for kind, wanted, what in (
        ("namespaces", _LABEL, "the name of a namespace"),
        ("runtimeClasses", _SUBDOMAIN, "the name of a RuntimeClass"),
        ("usernames", re.compile(r".+", re.DOTALL), "the name of a user"),
    ):
        names = exemptions.get(kind, [])
        yield from (f"exemptions.{kind} has {shown(name)}, which cannot be {what}" for name in names if not wanted.fullmatch(name))
        yield from (f"exemptions.{kind} has {shown(name)} twice" for name in fields.twice(names))


def fault_of_limits(limits: list[t.Any]) -> str:
    """All that is wrong with ``limits`` of the configuration of EventRateLimit, or nothing."""
    faults: list[str] = []
    for number, given in enumerate(limits, 1):
        where = f"entry {number}"
        before = len(faults)
        limit = _LIMIT(given, where, faults)
        if len(faults) == before:
            faults += [f"{where}.{name} is missing" for name in ("type", "qps", "burst") if name not in limit]
            if limit.get("type") == "Server" and "cacheSize" in limit:
                faults.append(f"{where}.cacheSize has no effect on the type Server, which has one limit for all events; take it out")
    return "; ".join(faults)


def faults_together(values: c.Mapping[str, t.Any]) -> c.Iterator[tuple[str, str, str]]:
    """Of values that are right alone and wrong beside others: the name of the variable, what is wrong, and what to write instead.

    ``values``: of a host, by name; a variable that has its default may be missing.
    """
    flags = {str(name).replace("_", "-"): str(value) for name, value in values.get("master_apiserver_arguments", {}).items()}
    given = {POD_SECURITY: "master_pod_security", EVENT_RATE_LIMIT: "master_event_rate_limits"}
    asked = {plugin: name for plugin, name in given.items() if values.get(name)}
    for plugin, name in asked.items():
        if "admission-control-config-file" in flags:
            wrong = f"has --admission-control-config-file, so that the file of {name} would not be read"
            yield "master_apiserver_arguments", wrong, f"Take the flag out, or {name}; an apiserver reads one such file"
        if plugin in flags.get("disable-admission-plugins", "").split(","):
            wrong = f"disables the admission plugin {plugin}, to which {name} belongs"
            yield "master_apiserver_arguments", wrong, f"Take {plugin} out of disable-admission-plugins, or take {name} out"
    if EVENT_RATE_LIMIT not in asked and "admission-control-config-file" not in flags:
        places = {
            "master_admission_plugins": values.get("master_admission_plugins", []),
            "master_apiserver_arguments": flags.get("enable-admission-plugins", "").split(","),
        }
        for name in (name for name, plugins in places.items() if EVENT_RATE_LIMIT in plugins):
            wrong = f"enables {EVENT_RATE_LIMIT}, with which an apiserver does not start without limits"
            yield name, wrong, f"Write the limits, which enable it: master_event_rate_limits: {EXAMPLE_OF_LIMITS}"


def configuration(pod_security: Object, limits: list[Object]) -> Object:
    """The AdmissionConfiguration: what is asked for of each of the two plugins, and nothing of one whose value is empty."""
    plugins = {
        POD_SECURITY: pod_security
        and {
            "apiVersion": "pod-security.admission.config.k8s.io/v1",
            "kind": "PodSecurityConfiguration",
            "defaults": _given(pod_security.get("defaults")),
            "exemptions": _with_ours(_given(pod_security.get("exemptions"))),
        },
        EVENT_RATE_LIMIT: limits
        and {
            "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1",
            "kind": "Configuration",
            "limits": [_given(limit) for limit in limits],
        },
    }
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [{"name": name, "configuration": value} for name, value in plugins.items() if value],
    }


def _given(values: Object | None) -> Object:
    """Without fields that are null or empty."""
    return {name: value for name, value in (values or {}).items() if value not in (None, "", [])}


def _with_ours(exemptions: Object) -> Object:
    return {**exemptions, "namespaces": list(dict.fromkeys([*ALWAYS_EXEMPT, *exemptions.get("namespaces", [])]))}
