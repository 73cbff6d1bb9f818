# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux labels: a new file gets the label that the policy has for its path before it appears there.

Labelling before the rename, and not by a restorecon afterwards, leaves no moment and no killed run in which a file is
in its place with a wrong label.
"""

from __future__ import annotations

import ctypes
import functools
import os

_ENFORCE = "/sys/fs/selinux/enforce"
_ATTRIBUTE = "security.selinux"


@functools.cache
def _library() -> ctypes.CDLL | None:
    """libselinux where SELinux is enabled, else None."""
    if not os.path.exists(_ENFORCE):
        return None
    try:
        library = ctypes.CDLL("libselinux.so.1", use_errno=True)
    except OSError:
        return None
    library.matchpathcon.argtypes = [ctypes.c_char_p, ctypes.c_uint, ctypes.POINTER(ctypes.c_void_p)]
    library.freecon.argtypes = [ctypes.c_void_p]
    return library


def wanted(path: str, mode: int) -> bytes | None:
    """The label that the policy has for a path; None without SELinux or where the policy has none."""
    library = _library()
    if library is None:
        return None
    answer = ctypes.c_void_p()
    if library.matchpathcon(os.fsencode(path), mode, ctypes.byref(answer)) != 0 or not answer.value:
        return None
    try:
        return ctypes.string_at(answer.value)
    finally:
        library.freecon(answer)


def apply(path: str, *, as_path: str | None = None) -> None:
    """Gives ``path`` the label of ``as_path`` (by default its own); does nothing without SELinux."""
    label = wanted(as_path or path, os.lstat(path).st_mode)
    if label is not None:
        os.setxattr(path, _ATTRIBUTE, label + b"\0", follow_symlinks=False)
