# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the resolver is given, and typed reading of it: a wrong type becomes a problem and the value counts as unknown."""

from __future__ import annotations

import dataclasses
import difflib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import Problems
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.variables import CLUSTER, HOST, Variable

TRUE = ("true", "yes", "on", "1")
FALSE = ("false", "no", "off", "0")


class Unusable:
    """A value that could not be evaluated, e.g. a template of an undefined variable."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"Unusable({self.reason!r})"


class Given(t.NamedTuple):
    """A variable of a role as one host has it. ``origin`` says where it is written."""

    host: str
    name: str
    value: t.Any
    origin: str = ""


def _nothing(_spec: t.Mapping[str, t.Any] | None) -> t.Iterable[Given]:
    return ()


@dataclasses.dataclass(frozen=True)
class ClusterInputs:
    """An inventory as the resolver sees it: values are evaluated, nothing is converted.

    ``variables`` are the cluster's, ``hosts`` each host's own (both hold more than is read), ``groups`` the members of each
    group. ``origins`` says where a variable is written, by ``(host or "", name)``. ``of_roles`` gives the variables of roles that
    hosts have; they may be made of the spec, so they are evaluated with it (None: it cannot be resolved).

    ``inventory_directory`` is None if the hosts of the cluster come from several folders, which ``inventory_directories`` names.
    ``job`` are the variables that tell of a job of AWX (``controller_job``).
    ``hosts_from_groups``: the plays run on the inventory's groups, so ``cluster_<role>_hosts`` must name the same hosts.
    """

    variables: t.Mapping[str, t.Any]
    hosts: t.Mapping[str, t.Mapping[str, t.Any]]
    groups: t.Mapping[str, t.Sequence[str]]
    inventory_directory: str | None = None
    inventory_directories: tuple[str, ...] = ()
    job: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    hosts_from_groups: bool = False
    origins: t.Mapping[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    of_roles: t.Callable[[t.Mapping[str, t.Any] | None], t.Iterable[Given]] = _nothing


def shown(value: t.Any) -> str:
    """A value in a message: as YAML would have it, cut when long."""
    text = repr(plain(value)) if isinstance(value, str) else str(plain(value))
    return text if len(text) <= 80 else f"{text[:76]}..."


def nearest(word: str, possible: t.Iterable[str], *, cutoff: float = 0.7) -> str:
    """The name that was probably meant, or nothing."""
    return next(iter(difflib.get_close_matches(word, list(possible), n=1, cutoff=cutoff)), "")


class Reader:
    """Reads the variables of the cluster, or of one host. Every method returns None for a value that cannot be used.

    It uses neither ``schema`` nor Ansible's validator: each problem names the place where the variable is written and an example to write
    instead, and the resolver continues without a wrong value, to find the problems of the other variables in the same run.
    """

    def __init__(self, inputs: ClusterInputs, problems: Problems, *, host: str = "") -> None:
        self._inputs = inputs
        self._problems = problems
        self._host = host
        self._values = inputs.hosts[host] if host else inputs.variables
        self._table = HOST if host else CLUSTER

    def where(self, name: str) -> str:
        origin = self._inputs.origins.get((self._host, name))
        of_host = f" of {self._host}" if self._host else ""
        return f"{name}{of_host} ({origin})" if origin else f"{name}{of_host}"

    def fault(self, name: str, wrong: str, instead: str, *, value: t.Any = None) -> None:
        """Records a problem with this variable; ``value`` is what was found."""
        found = f"is {shown(self._values.get(name, self._variable(name).default) if value is None else value)}: it "
        self._problems.add(self.where(name), found + wrong, instead)

    def problem(self, where: str, wrong: str, instead: str) -> None:
        """Records a problem whose place is not one variable, or is told in other words."""
        self._problems.add(where, wrong, instead)

    def given(self, name: str) -> bool:
        """Whether the variable is set to something; null counts as not set."""
        return self._values.get(name) is not None

    def text(self, name: str) -> str | None:
        value = self._raw(name)
        if isinstance(value, str):
            return value.strip()
        if value is not None:
            self.fault(name, f"is {_kind(value)}, and must be a text", self._write(name, quoted=True))
        return None

    def number_or_text(self, name: str) -> str | None:
        """A text, also where YAML has made a number of it, as of an unquoted 1.37."""
        value = self._raw(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        return self.text(name)

    def integer(self, name: str, *, low: int, high: int) -> int | None:
        value = self._raw(name)
        if value is None:
            return None
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(name, f"is {_kind(value)}, and must be a whole number", f"Write a number from {low} to {high}")
            return None
        if not low <= value <= high:
            self.fault(name, "is out of range", f"Write a number from {low} to {high}")
            return None
        return value

    def boolean(self, name: str) -> bool | None:
        value = self._raw(name)
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in TRUE + FALSE:
            return value.strip().lower() in TRUE
        if value is not None:
            self.fault(name, "is neither true nor false", "Write true or false, without quotes")
        return None

    def list_of_text(self, name: str) -> list[str] | None:
        value = self._raw(name)
        if value is None:
            return None
        if not isinstance(value, list):
            self.fault(name, f"is {_kind(value)}, and must be a list", self._write(name))
            return None
        wrong = [entry for entry in value if not isinstance(entry, str)]
        if wrong:
            self.fault(name, f"holds {shown(wrong[0])}, which is {_kind(wrong[0])} and must be a text", self._write(name))
            return None
        return [entry.strip() for entry in value]

    def list_of_any(self, name: str) -> list[t.Any] | None:
        value = self._raw(name)
        if value is None or isinstance(value, list):
            return value
        self.fault(name, f"is {_kind(value)}, and must be a list", self._write(name))
        return None

    def mapping(self, name: str) -> dict[str, str] | None:
        """A map of text to text; numbers and booleans as values are refused because YAML has changed them already."""
        value = self._raw(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(name, f"is {_kind(value)}, and must be a map", self._write(name))
            return None
        wrong = [key for key, entry in value.items() if not isinstance(entry, str)]
        if wrong:
            entry = value[wrong[0]]
            self.fault(
                name,
                f"gives {wrong[0]!r} {_kind(entry)} ({shown(entry)}), and must give a text",
                f'Put the value in quotes, e.g. {wrong[0]}: "{entry}"',
            )
            return None
        return {str(key): entry for key, entry in value.items()}

    def _variable(self, name: str) -> Variable:
        return self._table[name]

    def _raw(self, name: str) -> t.Any:
        value = self._values.get(name)
        if value is None:
            return plain(self._variable(name).default)
        if isinstance(value, Unusable):
            self._problems.add(self.where(name), f"cannot be evaluated: {value.reason}", self._write(name))
            return None
        return plain(value)

    def _write(self, name: str, *, quoted: bool = False) -> str:
        variable = self._variable(name)
        example = variable.example or variable.default
        return f'Write e.g. {name}: "{example}"' if quoted else f"Write e.g. {name}: {example}"


def _kind(value: t.Any) -> str:
    if value is None:
        return "empty"
    names: tuple[tuple[type, str], ...] = (
        (bool, "a boolean"),
        (int, "a number"),
        (float, "a number"),
        (str, "a text"),
        (list, "a list"),
        (dict, "a map"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), f"a {type(value).__name__}")
