# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generations of an authority, and of the key of service accounts: which one signs, and which others hosts trust meanwhile.

Each has a public part (a certificate, or a public key) and a private key in the PKI directory:

``NAME.crt``, ``NAME.key``
    what signs
``NAME.next.*``
    what hosts trust, too, and what will sign
``NAME.previous.*``
    what hosts trust, too, and what has signed
``NAME.retired.*``
    public parts that nobody trusts any more, except a host that was away. By them such a host is known as one of this cluster.

Only while one is replaced, there is more than what signs. A service account's public part ends with ``.pub``.
"""

from __future__ import annotations

import collections.abc as c
import json
import pathlib
import re

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import chains

SERVICE_ACCOUNT = "service-account"
NEXT, PREVIOUS, RETIRED = "next", "previous", "retired"
# Where the key of a public part may be. A replacement that was killed leaves it under the name of another generation.
KEYS = ("", NEXT, PREVIOUS)

_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)

# The text of a file of the PKI directory, or None
Reader = c.Callable[[str], "str | None"]


def public_name(name: str, generation: str = "") -> str:
    """The file of a public part. ``name`` is that of the files without suffix, for example ``etcd-ca``."""
    suffix = ".pub" if name == SERVICE_ACCOUNT else ".crt"
    return f"{_stem(name, generation)}{suffix}"


def key_name(name: str, generation: str = "") -> str:
    """The file of a private key."""
    return f"{_stem(name, generation)}.key"


def _stem(name: str, generation: str) -> str:
    return f"{name}.{generation}" if generation else name


def mark(directory: pathlib.Path, name: str) -> pathlib.Path:
    """The file that is there while one is replaced, until all hosts are as the last phase wants them."""
    return directory / f"{name}.replacing"


def is_lost(directory: pathlib.Path, name: str) -> bool:
    """Whether the key of what signs was found to be lost, rather than kept elsewhere."""
    try:
        return bool(json.loads(mark(directory, name).read_text(encoding="utf-8")).get("lost"))
    except (OSError, ValueError, AttributeError):
        return False


def blocks(text: str | None) -> list[str]:
    """The certificates or keys in a PEM text, each with its markers and the end of a line."""
    return [f"{match[0]}\n" for match in _BLOCK.finditer(text or "")]


def anchors(text: str | None) -> list[str]:
    """The public parts of a file that hosts get: of an intermediate authority not the chain above it."""
    return chains.anchors(blocks(text))


def trusted(read: Reader, name: str) -> str | None:
    """What hosts get: all that they trust, the oldest first, so that a switch does not change it. As it is stored if there is only one."""
    signing = _of_hosts(read(public_name(name)))
    others = {generation: anchors(read(public_name(name, generation))) for generation in (PREVIOUS, NEXT)}
    return _joined(signing, [*others[PREVIOUS], *blocks(signing), *others[NEXT]])


def whole(read: Reader, name: str) -> str | None:
    """All that hosts trust, and the chains above that, which programs want that trust only roots."""
    present = trusted(read, name)
    above = [block for generation in (PREVIOUS, "", NEXT) for block in blocks(read(public_name(name, generation)))]
    return _joined(present, [*blocks(present), *above])


def _of_hosts(text: str | None) -> str | None:
    """As it is stored, unless there is a chain in it."""
    own = anchors(text)
    return text if len(own) == len(blocks(text)) else "".join(own)


def known(read: Reader, name: str) -> str | None:
    """All that hosts of this cluster may have: what they trust now, and what is retired."""
    present = trusted(read, name)
    return _joined(present, [*blocks(present), *blocks(read(public_name(name, RETIRED)))])


def _joined(present: str | None, all_blocks: c.Iterable[str]) -> str | None:
    joined = list(dict.fromkeys(all_blocks))
    return "".join(joined) if len(joined) > len(blocks(present)) else present
