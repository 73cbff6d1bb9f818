# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps compiled Jinja templates on the controller, so that the process of a task need not compile them again.

Each task of each host is a process of its own that compiles all its templates and forgets them. A compiled template depends on its text
and on the settings of the environment alone, so it is kept by their digest in ``$ANSIBLE_HOME/barehost-templates``, by Jinja's own cache of
bytecode. Only the user's own directory is trusted, because what is read there is executed.

This is the one place that touches what ansible-core does not promise: the class of its Jinja environment, and its context of a compilation.
Where ansible-core has another shape, templates are compiled as ever.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import stat
import sys
import typing as t

import ansible.release
import jinja2
from ansible import constants
from jinja2.bccache import FileSystemBytecodeCache

try:
    from ansible._internal._templating._jinja_bits import AnsibleEnvironment, _TemplateCompileContext
except ImportError:
    AnsibleEnvironment = None  # type: ignore[assignment, misc]

# What of an environment decides how a text is compiled.
_SETTINGS = (
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "line_statement_prefix",
    "line_comment_prefix",
    "trim_blocks",
    "lstrip_blocks",
    "newline_sequence",
    "keep_trailing_newline",
    "optimized",
)
_VERSIONS = f"{ansible.release.__version__}-{jinja2.__version__}-{sys.implementation.cache_tag}"


Compile = t.Callable[..., t.Any]


def directory() -> pathlib.Path | None:
    """The directory of compiled templates, which is created; None if others could write there, or if it cannot be created."""
    path = pathlib.Path(str(constants.config.get_config_value("ANSIBLE_HOME"))).expanduser() / "barehost-templates" / _VERSIONS
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.stat()
    except OSError:
        return None
    own = found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o022
    return path if own and os.access(path, os.W_OK) else None


def install(environment: t.Any = AnsibleEnvironment, *, where: t.Callable[[], pathlib.Path | None] = directory) -> bool:
    """Gives the class of environments a ``compile`` that looks into the cache first. True if it did; a second call does nothing."""
    if environment is None or getattr(environment.compile, "barehost", False):
        return False
    path = where()
    if path is None:
        return False
    environment.compile = _cached(environment.compile, FileSystemBytecodeCache(str(path), "%s.jinja"))
    return True


def _cached(original: Compile, cache: FileSystemBytecodeCache) -> Compile:
    def compile_(self: t.Any, source: t.Any, name: t.Any = None, filename: t.Any = None, *args: t.Any, **options: t.Any) -> t.Any:
        if not isinstance(source, str) or name is not None or filename is not None or args or options:
            return original(self, source, name, filename, *args, **options)
        bucket = cache.get_bucket(self, _key(self, source), None, source)
        if bucket.code is None:
            bucket.code = original(self, source)
            cache.set_bucket(bucket)
        return bucket.code

    compile_.barehost = True  # type: ignore[attr-defined]
    return compile_


def _key(environment: t.Any, source: str) -> str:
    context = _TemplateCompileContext.current(optional=True)
    settings = [str(getattr(environment, name)) for name in _SETTINGS]
    settings += [*sorted(environment.extensions), str(context.escape_backslashes if context else None), source]
    return hashlib.sha256("\0".join(settings).encode(errors="surrogatepass")).hexdigest()
