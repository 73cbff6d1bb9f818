# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the compiled templates of this collection's roles, so that the process of a task need not compile them again.

Each task of each host is a process of its own that compiles all its templates and forgets them. A compiled template depends on its text
and on the settings of the environment alone, so it is kept by their digest in ``$ANSIBLE_HOME/barehost-templates``, by Jinja's own cache of
bytecode. Only the user's own directory is trusted, because what is read there is executed. Nothing of the user's own is kept: a template
of an inventory may hold a secret.

It touches what ansible-core does not promise: the class of its Jinja environment, its context of a compilation, and the tag that tells
where a text was written. Where ansible-core has another shape, templates are compiled as ever.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import os
import pathlib
import stat
import sys
import typing as t

import ansible.release
import jinja2
from ansible import constants
from jinja2.bccache import Bucket, FileSystemBytecodeCache

try:
    from ansible._internal._datatag._tags import Origin
    from ansible._internal._templating._jinja_bits import AnsibleEnvironment, _TemplateCompileContext
    from ansible._internal._templating._jinja_common import _TemplateConfig
except ImportError:
    AnsibleEnvironment = None  # type: ignore[assignment, misc]

_ROLES = pathlib.Path(__file__).resolve().parents[3] / "roles"
# In bytes, of a SHA-256
_SEAL = 32

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


class _Sealed(Bucket):
    """The same compiled template, which is written behind the digest of its bytes."""

    def __init__(self, bucket: Bucket) -> None:
        super().__init__(bucket.environment, bucket.key, bucket.checksum)
        self.code = bucket.code

    def write_bytecode(self, f: t.IO[bytes]) -> None:
        code = io.BytesIO()
        super().write_bytecode(code)
        f.write(hashlib.sha256(code.getvalue()).digest() + code.getvalue())


class Bytecode(FileSystemBytecodeCache):
    """Files with compiled templates, each behind its digest: Python would execute a damaged one, and may crash.

    One that is damaged, or cannot be read or written, is no fault: the template is compiled.
    """

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            found = pathlib.Path(self._get_cache_filename(bucket)).read_bytes()
        except OSError:
            return
        if hashlib.sha256(found[_SEAL:]).digest() == found[:_SEAL]:
            bucket.bytecode_from_string(found[_SEAL:])

    def dump_bytecode(self, bucket: Bucket) -> None:
        # a full disk, or a directory that is gone
        with contextlib.suppress(OSError):
            super().dump_bytecode(_Sealed(bucket))


def directory() -> pathlib.Path | None:
    """The directory of compiled templates, which is created; None if others could write there, or if it cannot be created."""
    top = pathlib.Path(str(constants.config.get_config_value("ANSIBLE_HOME"))).expanduser() / "barehost-templates"
    path = top / _VERSIONS
    try:
        top.parent.mkdir(parents=True, exist_ok=True)
        for level in (top, path):
            level.mkdir(mode=0o700, exist_ok=True)
        own = all(_is_own(level) for level in (top, path))
    except OSError:
        return None
    return path if own else None


def _is_own(path: pathlib.Path) -> bool:
    found = path.stat()
    return found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o022


@functools.cache
def _is_below_roles(path: str) -> bool:
    return pathlib.Path(path).resolve().is_relative_to(_ROLES)


def is_ours(source: str) -> bool:
    """Whether the text was written in a role of this collection."""
    origin = Origin.get_tag(source)
    return origin is not None and bool(origin.path) and _is_below_roles(str(origin.path))


def install(
    environment: t.Any = AnsibleEnvironment,
    *,
    where: t.Callable[[], pathlib.Path | None] = directory,
    keeps: t.Callable[[str], bool] = is_ours,
) -> bool:
    """Gives the class of environments a ``compile`` that looks into the cache first. True if it did; a second call does nothing.

    ``keeps`` tells which texts may be kept.
    """
    if environment is None or getattr(environment.compile, "barehost", False):
        return False
    path = where()
    if path is None:
        return False
    environment.compile = _cached(environment.compile, Bytecode(str(path), "%s.jinja"), keeps)
    return True


def _cached(original: Compile, cache: Bytecode, keeps: t.Callable[[str], bool]) -> Compile:
    def compile_(self: t.Any, source: t.Any, name: t.Any = None, filename: t.Any = None, *args: t.Any, **options: t.Any) -> t.Any:
        if not isinstance(source, str) or name is not None or filename is not None or args or options or not keeps(source):
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
    settings += [str(context.escape_backslashes if context else None), str(_TemplateConfig.allow_embedded_templates)]
    settings += [*sorted(environment.extensions), source]
    return hashlib.sha256("\0".join(settings).encode(errors="surrogatepass")).hexdigest()
