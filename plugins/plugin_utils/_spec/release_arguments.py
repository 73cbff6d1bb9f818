# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release no longer takes, or does not take yet, of what the user gives its programs: flags, feature gates, fields, API versions.

A program ends at its start because of most of these, and that would be found when hosts have been changed. The others are without effect.
"""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import release_names

# What is wrong, and what to write instead.
Fault = tuple[str, str]
Arguments = c.Mapping[t.Any, t.Any]

_FAMILIES = {"etcd": "etcd"}
# Groups of API versions that --runtime-config also takes.
_ALL_VERSIONS = ("api/all", "api/ga", "api/beta", "api/alpha", "api/legacy")
# As Go reads them, in lower case.
_TRUE, _FALSE = ("1", "t", "true"), ("0", "f", "false")
_PLUGIN_FLAGS = ("enable-admission-plugins", "disable-admission-plugins")


def faults_of_arguments(program: str, arguments: Arguments, minor: str) -> list[Fault]:
    """Of flags, without their dashes, and of what the values of some of them name."""
    given = {str(name).replace("_", "-"): str(value) for name, value in arguments.items()}
    found = [fault for name in sorted(given) for fault in _of_flag(program, name, minor)]
    # A program that acts as an older version knows the gates and the API of that one.
    if "feature-gates" in given:
        gates = [entry.partition("=")[::2] for entry in given["feature-gates"].split(",") if entry]
        found += _of_gates(program, gates, minor, locks="emulated-version" not in given)
    if program == "kube-apiserver" and "emulated-version" not in given:
        found += _of_runtime_config(given.get("runtime-config", ""), minor)
    if program == "kube-apiserver":
        for flag in _PLUGIN_FLAGS:
            found += faults_of_plugins([name for name in given.get(flag, "").split(",") if name], minor)
    return found


def faults_of_configuration(program: str, configuration: Arguments, minor: str) -> list[Fault]:
    """Of fields of a configuration file, and of the feature gates in it. A program only logs a field that it does not know."""
    kind = f"fields of {program}"
    found = [
        _missing(f"has the field {name}", kind, name, minor, program)
        for name in sorted(map(str, configuration))
        if release_names.is_known(minor) and not release_names.has(kind, name, minor)
    ]
    gates = configuration.get("featureGates")
    return [*found, *(_of_gates(program, [(str(n), str(v)) for n, v in gates.items()], minor) if isinstance(gates, dict) else [])]


def faults_of_plugins(plugins: c.Iterable[str], minor: str) -> list[Fault]:
    """Of admission plugins of the apiserver."""
    return [
        _missing(f"names the admission plugin {name}", "admission plugins", name, minor, "kube-apiserver")
        for name in map(str, plugins)
        if release_names.is_known(minor) and not release_names.has("admission plugins", name, minor)
    ]


def faults_of_gates(program: str, text: str, minor: str) -> list[Fault]:
    """Of feature gates as a flag has them: ``A=true,B=false``."""
    return _of_gates(program, [entry.partition("=")[::2] for entry in text.split(",") if entry], minor)


def told(faults: c.Sequence[Fault]) -> Fault:
    """All as one; empty texts if there is none."""
    instead = list(dict.fromkeys(instead for _wrong, instead in faults))
    return "; it ".join(wrong for wrong, _instead in faults), "; ".join(instead)


def _of_flag(program: str, name: str, minor: str) -> list[Fault]:
    kind = f"flags of {program}"
    if not release_names.is_known(minor) or release_names.has(kind, name, minor):
        return []
    return [_missing(f"has --{name}", kind, name, minor, program, dashes="--")]


def _of_gates(program: str, gates: c.Iterable[tuple[str, str]], minor: str, *, locks: bool = True) -> list[Fault]:
    family = _FAMILIES.get(program, "Kubernetes")
    found = []
    for given, value in gates:
        # An apiserver takes gates of several components; those of its own are the default.
        component, _colon, rest = given.strip().rpartition(":")
        if not release_names.is_known(minor) or component not in ("", "kube"):
            continue
        kind, word = f"gates of {family}", value.strip().lower()
        wanted = "true" if word in _TRUE else "false" if word in _FALSE else ""
        opposite = {"true": "false", "false": "true"}.get(wanted, "")
        if not release_names.has(kind, rest, minor) or release_names.has(f"gates that {program} lacks", rest, minor):
            found.append(_missing(f"has the feature gate {rest}", kind, rest, minor, program))
        elif not wanted:
            found.append((f"gives the feature gate {rest} the value {value.strip()!r}", f"Write {rest}=true or {rest}=false"))
        elif locks and release_names.has(f"{kind} that are always {opposite}", rest, minor):
            found.append(
                (f"sets the feature gate {rest} to {wanted}, and in {program} {minor} it is always {opposite}", f"Take {rest} out")
            )
    return found


def _of_runtime_config(text: str, minor: str) -> list[Fault]:
    """An apiserver does not start with a version that it does not know, and is silent about one that it only does not serve any more."""
    found = []
    for entry in filter(None, text.split(",")):
        name, _rest, value = entry.strip().partition("=")
        version = "/".join(name.split("/")[:2]).removeprefix("api/") if name not in _ALL_VERSIONS else ""
        if not version or not release_names.is_known(minor) or release_names.has("API versions served", version, minor):
            continue
        if value.lower() in _FALSE and release_names.has("API versions known", version, minor):
            continue
        wrong = f"names the API version {version} in --runtime-config"
        found.append(_missing(wrong, "API versions served", version, minor, "Kubernetes"))
    return found


def _missing(what: str, kind: str, name: str, minor: str, program: str, *, dashes: str = "") -> Fault:
    why = release_names.why_not(kind, name, minor)
    wrong = f"{what}, which {program} {minor} does not have{f': {why}' if why else ''}"
    near = "" if why else release_names.meant(kind, name, minor)
    if near:
        return wrong, f"Did you mean {dashes}{near}?"
    return wrong, f"Take {dashes}{name} out" + ("" if "it came" not in why else f", or go to a release that has it ({why})")
