# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests as GitHub's API tells them, from a real server. Runs on Python 3.9 too."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from binaries_mirror import Mirror, Refusal, archive, sha256

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import binaries
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds.binary_checksums import fetch_checksum
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

PATH = "/repos/flannel-io/flannel/releases/tags/v0.28.9"
FILE = "flannel-v0.28.9-linux-amd64.tar.gz"
ADVICE = f"set cluster_checksums: {{{FILE}: <what sha256sum prints for it>}}"


def asset(name: str, digest: t.Any) -> dict[str, t.Any]:
    """As the API gives it, without what nobody reads here."""
    return {"id": 1, "name": name, "label": "", "state": "uploaded", "size": 1, "digest": digest, "download_count": 3}


def describe(mirror: Mirror, *assets: dict[str, t.Any]) -> str:
    document = {"tag_name": "v0.28.9", "draft": False, "assets": list(assets), "body": "## What's changed\n" + "0" * 64}
    mirror.files[PATH] = json.dumps(document, indent=2).encode()
    return f"{mirror.url}{PATH}"


def failure(url: str) -> str:
    with pytest.raises(HostError) as caught:
        fetch_checksum(url, FILE)
    assert ADVICE in caught.value.message
    return caught.value.message


def test_the_asset_of_the_files_name_is_chosen(mirror: Mirror) -> None:
    others = [asset(f"{FILE}.asc", "sha256:" + "1" * 64), asset("flannel-v0.28.9-linux-arm64.tar.gz", "sha256:" + "2" * 64)]
    url = describe(mirror, others[0], asset(FILE, "sha256:" + "A" * 64), others[1])
    assert fetch_checksum(url, FILE) == "a" * 64


def test_a_program_is_installed_by_the_digest_of_its_release(mirror: Mirror, host: pathlib.Path) -> None:
    content = archive(flanneld=b"\x7fELF flannel")
    mirror.files[f"/v0.28.9/{FILE}"] = content
    path = str(host / "bin" / "flanneld")
    item = {
        "name": "flannel",
        "version": "0.28.9",
        "url": f"{mirror.url}/v0.28.9/{FILE}",
        "sha256": None,
        "checksum_url": describe(mirror, asset(FILE, f"sha256:{sha256(content)}")),
    }
    data = {"release": item, "member": "flanneld", "file": f"{path}-0.28.9", "path": path}
    action = {"kind": "binary", "operation": "download", "target": path, "data": data}
    binaries.apply([action])
    assert (host / "bin" / "flanneld-0.28.9").read_bytes() == b"\x7fELF flannel"
    (host / "bin" / "flanneld-0.28.9").unlink()
    describe(mirror, asset(FILE, "sha256:" + "0" * 64))
    with pytest.raises(HostError, match=r"wrong checksum\. Wanted sha256 0000"):
        binaries.apply([action])
    assert not (host / "bin" / "flanneld-0.28.9").exists()


def test_a_release_without_that_file_says_what_it_has(mirror: Mirror) -> None:
    message = failure(describe(mirror, asset("flanneld-arm64", None), asset("flanneld-amd64", None)))
    assert f"{PATH}: this release has no asset {FILE}; it has flanneld-amd64, flanneld-arm64." in message
    assert "; it has none." in failure(describe(mirror))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (asset(FILE, None), "no digest"),
        ({"name": FILE}, "no digest"),
        (asset(FILE, "sha512:" + "0" * 128), "the digest 'sha512:00"),
        (asset(FILE, "sha256:" + "0" * 63), "the digest 'sha256:00"),
        (asset(FILE, "0" * 64), "the digest '00"),
    ],
)
def test_an_asset_without_a_usable_digest(mirror: Mirror, given: dict[str, t.Any], found: str) -> None:
    message = failure(describe(mirror, given))
    assert f"its asset {FILE} has {found}" in message
    assert "uploaded since June 2025" in message


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "cannot be read as such"),
        ('{"assets": [', "cannot be read as such"),
        ('{"a":' * 100_000, "cannot be read as such"),
        ('{"message": "Not Found"}', "without a list of assets"),
        ('{"assets": {"name": "x"}}', "without a list of assets"),
        ('{"assets": [null, 3, "x", [1]]}', "it has none"),
    ],
)
def test_json_of_another_kind(mirror: Mirror, text: str, fault: str) -> None:
    mirror.files[PATH] = text.encode()
    assert fault in failure(f"{mirror.url}{PATH}")


LIMITED = b'{"message": "API rate limit exceeded for 192.0.2.7."}'
SECONDARY = b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'


@pytest.mark.parametrize(
    ("refusal", "until"),
    [
        (Refusal(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1893499200"}, LIMITED), "until 12:00 UTC"),
        (Refusal(429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1893499200"}, b""), "until 12:00 UTC"),
        (Refusal(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, b""), "for a while"),
        (Refusal(403, {}, SECONDARY), "for a while"),
        (Refusal(429, {"X-RateLimit-Remaining": "41"}, SECONDARY), "for a while"),
    ],
)
def test_a_rate_limit_is_told_at_once(mirror: Mirror, host: pathlib.Path, refusal: Refusal, until: str) -> None:
    url = describe(mirror, asset(FILE, "sha256:" + "a" * 64))
    mirror.faults[PATH] = [refusal]
    message = failure(url)
    assert f"the server answered {refusal.status} " in message
    assert f"its rate limit for the address that this host's requests come from is used up {until}" in message
    assert "Run again after that" in message
    assert len(mirror.requests) == 1, "every further request lengthens the wait"


def test_a_403_of_another_reason_is_not_called_a_rate_limit(mirror: Mirror) -> None:
    mirror.faults[PATH] = [Refusal(403, {"X-RateLimit-Remaining": "59"}, b"blocked by the proxy")]
    message = failure(f"{mirror.url}{PATH}")
    assert "the server answered 403 Forbidden" in message
    assert "rate limit" not in message


def test_a_429_that_passes_is_tried_again(mirror: Mirror, host: pathlib.Path) -> None:
    url = describe(mirror, asset(FILE, "sha256:" + "a" * 64))
    mirror.faults[PATH] = [429]
    assert fetch_checksum(url, FILE) == "a" * 64


def test_an_api_that_is_not_reached(mirror: Mirror, host: pathlib.Path) -> None:
    mirror.server.shutdown()
    mirror.server.server_close()
    assert "no connection" in failure(f"{mirror.url}{PATH}")
