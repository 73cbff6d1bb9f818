# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads over HTTP. A partial download is resumed; a complete one is used only if its SHA-256 is right."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import os
import re
import ssl
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.download_route import Route
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

TIMEOUT = 30
ATTEMPTS = 4
PAUSES = (1.0, 2.0, 4.0)
BLOCK = 1024 * 1024
SMALL_FILE_LIMIT = 1024 * 1024
ERROR_TEXT_LIMIT = 4096
SPACE_LEFT_FREE = 16 * 1024 * 1024

_T = t.TypeVar("_T")

_PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_route = Route({})


def take(route: Route) -> None:
    """All downloads of this program take this route from now on."""
    global _route
    _route = route


class _Passing(Exception):
    """A failure that a later attempt may not have."""


def shown(url: str) -> str:
    """A URL without the parts that may be secret: credentials and query."""
    parts = urllib.parse.urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def fetch_text(url: str, *, attempts: int = ATTEMPTS, timeout: t.Optional[float] = None, route: t.Optional[Route] = None) -> str:
    """Reads a small file, such as a list of checksums. ``route``: for this one alone."""
    taken = route or _route
    return _with_attempts(url, lambda: _read_small(url, taken, timeout), taken, attempts).decode("utf-8", errors="replace")


def download(url: str, part: str, sha256: str, *, remedy: str = "") -> None:
    """Completes the file ``part`` from ``url`` and verifies it. A file with a wrong checksum is removed; ``remedy``: what to do then."""
    resumed = os.path.exists(part) and os.path.getsize(part) > 0
    digest = _complete(url, part)
    if digest != sha256 and resumed:
        # The partial file may be of another file with that name: download everything once more.
        os.unlink(part)
        digest = _complete(url, part)
    if digest != sha256:
        size = os.path.getsize(part)
        os.unlink(part)
        raise HostError(
            f"{shown(url)}: wrong checksum. Wanted sha256 {sha256}, the {size} bytes received have {digest}. They were thrown away; "
            f"what runs is untouched. {remedy or _OTHER_FILE}"
        )


_OTHER_FILE = "Check the version, the mirror and sha256 or checksum_url, and find out why they differ."


def _complete(url: str, part: str) -> str:
    os.makedirs(os.path.dirname(part), mode=0o700, exist_ok=True)
    try:
        return _with_attempts(url, lambda: _continue(url, part, _route), _route)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            # A full disk harms running programs, so the space is worth more than the partial file.
            with contextlib.suppress(OSError):
                os.unlink(part)
            raise HostError(f"{os.path.dirname(part)}: the disk became full while {shown(url)} was downloaded. {_SPACE_ADVICE}") from None
        raise HostError(f"{part} cannot be written ({error.strerror}) while {shown(url)} is downloaded.") from None


_SPACE_ADVICE = "What runs is untouched. Free some space on this file system and run again."


def _with_attempts(url: str, attempt: t.Callable[[], _T], route: Route, attempts: int = ATTEMPTS) -> _T:
    for number in range(attempts):
        try:
            return attempt()
        except _Passing as error:
            if number == attempts - 1:
                raise HostError(
                    f"{shown(url)}{route.shown(url)}: {error}; tried {attempts} times. What was received is kept and continued by the "
                    "next run. Check that this host can reach the server (name, route, proxy, firewall), or set a mirror."
                ) from None
            time.sleep(PAUSES[number])
    raise AssertionError("unreachable")  # pragma: no cover


def _read_small(url: str, route: Route, timeout: t.Optional[float]) -> bytes:
    with _open(url, {}, route, timeout) as response:
        return _read(response, SMALL_FILE_LIMIT)


def _continue(url: str, part: str, route: Route) -> str:
    """One attempt: requests the missing part, appends it, and returns the digest of the whole file."""
    have = os.path.getsize(part) if os.path.exists(part) else 0
    with _open(url, {"Range": f"bytes={have}-"} if have else {}, route) as response:
        start, total = _extent(response, have)
        if start is None:
            os.unlink(part)
            raise _Passing(f"it answered {response.code} to a request for the bytes from {have} on; started over")
        ensure_space(os.path.dirname(part), total - start if total is not None else 0, needed_for=shown(url))
        return _append(response, part, start, total)


