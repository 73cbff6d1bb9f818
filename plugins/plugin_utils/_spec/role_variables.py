# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles' own variables, checked with the cluster's: Ansible looks at them when a role begins, and by then others have changed hosts.

The roles' argument specifications say what is right, and Ansible's own validator judges by them. What is asked beyond it: the roles use
values as they are given, so a text that could be read as a list, a map or a boolean is none.
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import re
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import role_values
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Given, Unusable, nearest, shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import Problems
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.variables import CLUSTER, HOST

ROLES = pathlib.Path(__file__).resolve().parents[3] / "roles"
# Which hosts a role is for, by a key of the spec; the other roles are for all. Only these must be able to evaluate its variables.
HOSTS = {
    "addons": "masters",
    "docker": "node_hosts",
    "etcd": "etcd_hosts",
    "flannel": "node_hosts",
    "master": "masters",
    "minion": "node_hosts",
}
# What a value of these types must be in Python, and what the operator writes.
EXACT: t.Mapping[str, tuple[type, str]] = {"bool": (bool, "true or false"), "dict": (dict, "a map"), "list": (list, "a list")}
WRITTEN = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "path": "a path",
    **{key: text for key, (_type, text) in EXACT.items()},
}

Spec = t.Mapping[str, t.Any]
Option = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Specified:
    """A variable of a role."""

    role: str
    option: Option


@functools.cache
def specified(directory: pathlib.Path = ROLES) -> t.Mapping[str, Specified]:
    """Every variable that a role has, by its name."""
    found: dict[str, Specified] = {}
    for path in sorted(directory.glob("*/meta/argument_specs.yml")):
        for entry_point in yaml_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
            options = entry_point.get("options") or {}
            found.update({name: Specified(path.parts[-3], option) for name, option in options.items()})
    return found


def is_of_interest(name: str) -> bool:
    """Whether a variable is a role's or looks as if it were meant to be."""
    return name in specified() or bool(meant(name))


@functools.cache
def meant(name: str) -> str:
    """The variable of a role that this name was probably meant to be, or nothing: the names of others are no concern of ours."""
    known = specified()
    if name in known or name in CLUSTER or name in HOST or "_" not in name:
        return ""
    family = nearest(name.partition("_")[0], {variable.role for variable in known.values()}, cutoff=0.8)
    return nearest(name, [other for other in known if other.startswith(f"{family}_")], cutoff=0.88) if family else ""


class _Faults:
    """What is wrong, by where it is written: a value of a group is many hosts' and one fault."""

    def __init__(self) -> None:
        self._hosts: dict[tuple[str, str, str, str], list[str]] = {}

    def add(self, given: Given, wrong: str, instead: str) -> None:
        self._hosts.setdefault((given.name, given.origin, wrong, instead), []).append(given.host)

    def tell(self, problems: Problems, *, all_hosts: int) -> None:
        for (name, origin, wrong, instead), hosts in self._hosts.items():
            of_hosts = "" if len(hosts) == all_hosts else f" of {_listed(hosts)}"
            problems.add(f"{name}{of_hosts}{f' ({origin})' if origin else ''}", wrong, instead)


def check(values: t.Iterable[Given], spec: Spec | None, problems: Problems) -> None:
    """Adds every fault of the roles' variables. ``spec`` None: the cluster has problems of its own, and is not known."""
    faults = _Faults()
    hosts: dict[str, set[str]] = {}
    right: dict[str, dict[str, Given]] = {}
    for given in values:
        names = hosts.setdefault(given.host, set())
        names.add(given.name)
        wrong, instead = _fault(given, spec)
        if wrong:
            faults.add(given, wrong, instead)
        elif not isinstance(given.value, Unusable):
            right.setdefault(given.host, {})[given.name] = given
    _check_together(right, faults)
    if spec is not None:
        _check_missing(hosts, spec, faults)
    faults.tell(problems, all_hosts=len(spec["nodes"]) if spec is not None else -1)


