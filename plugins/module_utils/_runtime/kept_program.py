# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps on the host what the modules of a program compile to, so that later programs need not compile them.

Only a step that changes the host calls ``keep``, under the host lock. The loader (bootstrap.py) reads the file. It takes the code of a
module only if the text of that module, which comes with every program, is the one that was compiled. The file lies beside the host
record, and goes with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import sys
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError


def keep(loader: t.Any) -> None:
    """Writes what the modules of this program compile to, unless that is kept already. ``loader`` is that of the calling module.

    Does nothing if the loader keeps nothing, or if the file's directory is not there, which the first change of a host makes.
    """
    path: str = getattr(loader, "keeps", "")
    if not path or not os.path.isdir(os.path.dirname(path)):
        return
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in loader.texts.items()}
    if all(loader.kept.get(name, ("",))[0] == digest for name, digest in digests.items()):
        return
    # Modules of other programs stay. Of each name there is one version, so the file does not grow.
    compiled = {**loader.kept, **{name: (digest, marshal.dumps(loader.get_code(name))) for name, digest in digests.items()}}
    body = marshal.dumps(compiled)
    head = hashlib.sha256(sys.version.encode() + body).hexdigest()
    ownership = atomic.Ownership(str(os.geteuid()), str(os.getegid()), "0600")
    # The step has done its work. Without the file, later programs do as this one did.
    with contextlib.suppress(HostError):
        atomic.write(path, f"{head}\n".encode() + body, ownership=ownership)
