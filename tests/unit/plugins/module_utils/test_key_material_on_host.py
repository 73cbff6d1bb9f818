# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines are shown to nobody. Runs on Python 3.9 too."""

from __future__ import annotations

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.key_material import WITHHELD, without

BEGIN, END = "-----BEGIN EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----"
# A JSON web token has three such parts.
PART = "eyJhbGciOiJSUzI1NiIsImtpZCI6IkFCQyJ9"
SECRETS = [
    BEGIN,
    "MHcCAQEEIBase64OfAKeyThatIsSixtyCharactersLongOrMoreToBeTakenForOne+/=",
    "GET /?token=abc",
    'the header is "Authorization: Basic abc"',
    "authorization=Bearer abc",
    f"401 for Bearer {PART}",
    f"it got {PART}.{PART}.abc",
    "joined with abcdef.0123456789abcdef",
    "pulling from https://user:hunter2@registry.example.com/v2/",
    'read {"user": "a", "password": "hunter2"}',
    "secret: hunter2",
    "client-key-data: LS0t",
    '{"token":"abc"}',
]
PLAIN = [
    "started",
    f"digest sha256:{'0' * 64}",
    "MountVolume.SetUp failed for volume: secret not found",
    'Failed to pull image "registry.example.com/web@sha256:abc"',
    "the token is too old",
    "authorization:",
    'KUBE_API_AUTHORIZATION="--authorization-mode=Node,RBAC"',
    "overlay /var/lib/docker/overlay2/0f3c1a0f3c1a0f3c1a0f3c1a0f3c1a0f3c1a0f3c1a0f3c1a0f3c1a0f3c1a0f3c/merged",
    "=" * 78,
    "GET https://192.0.2.1:6443/api/v1/nodes?limit=500",
    "I1130 01:04:43.984933 620 server.go:302] Shutting down pods API server",
    "dial tcp 192.0.2.1:6443: connect: connection refused",
    "kube-api-access-abcde: object was not registered",
    "",
]


@pytest.mark.parametrize("line", SECRETS)
def test_a_line_that_may_hold_a_secret_is_left_out(line: str) -> None:
    assert list(without([f"Nov 30 host kubelet[7]: {line}"])) == [WITHHELD]
    assert list(without([line])) == [WITHHELD]


@pytest.mark.parametrize("line", PLAIN)
def test_other_lines_stay(line: str) -> None:
    assert list(without([f"Nov 30 host kubelet[7]: {line}", line])) == [f"Nov 30 host kubelet[7]: {line}", line]


def test_all_lines_of_a_key_are_left_out_and_those_after_it_stay() -> None:
    key = [BEGIN, "M" * 64, "bG9uZ2VyIHRoYW4gdHdlbnR5", END]
    assert list(without(["before", *key, "after"])) == ["before", *[WITHHELD] * 4, "after"]
    assert list(without([BEGIN, "after", "x" * 30])) == [WITHHELD, "after", "x" * 30]
