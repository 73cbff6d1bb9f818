# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host gives to a support archive: journals of units, what programs say of its state, and files of settings.

Each text is compressed here, and bounded: in its own size, and in that of all of the host. What comes first is the most useful. Nothing
is written to a disk of the host.
"""

from __future__ import annotations

import base64
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._logs import api, packing
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import text_of

Object = dict[str, t.Any]

# Seconds of one program.
_TIMEOUT = 20.0


def run(_step: str, payload: Object) -> Object:
    """``sources``: each with its ``name`` in the archive, and ``argv``, ``path`` or ``api``. ``size``: bytes of all that is given.

    ``room``: bytes of one text before it is compressed; ``deadline``: seconds for all.
    """
    end, left = time.monotonic() + payload["deadline"], int(payload["size"])
    files = []
    for source in payload["sources"]:
        found = _packed(source, room=payload["room"], timeout=min(_TIMEOUT, end - time.monotonic()))
        if found is None:
            continue
        if len(found.data) > left:
            found = found._replace(data=b"", size=0, fault="there was no room for it")
        left -= len(found.data)
        files.append({**found._asdict(), "name": source["name"], "data": base64.b64encode(found.data).decode()})
    return {"files": files}


def _packed(source: Object, *, room: int, timeout: float) -> t.Optional[packing.Packed]:
    """None for a file that is not there."""
    if timeout <= 0:
        return packing.Packed(b"", 0, 0, 0, "there was no time for it")
    if "argv" in source:
        return packing.of_program(source["argv"], room=room, timeout=timeout)
    if "api" in source:
        return api.packed(source["api"], room=room)
    text = text_of(source["path"])
    return None if text is None else packing.of_lines(text.splitlines(), room=room)
