# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules by which Ansible evaluates a text, for those that Jinja can evaluate alone. Anything else raises an exception.

The rules, from ansible-core 2.19 to 2.21: a text that is one expression has that expression's type, and None if it gives nothing. Of
several parts those that are None are left out, and the others are joined as texts. Newlines at the end of a text stay. What filters
generate is a list. Keys of mappings are no templates.
"""

from __future__ import annotations

import collections.abc as c
import contextlib
import functools
import hashlib
import pathlib
import re
import types
import typing as t

import jinja2
from ansible.plugins.loader import filter_loader, test_loader
from ansible.template import trust_as_template
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import template_cache

_MARKS = ("{{", "{%", "{#")
_NAME_OF_FILTER = re.compile(r"\|\s*([a-z_][a-z0-9_.]*)")
_BACKSLASH_IN_EXPRESSION = re.compile(r"\{\{(?:(?!\}\}).)*\\", re.DOTALL)
# Ansible's know its own undefined values, and Jinja's those of Jinja.
_OF_UNDEFINED_VALUES = ("default", "d", "defined", "undefined")
# What a variable can mention and only the text around it decides: what becomes of a value that is left out, which a filter may still see,
# and the line at the head of a file.
_ONLY_IN_A_TEXT = ("omit", "ansible_managed")
_FAILS = trust_as_template("{{ 1 // 0 }}")
_PLAIN = (str, bool, int, float, type(None))


class NotPlain(Exception):
    """The text is one for Ansible."""


class _Undefined(jinja2.ChainableUndefined, jinja2.StrictUndefined):
    """As in Ansible, what is in an undefined value is undefined. Whatever else is done with one fails."""


class _Plugins(dict[str, t.Callable[..., t.Any]]):
    """Filters or tests by name, as Ansible finds them: its own before those of Jinja."""

    def __init__(self, loader: t.Any, of_jinja: c.Mapping[str, t.Callable[..., t.Any]]) -> None:
        super().__init__()
        self._loader, self._of_jinja = loader, of_jinja

    def __missing__(self, name: str) -> t.Callable[..., t.Any]:
        found = self._found(name)
        if found is None:
            raise KeyError(name)
        self[name] = found
        return found

    def get(self, name: str, default: t.Any = None) -> t.Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return self.get(str(name)) is not None

    def _found(self, name: str) -> t.Callable[..., t.Any] | None:
        try:
            plugin = None if name in _OF_UNDEFINED_VALUES else self._loader.get(name)
        except KeyError:
            plugin = None
        function = self._of_jinja.get(name) if plugin is None else plugin.j2_function
        return None if function is None else _as_in_ansible(function, takes_undefined=name in _OF_UNDEFINED_VALUES)


def _as_in_ansible(function: t.Callable[..., t.Any], *, takes_undefined: bool) -> t.Callable[..., t.Any]:
    """The function, whose results can be read more than once. Nearly none is asked about an undefined value."""

    @functools.wraps(function)
    def called(*args: t.Any, **options: t.Any) -> t.Any:
        if not takes_undefined and any(isinstance(given, jinja2.Undefined) for given in (*args, *options.values())):
            raise NotPlain
        found = function(*args, **options)
        return list(found) if isinstance(found, types.GeneratorType) else found

    return called


@jinja2.pass_context
def _at_run_time(_context: t.Any, value: t.Any) -> t.Any:
    """As ``finalize`` of an environment it keeps Jinja from making texts of constants when it compiles."""
    return value


@functools.cache
def _own_digest() -> str:
    """Changes with the settings of environments, which stand in this file."""
    return hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()


class Texts:
    """Compiled templates by their text. Those that are preloaded are kept in ``where``, if that is a directory."""

    def __init__(self, *, lstrip_blocks: bool, where: pathlib.Path | None) -> None:
        self._sources: dict[str, str] = {}
        self._compiled: dict[str, jinja2.Template] = {}
        self.environment = NativeEnvironment(
            loader=jinja2.FunctionLoader(self._sources.__getitem__),
            bytecode_cache=template_cache.Bytecode(str(where), "%s.role") if where else None,
            undefined=_Undefined,
            finalize=_at_run_time,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=lstrip_blocks,
        )
        for kind, loader in (("filters", filter_loader), ("tests", test_loader)):
            setattr(self.environment, kind, _Plugins(loader, getattr(self.environment, kind)))

    def compiled(self, source: str) -> jinja2.Template:
        found = self._compiled.get(source)
        if found is None:
            found = self._compiled[source] = self.environment.from_string(source)
        return found

    def preload(self, source: str) -> None:
        """Compiles a text that may be kept, or finds it, and finds its filters."""
        # Jinja's cache knows a text by its name, which also stands in the compiled code. Settings make other code of the same text.
        name = hashlib.sha256(f"{_own_digest()} {self.environment.lstrip_blocks} {source}".encode()).hexdigest()
        self._sources[name] = source
        # Who asks for a text with a mistake is told by Ansible.
        with contextlib.suppress(jinja2.TemplateError):
            self._compiled[source] = self.environment.get_template(name)
        for found in _NAME_OF_FILTER.findall(source):
            self.environment.filters.get(found)


@functools.cache
def _expressions() -> Texts:
    return Texts(lstrip_blocks=False, where=template_cache.directory())


@functools.cache
def _files() -> Texts:
    return Texts(lstrip_blocks=True, where=template_cache.directory())


class Scope:
    """Variables by name, each evaluated once, when a text asks for it.

    ``foreign`` are those of Ansible, which evaluates them, and come before ``own``, those of roles.
    """

    def __init__(self, templar: t.Any, foreign: c.Mapping[str, t.Any], own: c.Mapping[str, t.Any], outer: Scope | None = None) -> None:
        self._templar, self._foreign, self._own, self._outer = templar, foreign, own, outer
        self._known: dict[str, t.Any] = {}

    def with_own(self, variables: c.Mapping[str, t.Any]) -> Scope:
        """The same, with variables of a role's task, which come first."""
        return Scope(self._templar, {}, variables, self)

    def inner(self, values: c.Mapping[str, t.Any]) -> Scope:
        """The same, with these values, which are evaluated already."""
        made = self.with_own({})
        made._known.update(values)
        return made

    def __contains__(self, name: str) -> bool:
        return name in self._known or name in self._foreign or name in self._own or (self._outer is not None and name in self._outer)

    def __getitem__(self, name: str) -> t.Any:
        if name not in self._known:
            self._known[name] = self._evaluated(name)
        return self._known[name]

    def _evaluated(self, name: str) -> t.Any:
        if name in self._foreign:
            return self._of_ansible(name, self._foreign[name])
        if name in self._own:
            return _value(self._own[name], self)
        if self._outer is None:
            raise KeyError(name)
        return self._outer[name]

    def _of_ansible(self, name: str, value: t.Any) -> t.Any:
        # The registered spec is plain data, and grows with the number of hosts. The variables of other hosts evaluate themselves.
        if (name == "cluster" and isinstance(value, c.Mapping)) or (isinstance(value, c.Mapping) and not isinstance(value, dict)):
            return value
        return self._by_itself.template(value)

    @functools.cached_property
    def _by_itself(self) -> t.Any:
        """Evaluates a variable that is in no text. One that has another value inside of one raises an exception."""
        known = {**self._templar.available_variables, **dict.fromkeys(_ONLY_IN_A_TEXT, _FAILS)}
        return self._templar.copy_with_new_env(available_variables=known)


