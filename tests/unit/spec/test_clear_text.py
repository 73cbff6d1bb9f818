# SPDX-License-Identifier: GPL-3.0-or-later
"""F42: programs whose checksums come by the same clear text are told of."""

from __future__ import annotations

from spec_inventory import spec_of

CLEAR = {"cluster_mirror": "http://192.0.2.1", "cluster_mirror_own_builds": True}
DIGEST = "0" * 64


def test_f42_a_mirror_without_tls_is_told_of() -> None:
    (warning,) = spec_of(CLEAR).warnings
    assert "cluster_mirror http://192.0.2.1 is http: kube-apiserver, " in warning
    assert "cluster_checksums, or use https" in warning


def test_f42_pinned_programs_are_proven_whatever_brings_them() -> None:
    names = list(spec_of(CLEAR).binaries)
    (warning,) = spec_of({**CLEAR, "cluster_checksums": dict.fromkeys(names[:-1], DIGEST)}).warnings
    assert f"is http: {names[-1]} and their checksums" in warning
    assert spec_of({**CLEAR, "cluster_checksums": dict.fromkeys(names, DIGEST)}).warnings == ()
    assert spec_of({**CLEAR, "cluster_mirror": "https://192.0.2.1"}).warnings == ()
    (warning,) = spec_of({"cluster_mirror": "http://192.0.2.1"}).warnings
    assert "is http: flannel and their checksums" in warning, "the collection pins the others"
    assert spec_of({"cluster_mirror": ""}).warnings == ()