def _check_together(right: t.Mapping[str, t.Mapping[str, Given]], faults: _Faults) -> None:
    for of_host in right.values():
        values = {name: plain(of_host[name].value) for name in role_values.TOGETHER if name in of_host}
        for name, wrong, instead in role_values.faults_together(values):
            faults.add(of_host[name], wrong, instead)


def _fault(given: Given, spec: Spec | None) -> tuple[str, str]:
    if given.name not in specified():
        near = meant(given.name)
        return ("is not a variable of this collection", f"Did you mean {near}?") if near else ("", "")
    variable = specified()[given.name]
    if isinstance(given.value, Unusable):
        return _unusable(given, variable, spec)
    value = plain(given.value)
    found = _fault_of(given.name, _Key(value))
    return found if any(found) else role_values.fault(given.name, value, spec)


def _unusable(given: Given, variable: Specified, spec: Spec | None) -> tuple[str, str]:
    """A variable that nobody has defined. What is not known yet, such as facts, is left to the task that uses the value."""
    reason = given.value.reason
    undefined = re.search(r"'(\w+)' is undefined", reason)
    if spec is None or given.host not in _hosts_of(variable.role, spec) or not undefined or undefined[1].startswith("ansible_"):
        return "", ""
    return f"cannot be evaluated: {reason}", f"Define {undefined[1]} for this host"


class _Key:
    """A value as a key of a cache: equal values of one type are checked once, however many hosts have them."""

    def __init__(self, value: t.Any) -> None:
        self.value = value
        self._text = repr(value)

    def __hash__(self) -> int:
        return hash(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._text == other._text


@functools.lru_cache(maxsize=4096)
def _fault_of(name: str, key: _Key) -> tuple[str, str]:
    """What is wrong with this value, if anything, and what to write instead."""
    option = specified()[name].option
    try:
        messages = list(ArgumentSpecValidator({name: option}).validate({name: key.value}).error_messages)
    except ArithmeticError:
        # Ansible makes a decimal number of a list, as (sign, digits, exponent)
        messages = ["it is no number"]
    exact, _text = EXACT.get(option.get("type", "str"), (object, ""))
    instead = _instead(option)
    if not messages and not isinstance(key.value, exact):
        messages = [f"it would be used as the text that it is, and must be {WRITTEN[option['type']]}"]
        instead = f"{instead}; on the command line as JSON: -e '{{\"{name}\": …}}'"
    if not messages:
        return "", ""
    if option.get("no_log"):
        return "does not fit what the role expects; what it is, is a secret", instead
    return f"is {shown(key.value)}: {'; '.join(messages)}", instead


def _check_missing(hosts: t.Mapping[str, set[str]], spec: Spec, faults: _Faults) -> None:
    required = [(name, variable) for name, variable in specified().items() if variable.option.get("required")]
    for name, variable in required:
        for host in _hosts_of(variable.role, spec):
            if name not in hosts.get(host, ()):
                faults.add(Given(host, name, None), "is not set, and the role needs it", _instead(variable.option))


def _hosts_of(role: str, spec: Spec) -> t.Collection[str]:
    return t.cast("t.Collection[str]", spec[HOSTS.get(role, "nodes")])


def _instead(option: Option) -> str:
    if option.get("choices"):
        return f"Write one of {', '.join(str(choice) for choice in option['choices'])}"
    kind = option.get("type", "str")
    elements = f" of which each entry is {WRITTEN.get(option['elements'], option['elements'])}" if option.get("elements") else ""
    fields = f" with {', '.join(option['options'])}" if option.get("options") else ""
    return f"Write {WRITTEN.get(kind, kind)}{elements}{fields}"


def _listed(hosts: list[str]) -> str:
    if len(hosts) <= 2:
        return " and ".join(hosts)
    return f"{hosts[0]} and {len(hosts) - 1} others"
