# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures, by the real cosign: of an authority and a log of the test's own, because no test can reach those of upstream."""

from __future__ import annotations

import collections.abc as c
import json
import os
import pathlib
import subprocess
import typing as t

import pytest
from binaries_mirror import Mirror, sha256
from mirror_bench import asked, cluster, fill, offer, planned, put
from mirror_log import Log
from mirror_registry import Registry
from mirror_signer import Authority
from test_mirror_playbook import Site

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import http_download
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.download_route import Route
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import manifest, signing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.request import Request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.signing import Signer
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror_transfer import images, programs, signatures

# Building cosign takes minutes: 5 min 21 s of the processor on 30 November 2026.
pytestmark = [pytest.mark.slow, pytest.mark.long]
COSIGN = "github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3"
OWN = Signer("release@example.org", "https://login.example.org")
OTHER = Signer("mallory@example.org", signing.PROGRAMS.issuer)
KUBELET = "dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubelet"
PAUSE = "images/pause/3.10.2"


@pytest.fixture(scope="module")
def cosign(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("cosign")
    environment = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"}
    # The flags of the lab's programs, whose packages are built already.
    subprocess.run(
        ["go", "install", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", COSIGN], env=environment, check=True, capture_output=True
    )
    return folder / "cosign"


class Bench:
    """A server of programs, a registry, and an authority that signs what they have. ``log``: as upstream, or without one."""

    def __init__(self, folder: pathlib.Path, cosign: pathlib.Path, *, log: bool) -> None:
        self.folder, self.directory, self.run = folder, folder / "mirror", folder / "run"
        self.run.mkdir()
        self.log = Log() if log else None
        self.authority = Authority(folder / "authority", cosign=cosign, log=self.log)
        self.mirror, self.registry = Mirror(), Registry()
        self.spec = cluster(cluster_mirror="https://192.0.2.1", cluster_mirror_own_builds=True)
        self.programs = fill(self.mirror, self.spec)
        self.images = offer(self.registry, self.spec)
        self.sign()

    def close(self) -> None:
        self.mirror.server.shutdown()
        self.registry.close()
        if self.log:
            self.log.close()

    def sign(self, by_programs: Signer = signing.PROGRAMS, by_images: Signer = signing.IMAGES) -> None:
        """What upstream signs."""
        for path in self.programs:
            if path.startswith("dl.k8s.io"):
                self.authority.sign_program(self.mirror.files, f"/{path}", **by_programs._asdict())
        for reference, digest in self.images.items():
            self.authority.sign_image(self.registry, reference.partition(":")[0], digest, **by_images._asdict())

    def asked(self, **options: t.Any) -> Request:
        sources = {"source": self.mirror.url, "image_source": f"http://{self.registry.name}"}
        trusted = {"verify_signatures": True, "trusted_root": str(self.authority.trusted_root)}
        return asked(self.directory, **{**sources, **trusted, **options})

    def collect(self, **options: t.Any) -> tuple[manifest.Manifest, manifest.Manifest]:
        """What was brought, and what was here and is verified now."""
        self.directory.mkdir(exist_ok=True)
        wish = self.asked(**options)
        plan = planned(self.spec, wish)
        with signatures.verifier(wish, authorities="") as signed:
            assert signed is not None
            files, _warnings = programs.fetch(self.directory, plan.fetches, self.spec, run=self.run, signed=signed)
            with images.tool(tls=False, authfile=None, authorities="") as by:
                of_images, copied = images.copy(self.directory, plan.copies, by, signed=signed)
            return manifest.Manifest({**files, **of_images}, copied), signatures.check(self.directory, plan.checks, signed, plan.known)

    def refused(self, **options: t.Any) -> str:
        with pytest.raises(ComponentError) as caught:
            self.collect(**options)
        return str(caught.value)

    def there(self) -> set[str]:
        """All files, also those that are begun."""
        return {str(path.relative_to(self.directory)) for path in self.directory.rglob("*") if path.is_file()}


@pytest.fixture(params=["a log", "no log"])
def bench(
    request: pytest.FixtureRequest, tmp_path: pathlib.Path, cosign: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> c.Iterator[Bench]:
    monkeypatch.setenv("PATH", f"{cosign.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(http_download, "PAUSES", (0.0, 0.0, 0.0))
    bench = Bench(tmp_path, cosign, log=request.param == "a log")
    yield bench
    bench.close()
    http_download.take(Route({}))


def test_what_upstream_signs_is_verified(bench: Bench) -> None:
    """Their certificates are out of date with a log, as those of upstream: it says when they were used."""
    brought, _checked = bench.collect()
    signers = {path: file.signer for path, file in brought.files.items() if path in bench.programs}
    assert {path for path, signer in signers.items() if signer == signing.PROGRAMS} == {
        path for path in bench.programs if path.startswith("dl.k8s.io")
    }
    assert {signer for path, signer in signers.items() if not path.startswith("dl.k8s.io")} == {None}
    assert {image.signer for image in brought.images.values()} == {signing.IMAGES}
    assert not [path for path in bench.there() if path.endswith((".sig", ".cert"))]
    assert bench.log is None or bench.log.requests == 6, "of images, the registry has what the log says"


def test_a_program_with_one_bit_changed_is_refused(bench: Bench) -> None:
    """Its checksum file is changed, too: nothing but the signature can show it."""
    content = bytearray(bench.programs[KUBELET])
    content[0] ^= 1
    bench.mirror.files[f"/{KUBELET}"] = bytes(content)
    bench.mirror.files[f"/{KUBELET}.sha256"] = sha256(bytes(content)).encode()
    told = bench.refused()
    assert f"{KUBELET}: cosign finds no valid signature by {signing.PROGRAMS}" in told
    assert not [path for path in bench.there() if "kubelet" in path], "neither in its place nor begun"


@pytest.mark.parametrize("signer", [OTHER, signing.PROGRAMS._replace(issuer="https://login.example.org")], ids=["identity", "issuer"])
def test_a_program_that_somebody_else_has_signed_is_refused(bench: Bench, signer: Signer) -> None:
    bench.authority.sign_program(bench.mirror.files, f"/{KUBELET}", **signer._asdict())
    told = bench.refused()
    assert f"{KUBELET}: cosign finds no valid signature by {signing.PROGRAMS}: failed to verify certificate identity" in told
    assert f'got "{signer.identity if signer == OTHER else signer.issuer}"' in told
    assert told.count("cosign finds") == 1 and "\n" not in told, "one error, of the one that is wrong"
    assert f"{KUBELET}.sha256" not in told and KUBELET not in bench.there()


@pytest.mark.parametrize("ending", [".sig", ".cert"])
def test_a_missing_signature_is_told(bench: Bench, ending: str) -> None:
    del bench.mirror.files[f"/{KUBELET}{ending}"]
    told = bench.refused()
    assert f"{KUBELET}{ending}: the server answered 404" in told
    assert "It proves who has signed kubelet 1.37.1 for amd64, and mirror_verify_signatures asks for that" in told
    assert KUBELET not in bench.there()


def test_an_authority_that_is_not_trusted_is_refused(bench: Bench, cosign: pathlib.Path) -> None:
    other = Authority(bench.folder / "other", cosign=cosign, log=bench.log)
    other.sign_program(bench.mirror.files, f"/{KUBELET}", **signing.PROGRAMS._asdict())
    assert f"{KUBELET}: cosign finds no valid signature" in bench.refused()
    for reference, digest in bench.images.items():
        other.sign_image(bench.registry, reference.partition(":")[0], digest, **signing.IMAGES._asdict())
    bench.authority.sign_program(bench.mirror.files, f"/{KUBELET}", **signing.PROGRAMS._asdict())
    assert "pause:3.10.2 with the digest sha256:" in bench.refused()


def test_variables_of_the_login_change_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are cosign's own, for other authorities and other places of signatures."""
    monkeypatch.setenv("SIGSTORE_ROOT_FILE", "/nowhere.pem")
    monkeypatch.setenv("TUF_MIRROR", "http://127.0.0.1:1")
    monkeypatch.setenv("COSIGN_REPOSITORY", "127.0.0.1:1/elsewhere")
    bench.collect()


@pytest.mark.parametrize("bench", ["a log"], indirect=True)
def test_a_signature_that_is_not_in_the_log_is_refused(bench: Bench) -> None:
    other = Log()
    trusted, bench.authority.log = bench.authority.log, other
    bench.authority.sign_program(bench.mirror.files, f"/{KUBELET}", **signing.PROGRAMS._asdict())
    other.close()
    told = bench.refused()
    assert f"{KUBELET}: cosign finds no valid signature" in told and "not found in transparency log" in told
    assert trusted is not None and trusted.requests == 6 and other.requests == 0


def test_an_image_without_a_valid_signature_is_not_taken(bench: Bench) -> None:
    bench.images["pause:3.10.2"] = digest = bench.registry.add("pause:3.10.2", content=b"another")
    told = bench.refused()
    assert f"{bench.registry.name}/pause:3.10.2 with the digest {digest}: cosign finds no valid signature by {signing.IMAGES}" in told
    assert "no signatures found" in told
    bench.sign(by_images=OTHER)
    told = bench.refused()
    assert "none of the expected identities matched" in told and OTHER.identity in told
    assert not (bench.directory / PAUSE).exists() and not (bench.directory / ".partial" / "images_pause_3.10.2").exists()
    bench.sign()
    assert PAUSE in bench.collect()[0].images


def test_what_is_here_is_verified_later(bench: Bench) -> None:
    """A mirror that was collected without: nothing is downloaded again but the signatures."""
    content = bench.programs[KUBELET]
    put(bench.directory, {KUBELET: content}, {})
    _brought, checked = bench.collect()
    assert {path: file.signer for path, file in checked.files.items()} == {KUBELET: signing.PROGRAMS}
    assert bench.mirror.ranges(f"/{KUBELET}") == []
    (bench.directory / KUBELET).write_bytes(b"x" + content[1:])
    put(bench.directory, {KUBELET: b"x" + content[1:]}, {})
    assert f"{KUBELET}: cosign finds no valid signature" in bench.refused()


def own_bundles(bench: Bench) -> None:
    """A company signs everything, and has bundles as cosign 3 writes them."""
    for path, content in bench.programs.items():
        (bench.folder / "artifact").write_bytes(content)
        signature, certificate, _entry = bench.authority.sign(content, **OWN._asdict())
        (bench.folder / "signature").write_text(signature)
        (bench.folder / "certificate").write_text(certificate)
        trust = signing.trust_of(bench.authority.trusted_root.read_text(), bench.authority.trusted_root)
        files = {name: str(bench.folder / name) for name in ("signature", "certificate", "bundle")}
        made = signing.make_bundle(trust, program=str(bench.folder / "artifact"), **files)
        subprocess.run(["cosign", *made], check=True, capture_output=True)
        bench.mirror.files[f"/{path}.sigstore.json"] = (bench.folder / "bundle").read_bytes()
    bench.sign(by_images=OWN)


def test_a_company_signs_everything_itself(bench: Bench) -> None:
    who = {"signer": OWN.identity, "signer_issuer": OWN.issuer}
    own_bundles(bench)
    brought, _checked = bench.collect(**who)
    assert {file.signer for path, file in brought.files.items() if path in bench.programs} == {OWN}
    assert {image.signer for image in brought.images.values()} == {OWN}
    (etcd,) = [path for path in bench.programs if "/etcd-" in path]
    (bench.directory / etcd).unlink()
    bundle = bench.mirror.files.pop(f"/{etcd}.sigstore.json")
    assert f"{etcd}.sigstore.json: the server answered 404" in bench.refused(**who)
    bench.mirror.files[f"/{etcd}.sigstore.json"] = bundle
    assert "failed to verify certificate identity" in bench.refused(**{**who, "signer": OTHER.identity})


@pytest.mark.parametrize("bench", ["no log"], indirect=True)
def test_what_cosign_itself_has_signed_is_verified(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a company does it, with a key and a certificate: bundles beside programs, and in the registry as what refers to the image."""
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    bench.authority.write_key(bench.folder, **OWN._asdict())

    def cosign(*arguments: str) -> None:
        subprocess.run(["cosign", *arguments], cwd=bench.folder, check=True, capture_output=True)

    cosign("import-key-pair", "--key=key.pem", "--output-key-prefix=own")
    by = ("--key=own.key", "--certificate=certificate.pem", "--use-signing-config=false", "--tlog-upload=false", "--yes")
    for path, content in bench.programs.items():
        (bench.folder / "program").write_bytes(content)
        cosign("sign-blob", *by, "--bundle=bundle", "program")
        bench.mirror.files[f"/{path}.sigstore.json"] = (bench.folder / "bundle").read_bytes()
    for reference, digest in bench.images.items():
        cosign("sign", *by, "--allow-http-registry", f"{bench.registry.name}/{reference.partition(':')[0]}@{digest}")
    brought, _checked = bench.collect(signer=OWN.identity, signer_issuer=OWN.issuer)
    assert {file.signer for path, file in brought.files.items() if path in bench.programs} == {OWN}
    assert {image.signer for image in brought.images.values()} == {OWN}
    etcd = next(path for path in bench.programs if "/etcd-" in path)
    (bench.directory / etcd).unlink()
    assert "failed to verify certificate identity" in bench.refused(signer=OTHER.identity, signer_issuer=OWN.issuer)


def test_the_playbook(bench: Bench) -> None:
    """From a collection without signatures to one that another run of it can ask for."""
    site = Site(bench.folder)
    site.upstream.server.shutdown()
    site.registry.close()
    site.upstream, site.registry = bench.mirror, bench.registry
    wish = ("-e", "mirror_verify_signatures=true", "-e", f"mirror_trusted_root={bench.authority.trusted_root}")
    site.collect()
    before = site.files()
    asked_for = ("-e", "mirror_verify=true", "-e", "mirror_verify_signatures=true")
    assert f"{KUBELET}: no signature of it was verified, wanted {signing.PROGRAMS}" in site.run(*asked_for, fails=True)
    pushed = ("-e", f"mirror_registry=http://{site.own.name}", "-e", "mirror_verify_signatures=true")
    assert "does not say that signatures of pause:3.10.2" in site.run(*pushed, fails=True)
    predicted = site.collect(*wish, "--check")
    assert f"would be verified: {KUBELET} (no signature of it was verified" in predicted and site.files() == before
    done = site.collect(*wish)
    assert f"verified: {KUBELET}" in done and f"signed by {signing.PROGRAMS}: 6 of 12" in done
    assert f"signed by {signing.IMAGES}: 2 of 12" in done
    assert "not signed upstream, so that no signature was verified: etcd 3.7.2 for amd64, cri-dockerd" in done
    assert "changed=1" in done and "changed=0" in site.collect(*wish)
    entries = {entry["path"]: entry for entry in json.loads(site.files()["manifest.json"])["files"]}
    assert entries[KUBELET]["signed_by"] == signing.PROGRAMS._asdict()
    assert {path: content for path, content in site.files().items() if path != "manifest.json"} == {
        path: content for path, content in before.items() if path != "manifest.json"
    }
    assert "and the cluster needs no other" in site.run(*asked_for)
    assert "changed=1" in site.run(*pushed) and site.own.digests() == bench.images
    site.own.close()
