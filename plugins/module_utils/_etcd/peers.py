# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this host reaches the other members of etcd; reads only.

A member that no other reaches answers the controller as well as any. It would be found out only when etcd waits for it.
"""

from __future__ import annotations

import concurrent.futures
import socket
import typing as t
import urllib.parse

# A host that is up answers in milliseconds; a packet that is lost is sent again after one and after three seconds.
_TIMEOUT = 4.0


def silent(urls: t.Sequence[str], *, timeout: float = _TIMEOUT) -> dict[str, str]:
    """Why these peers cannot be reached, by their URLs; empty where all can. All are asked at the same time.

    A refused connection counts as an answer: that etcd does not run there says nothing of the way to the host.
    """
    if not urls:
        return {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(urls)) as pool:
        faults = pool.map(lambda url: _fault(url, timeout), urls)
    return {url: fault for url, fault in zip(urls, faults) if fault}


def _fault(url: str, timeout: float) -> str:
    parts = urllib.parse.urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=timeout):
            return ""
    except ConnectionRefusedError:
        return ""
    except socket.timeout:
        return f"no answer within {timeout:.0f} s"
    except OSError as error:
        return error.strerror or str(error)
