# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``pki_rescue``: tells what this host has of a PKI, and gives away its secrets to who sends what covers them.

A secret never leaves the host as it is. The controller sends as many random bytes as the secret has, which are used once, and gets the two
combined. So nothing that shows or keeps the output of this program, such as a log of many ``-v``, holds the secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock, identity
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError, cause

# Far more than a key or a configuration has.
SIZE_LIMIT = 256 * 1024


def run(step: str, payload: dict[str, t.Any]) -> dict[str, t.Any]:
    """``collect``: ``texts`` of the public paths, and of the secret ones ``secrets`` (size and keyed digest), ``settings`` as recorded.

    ``cover``: the secrets, each combined with the bytes in ``covers``. Raises HostError for a file that cannot be read.
    """
    with host_lock.held(changes=False):
        if step == "cover":
            return {"covered": {path: _covered(path, cover) for path, cover in payload["covers"].items()}}
        recorded = identity.collect({"authorities": {}, "record": payload["record"]})
        return {
            "texts": {path: identity.text(path) for path in payload["public"]},
            "secrets": {path: _described(path, payload["digest_key"]) for path in payload["secret"]},
            "settings": recorded["settings"],
        }


def _described(path: str, key: str) -> t.Optional[dict[str, t.Any]]:
    content = _content(path)
    if content is None:
        return None
    # A plain digest of a short password could be tried out by who has the digest.
    return {"size": len(content), "digest": hmac.new(key.encode(), content, hashlib.sha256).hexdigest()}


def _covered(path: str, cover: str) -> str:
    content, random = _content(path), base64.b64decode(cover)
    if content is None or len(content) != len(random):
        raise HostError(f"{path}: it has changed since this run began. Run again")
    return base64.b64encode(bytes(one ^ other for one, other in zip(content, random))).decode()


def _content(path: str) -> t.Optional[bytes]:
    """A file as it is; None if it does not exist or is empty."""
    try:
        with open(path, "rb") as stream:
            content = stream.read(SIZE_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise HostError(f"{path}: cannot be read ({cause(error)}). Mend that, or leave this host out: -e rescue_without=HOST") from None
    if len(content) > SIZE_LIMIT:
        raise HostError(f"{path}: is larger than {SIZE_LIMIT} bytes, so it is no file of a PKI. Put the right one there")
    return content or None
