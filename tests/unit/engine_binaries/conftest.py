# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror, and the host side with its directories moved to a temporary place."""

from __future__ import annotations

import ssl
import typing as t

import pytest
from binaries_mirror import Mirror

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import http_download, locations


@pytest.fixture
def serve() -> t.Iterator[t.Callable[..., Mirror]]:
    """Starts mirrors."""
    mirrors: list[Mirror] = []

    def start(tls: ssl.SSLContext | None = None) -> Mirror:
        mirrors.append(Mirror(tls))
        return mirrors[-1]

    yield start
    for mirror in mirrors:
        mirror.server.shutdown()
        mirror.server.server_close()


@pytest.fixture
def mirror(serve: t.Callable[..., Mirror]) -> Mirror:
    return serve()


@pytest.fixture
def host(tmp_path: t.Any, monkeypatch: pytest.MonkeyPatch) -> t.Any:
    """An empty host: its own state directory, and no waiting between attempts."""
    monkeypatch.setattr(locations, "STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setattr(http_download, "PAUSES", (0.0, 0.0, 0.0))
    return tmp_path