def preload(expressions: c.Iterable[str], files: c.Iterable[str]) -> None:
    """Compiles these texts of roles, so that the processes which Ansible forks need not."""
    for texts, sources in ((_expressions(), expressions), (_files(), files)):
        for source in sources:
            if is_template(source):
                texts.preload(str(source))


def is_template(source: str) -> bool:
    """Whether there is anything to evaluate in a text."""
    return any(mark in source for mark in _MARKS)


def condition_as_text(condition: str) -> str:
    """The expression of a condition as a template."""
    return f"{{{{ ({condition}) }}}}"


def value(data: t.Any, scope: Scope) -> t.Any:
    """The data with all templates in it evaluated: new lists, mappings and scalars."""
    return _checked(_value(data, scope))


def holds(condition: str | bool, scope: Scope) -> bool:
    """Whether a condition is true."""
    found = condition if isinstance(condition, bool) else _rendered(_expressions(), condition_as_text(condition), scope)
    if not isinstance(found, bool):
        raise NotPlain
    return found


def text(source: str, scope: Scope) -> t.Any:
    """The text of a template's file, rendered."""
    return _checked(_rendered(_files(), str(source), scope))


def _value(data: t.Any, scope: Scope) -> t.Any:
    if isinstance(data, str):
        return _of_expression(data, scope)
    if isinstance(data, c.Mapping):
        return {key: _value(item, scope) for key, item in data.items()}
    if isinstance(data, list):
        return [_value(item, scope) for item in data]
    return data


def _of_expression(text_: str, scope: Scope) -> t.Any:
    if not is_template(text_):
        return text_
    if _BACKSLASH_IN_EXPRESSION.search(text_):
        raise NotPlain  # Ansible takes one as it is, and Jinja as the begin of an escape sequence
    return _rendered(_expressions(), str(text_), scope)


def _rendered(texts: Texts, source: str, scope: Scope) -> t.Any:
    template = texts.compiled(source)
    context = template.new_context(t.cast(dict[str, t.Any], scope), shared=True)
    parts = [part for part in template.root_render_func(context) if part is not None]
    if any(isinstance(part, _Undefined) for part in parts):
        raise NotPlain
    if not parts:
        return None
    # Of an expression with "if", and no "else", Jinja makes an undefined value of another class, which gives an empty text.
    found = parts[0] if len(parts) == 1 else "".join(str(part) for part in parts)
    return found + "\n" * max(0, _newlines(source) - _newlines(found)) if isinstance(found, str) else found


def _newlines(text_: str) -> int:
    return len(text_) - len(text_.rstrip("\n"))


def _checked(found: t.Any) -> t.Any:
    """A copy of plain types. Raises NotPlain for others, an undefined value among them."""
    if isinstance(found, c.Mapping):
        return {_checked(key): _checked(item) for key, item in found.items()}
    if isinstance(found, (list, tuple)):
        return [_checked(item) for item in found]
    if not isinstance(found, _PLAIN):
        raise NotPlain
    return found if type(found) in _PLAIN else plain(found)