def _extent(response: t.Any, have: int) -> tuple[int | None, int | None]:
    """Where in the file the answer begins, and the length of the file; (None, None) if it does not continue the partial file."""
    if response.code == 206:
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", response.headers.get("Content-Range", ""))
        if match is None or int(match.group(1)) != have:
            return None, None
        return have, int(match.group(3))
    if response.code == 416:
        whole = re.fullmatch(r"bytes \*/(\d+)", response.headers.get("Content-Range", ""))
        return (have, have) if whole is not None and int(whole.group(1)) == have else (None, None)
    length = response.headers.get("Content-Length")
    return 0, int(length) if length is not None else None


def _append(response: t.Any, part: str, start: int, total: int | None) -> str:
    digest = hashlib.sha256()
    # private, because the directory of programs, where it may be, is readable for everybody
    with open(part, "r+b" if start else "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        while file.tell() < start:
            digest.update(file.read(min(BLOCK, start - file.tell())))
        while total is None or file.tell() < total:
            block = _read(response, BLOCK)
            if not block:
                break
            file.write(block)
            digest.update(block)
        file.truncate()
        received = file.tell()
    if total is not None and received != total:
        raise _Passing(f"the answer broke off after {received} of {total} bytes")
    return digest.hexdigest()


def _open(url: str, headers: dict[str, str], route: Route, timeout: t.Optional[float] = None) -> t.Any:
    """Opens the URL; the status is 200, 206 or 416."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise HostError(f"{shown(url)}: not a URL that can be downloaded. Give http:// or https://, without credentials in it.")
    request = urllib.request.Request(url, headers={"User-Agent": "barehost.kubernetes", "Accept-Encoding": "identity", **headers})
    try:
        response = route.opener().open(request, timeout=timeout or TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416 and headers:
            return error
        with error:
            raise _http_failure(url, error, route) from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise HostError(
                f"{shown(url)}: its TLS certificate is not trusted ({error.reason.verify_message}). Set cluster_ca_bundle to the authority "
                "of your mirror, or have the host trust it, and check the host's clock."
            ) from None
        raise _Passing(f"no connection ({error.reason})") from None
    except (OSError, http.client.HTTPException) as error:
        raise _Passing(f"no answer ({error or type(error).__name__})") from None
    return response


def _http_failure(url: str, error: urllib.error.HTTPError, route: Route) -> Exception:
    if _is_limited(error):
        reset = error.headers.get("X-RateLimit-Reset", "")
        until = time.strftime("until %H:%M UTC", time.gmtime(int(reset))) if re.fullmatch(r"[0-9]{1,11}", reset) else "for a while"
        return HostError(
            f"{shown(url)}: the server answered {error.code} {error.reason}: its rate limit for the address that this host's requests "
            f"come from is used up {until}. What runs is untouched. Run again after that."
        )
    if error.code in _PASSING_STATUS:
        return _Passing(f"the server answered {error.code} {error.reason}")
    return HostError(
        f"{shown(url)}{route.shown(url)}: the server answered {error.code} {error.reason}. What runs is untouched. "
        "Check that this version exists there for this architecture, and the mirror in the URL."
    )


def _is_limited(error: urllib.error.HTTPError) -> bool:
    """Whether the answer is GitHub's "rate limit exceeded", which no further attempt within seconds changes.

    It comes as 403 or 429; for a secondary limit the header need not say 0, but the text is GitHub's:
    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    """
    if error.code not in (403, 429):
        return False
    return error.headers.get("X-RateLimit-Remaining") == "0" or b"secondary rate limit" in _read(error, ERROR_TEXT_LIMIT).lower()


def _read(response: t.Any, size: int) -> bytes:
    try:
        return t.cast(bytes, response.read(size))
    except (OSError, http.client.HTTPException) as error:
        raise _Passing(f"the connection broke ({error or type(error).__name__})") from None


def ensure_space(directory: str, size: int, *, needed_for: str) -> None:
    """Raises HostError if a file would not fit. Some space is kept for the programs that use the same file system."""
    found = os.statvfs(directory)
    free = found.f_bavail * found.f_frsize
    if free < size + SPACE_LEFT_FREE:
        raise HostError(
            f"{directory}: {free // 2**20} MiB are free, {needed_for} needs {-(-size // 2**20)} MiB and "
            f"{SPACE_LEFT_FREE // 2**20} MiB shall stay free. {_SPACE_ADVICE}"
        )
