# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resolver's inputs out of Ansible's variables."""

from __future__ import annotations

import collections.abc
import dataclasses
import functools
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import controller_job, known_authorities, role_variables
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import ClusterInputs, Given, Unusable
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.resolve import resolve
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.roles_of_hosts import ROLES
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.variables import CLUSTER, CONNECTION, HOST

try:
    # Where a value was written, for messages only. Not a public interface of ansible-core: without it messages name no file.
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None  # type: ignore[assignment, misc]


def spec_of(
    templar: t.Any, variables: dict[str, t.Any], *, hosts_from_groups: bool = False, versions: t.Mapping[str, str] | None = None
) -> dict[str, t.Any]:
    """The spec of the cluster that these variables, of whatever host, describe; raises SpecError with all that is wrong.

    ``versions``: by name of a program, the version of a stage on the way to the one that the variables give.
    """
    inputs = _Collector(templar, variables).inputs()
    chosen = {f"cluster_{program}_version": version for program, version in (versions or {}).items()}
    inputs = dataclasses.replace(inputs, hosts_from_groups=hosts_from_groups, variables={**inputs.variables, **chosen})
    return known_authorities.complete(resolve(inputs).as_dict())


class _Collector:
    """Evaluates the variables that the resolver reads, and only those."""

    def __init__(self, templar: t.Any, variables: dict[str, t.Any]) -> None:
        self._templar = templar
        self._variables = variables
        self._raw_variables: dict[str, collections.abc.Mapping[str, t.Any]] = {}
        self._origins: dict[tuple[str, str], str] = {}

    def inputs(self) -> ClusterInputs:
        groups = {str(name): [str(host) for host in hosts] for name, hosts in self._variables["groups"].items()}
        cluster = {name: self._value(self._templar, self._variables, "", name) for name in self._variables if _is_cluster_input(name)}
        lists = [f"cluster_{role}_hosts" for role in ROLES]
        # A host whose name is a number is written without quotes.
        cluster.update({name: [str(host) for host in cluster[name]] for name in lists if isinstance(cluster.get(name), list)})
        members = self._members(groups, cluster)
        hosts = {host: self._host_values(host) if host in members else {} for host in groups["all"]}
        for host in members:
            # The host that runs this task need not be one of the cluster's, and then does not have the variables of their groups.
            raw = {name: value for name, value in hosts.get(host, {}).items() if name in CLUSTER and name not in cluster}
            cluster.update({name: self._value(self._templar_of(host), raw, "", name) for name in raw})
        directories = sorted({str(found) for host in members if (found := self._raw(host).get("inventory_dir"))})
        return ClusterInputs(
            variables=cluster,
            hosts=hosts,
            groups=groups,
            inventory_directory=directories[0] if len(directories) == 1 else None,
            inventory_directories=tuple(directories) if len(directories) > 1 else (),
            job={
                name: self._value(self._templar, self._variables, "", name) for name in controller_job.VARIABLES if name in self._variables
            },
            origins=self._origins,
            of_roles=functools.partial(self._of_roles, members),
        )

    def _members(self, groups: dict[str, list[str]], cluster: dict[str, t.Any]) -> list[str]:
        """The hosts of the cluster; the inventory may hold many others."""
        found: dict[str, None] = {}
        for role in ROLES:
            given = cluster.get(f"cluster_{role}_hosts")
            names = given if isinstance(given, list) else groups.get(role, [])
            found.update(dict.fromkeys(str(name) for name in names if str(name) in groups["all"]))
        return list(found)

    def _host_values(self, host: str) -> dict[str, t.Any]:
        raw = self._raw(host)
        templar = self._templar_of(host)
        values = {name: self._value(templar, raw, host, name) for name in raw if name in HOST or name in CONNECTION}
        # Not evaluated: only compared among the hosts, and looked through for misspelt names.
        others = {name: raw[name] for name in raw if _is_cluster_input(name) or (name.startswith("node_") and name not in values)}
        self._origins.update({(host, name): origin for name, value in others.items() if (origin := _origin(value))})
        return {**others, **values}

    def _of_roles(self, members: list[str], spec: collections.abc.Mapping[str, t.Any] | None) -> collections.abc.Iterator[Given]:
        """Evaluated once for all hosts where the value is no template: hosts of a group have the same one."""
        plain: dict[int, bool] = {}
        for host in members:
            raw = self._raw(host)
            templar = None
            for name in raw:
                if not role_variables.is_of_interest(name):
                    continue
                value = raw[name]
                if id(value) not in plain:
                    plain[id(value)] = not _has_template(self._templar, value)
                if plain[id(value)]:
                    yield Given(host, name, value, _origin(value))
                    continue
                templar = templar or self._templar.copy_with_new_env(available_variables={**raw, **({"cluster": spec} if spec else {})})
                yield Given(host, name, _evaluated(templar, value), _origin(value))

    def _raw(self, host: str) -> collections.abc.Mapping[str, t.Any]:
        if host not in self._raw_variables:
            self._raw_variables[host] = self._variables["hostvars"].raw_get(host)
        return self._raw_variables[host]

    def _templar_of(self, host: str) -> t.Any:
        return self._templar.copy_with_new_env(available_variables=self._raw(host))

    def _value(self, templar: t.Any, raw: collections.abc.Mapping[str, t.Any], host: str, name: str) -> t.Any:
        origin = _origin(raw[name])
        if origin:
            self._origins[host, name] = origin
        return _evaluated(templar, raw[name])


def _evaluated(templar: t.Any, value: t.Any) -> t.Any:
    try:
        return templar.template(value)
    except AnsibleError as error:
        return Unusable(str(error))


def _has_template(templar: t.Any, value: t.Any) -> bool:
    """Whether there is one in the value, or in what it holds. Asked inside of a template, as a lookup is, Ansible looks at texts alone."""
    if isinstance(value, collections.abc.Mapping):
        return any(_has_template(templar, item) for item in value.values())
    if isinstance(value, list):
        return any(_has_template(templar, item) for item in value)
    return bool(templar.is_template(value))


def _is_cluster_input(name: str) -> bool:
    return name.startswith("cluster_") or name in CLUSTER


def _origin(value: t.Any) -> str:
    tag = Origin.get_tag(value) if Origin is not None else None
    if tag is None:
        return ""
    place = str(tag.path or tag.description or "")
    return f"{place}:{tag.line_num}" if tag.path and tag.line_num else place
