# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the SHA-256 that a publisher gives for a download."""

from __future__ import annotations

import json
import posixpath
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import http_download
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

_DIGEST = re.compile(r"[0-9a-fA-F]{64}")


def fetch_checksum(url: str, file_name: str, *, fetch: t.Callable[[str], str] = http_download.fetch_text) -> str:
    """The SHA-256 of a file: a bare digest, lines "<digest>  <file name>", or GitHub's description of a release."""
    try:
        text = fetch(url)
        if text.lstrip().startswith("{"):
            return _of_asset(text, file_name, source=http_download.shown(url))
        return _of_line(text, file_name, source=http_download.shown(url))
    except HostError as error:
        # Whatever failed: with a given digest this address is not needed.
        raise HostError(
            f"{error.message} To do without this address, set cluster_checksums: {{{file_name}: <what sha256sum prints for it>}} "
            "(in a component of your own: sha256 of this release).",
            details=error.details,
        ) from None


def _of_line(text: str, file_name: str, *, source: str) -> str:
    words = text.split()
    if len(words) == 1 and _DIGEST.fullmatch(words[0]):
        return words[0].lower()
    for line in text.splitlines():
        digest, _blank, name = line.strip().partition(" ")
        if _DIGEST.fullmatch(digest) and posixpath.basename(name.strip().lstrip("*")) == file_name:
            return digest.lower()
    raise HostError(
        f"{source}: it holds neither a bare SHA-256 nor a line for {file_name} ({len(text.splitlines())} lines). Check checksum_url."
    )


def _of_asset(text: str, file_name: str, *, source: str) -> str:
    """From a release as GitHub's REST API describes it: an object with ``assets``, each with ``name`` and ``digest``.

    https://github.blog/changelog/2025-06-03-releases-now-expose-digests-for-release-assets/
    https://docs.github.com/en/rest/releases/releases#get-a-release-by-tag-name
    """
    assets = {asset.get("name"): asset for asset in _assets(text, source=source) if isinstance(asset, dict)}
    if file_name not in assets:
        names = ", ".join(sorted(str(name) for name in assets)) or "none"
        raise HostError(f"{source}: this release has no asset {file_name}; it has {names}. Check the version and checksum_url.")
    digest = assets[file_name].get("digest")
    algorithm, _colon, value = digest.partition(":") if isinstance(digest, str) else ("", "", "")
    if algorithm == "sha256" and _DIGEST.fullmatch(value):
        return value.lower()
    found = f"the digest {digest[:80]!r}, which is not a sha256" if isinstance(digest, str) else "no digest"
    raise HostError(f"{source}: its asset {file_name} has {found}. GitHub gives one only to files uploaded since June 2025.")


def _assets(text: str, *, source: str) -> list[t.Any]:
    try:
        assets = json.loads(text).get("assets")
    except (ValueError, RecursionError) as error:
        raise HostError(f"{source}: it begins like JSON and cannot be read as such ({error}). Check checksum_url.") from None
    if not isinstance(assets, list):
        raise HostError(f"{source}: it is JSON without a list of assets, so not GitHub's description of a release. Check checksum_url.")
    return assets
