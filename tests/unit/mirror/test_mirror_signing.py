# SPDX-License-Identifier: GPL-3.0-or-later
"""Who signs what, and what is asked of cosign for it. What cosign says to that is in test_mirror_signatures.py."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from mirror_bench import asked, cluster, planned, put

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import directory, manifest, signing, told, wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.manifest import Image
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.plan import Plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.request import Request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.signing import Signer, Trust
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror_transfer import signatures

SPEC = cluster()
KUBELET = "dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubelet"
PAUSE = "images/pause/3.10.2"
OWN = Signer("release@example.org", "https://login.example.org")
TYPE = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
AUTHORITY: dict[str, t.Any] = {"mediaType": TYPE, "certificateAuthorities": [{"uri": "https://authority.example.org"}]}


def signed(folder: pathlib.Path, **options: t.Any) -> Request:
    return asked(folder, verify_signatures=True, **options)


def own(folder: pathlib.Path) -> Request:
    return signed(folder, signer=OWN.identity, signer_issuer=OWN.issuer)


def test_nothing_is_asked_by_default(tmp_path: pathlib.Path) -> None:
    needed = wanted.wanted(SPEC, asked(tmp_path))
    assert {one.signer for one in (*needed.programs, *needed.images)} == {None}
    assert needed.unsigned == () and all(one.signatures == () for one in needed.programs)
    with signatures.verifier(asked(tmp_path), authorities="") as by:
        assert by is None


def test_each_is_signed_by_whom_upstream_says(tmp_path: pathlib.Path) -> None:
    needed = wanted.wanted(SPEC, signed(tmp_path))
    programs = {one.purpose.partition(" ")[0]: one for one in needed.programs}
    names = {"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubectl"}
    assert {name for name, one in programs.items() if one.signer == signing.PROGRAMS} == names
    assert {name for name, one in programs.items() if one.signer is None} == {"etcd", "cri-dockerd", "cni-plugins", "flannel"}
    assert programs["kubelet"].signatures == (f"https://{KUBELET}.sig", f"https://{KUBELET}.cert")
    assert {one.signer for one in needed.images} == {signing.IMAGES}
    assert [purpose.partition(" ")[0] for purpose in needed.unsigned] == ["etcd", "cri-dockerd", "cni-plugins", "flannel"]


def test_a_signer_of_ones_own_signs_everything(tmp_path: pathlib.Path) -> None:
    needed = wanted.wanted(SPEC, own(tmp_path))
    assert {one.signer for one in (*needed.programs, *needed.images)} == {OWN}
    assert needed.unsigned == ()
    assert {one.signatures for one in needed.programs} == {(f"{one.url}.sigstore.json",) for one in needed.programs}


def test_what_cosign_is_asked() -> None:
    files = {"program": "/p/kubelet", "signature": "/w/kubelet.sig", "certificate": "/w/kubelet.cert", "bundle": "/w/b"}
    given = ["--artifact=/p/kubelet", "--signature=/w/kubelet.sig", "--certificate=/w/kubelet.cert", "--out=/w/b"]
    policy = [f"--certificate-identity={OWN.identity}", f"--certificate-oidc-issuer={OWN.issuer}"]
    upstream = Trust()
    assert signing.make_bundle(upstream, **files) == ["bundle", "create", *given]
    assert signing.verify_program(upstream, OWN, program="/p/kubelet", bundle="/w/b") == [
        "verify-blob",
        "--bundle=/w/b",
        *policy,
        "/p/kubelet",
    ]
    image = ["--output=text", "r.example.org/pause@sha256:1"]
    assert signing.verify_image(upstream, OWN, reference=image[1], tls=True) == ["verify", *policy, *image]
    logged = Trust(pathlib.Path("/r"), log_address="https://log.example.org", certificate_log=False)
    proof = ["--trusted-root=/r", "--insecure-ignore-sct"]
    assert signing.make_bundle(logged, **files)[-1] == "--rekor-url=https://log.example.org"
    assert signing.verify_program(logged, OWN, program="p", bundle="b")[4:] == [*proof, "p"]
    assert signing.verify_image(logged, OWN, reference=image[1], tls=False)[3:] == [
        *proof,
        "--rekor-url=https://log.example.org",
        "--allow-http-registry",
        *image,
    ]
    stamped = Trust(pathlib.Path("/r"), log=False, certificate_log=False, timestamps=True)
    without = ["--trusted-root=/r", "--insecure-ignore-tlog", "--insecure-ignore-sct", "--use-signed-timestamps"]
    assert signing.make_bundle(stamped, **files)[-1] == "--ignore-tlog"
    assert signing.verify_program(stamped, OWN, program="p", bundle="b")[4:] == [*without, "p"]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, Trust(log=False, certificate_log=False)),
        ({"tlogs": [], "ctlogs": []}, Trust(log=False, certificate_log=False)),
        ({"timestampAuthorities": [{}]}, Trust(log=False, certificate_log=False, timestamps=True)),
        ({"tlogs": [{"baseUrl": "https://a"}, {"baseUrl": "https://b"}], "ctlogs": [{}]}, Trust(log_address="https://a")),
        # What a log has, has a time by the log.
        ({"tlogs": [{}], "timestampAuthorities": [{}]}, Trust(certificate_log=False)),
    ],
)
def test_a_trusted_root_asks_for_what_it_names(more: dict[str, t.Any], found: Trust) -> None:
    path = pathlib.Path("/srv/root.json")
    assert signing.trust_of(json.dumps({**AUTHORITY, **more}), path) == found._replace(root=path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("x", "Expecting value"),
        ("[]", "its mediaType is not application/vnd.dev.sigstore.trustedroot"),
        ("{}", "its mediaType is not"),
        (json.dumps({"mediaType": TYPE}), "it names no certificate authority"),
        (json.dumps({**AUTHORITY, "tlogs": "x"}), "its tlogs are no list of objects"),
        (json.dumps({**AUTHORITY, "ctlogs": [1]}), "its ctlogs are no list of objects"),
    ],
)
def test_another_file_is_no_trusted_root(tmp_path: pathlib.Path, content: str, why: str) -> None:
    (tmp_path / "root.json").write_text(content)
    with pytest.raises(ComponentError, match=f"mirror_trusted_root is .*which is no trusted root of sigstore \\({why}"):
        signed(tmp_path / "mirror", trusted_root=str(tmp_path / "root.json"))


@pytest.mark.parametrize(
    ("version", "fault"),
    [
        ("v3.1.3", ""),
        ("3.2.0", ""),
        ("v10.0.0", ""),
        ("v3.1.2", "is v3.1.2, wanted 3.1.3 or later"),
        ("v2.6.5", "is v2.6.5, wanted 3.1.3 or later"),
        ("devel", "says that its version is 'devel', wanted 3.1.3 or later"),
    ],
)
def test_versions_that_take_wrong_signatures_are_refused(version: str, fault: str) -> None:
    assert signing.version_fault(json.dumps({"gitVersion": version})) == fault
    assert signing.version_fault("no json") == signing.version_fault("[]") == "does not tell its version, wanted 3.1.3 or later"


def install_cosign(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A program of this text takes the place of cosign."""
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    (folder / "cosign").write_text(text)
    (folder / "cosign").chmod(0o755)


def test_a_cosign_for_another_machine_is_told(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_cosign(tmp_path, monkeypatch, "\x7fELF no program of this machine")
    with pytest.raises(ComponentError, match=r"/cosign cannot be run: Exec format error"):
        signatures.require_cosign()


def test_a_cosign_that_does_not_end_is_told(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_cosign(tmp_path, monkeypatch, "#!/bin/sh\nexec sleep 600\n")
    monkeypatch.setattr(signatures, "_DEADLINE", 0.2)
    with pytest.raises(ComponentError, match=r"/cosign version did not end within 0 s\. Find out what it waits for"):
        signatures.require_cosign()


def test_variables_that_change_whom_cosign_trusts_are_not_passed_on(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of its own, of sigstore, and of TUF, by which it fetches the authorities of sigstore."""
    text = '#!/bin/sh\n[ "$1" = version ] && exec echo \'{"gitVersion": "v3.1.3"}\'\nenv >&2\nexit 1\n'
    install_cosign(tmp_path, monkeypatch, text)
    given = ("COSIGN_REPOSITORY", "SIGSTORE_ROOT_FILE", "TUF_MIRROR", "TUF_ROOT", "TUF_ROOT_JSON", "KEPT_THOUGH_UNKNOWN")
    for name in given:
        monkeypatch.setenv(name, "given")
    image = wanted.Image("images/a/1", "a:1", "127.0.0.1:1/a:1", "image a", OWN)
    monkeypatch.setattr(signatures, "_SAID", 100_000)
    with signatures.verifier(signed(tmp_path / "mirror"), authorities="") as by, pytest.raises(ComponentError) as caught:
        signatures.require_image(by, image, "sha256:1")
    assert [name for name in given if f"{name}=given" in str(caught.value)] == ["KEPT_THOUGH_UNKNOWN"]


def test_a_machine_without_cosign_is_told(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ComponentError, match=r"needs cosign, which is not on this machine\. Install 3\.1\.3 or later of https://"):
        signatures.require_cosign()
    (tmp_path / "cosign").write_text('#!/bin/sh\necho \'{"gitVersion": "v2.6.5"}\'\n')
    (tmp_path / "cosign").chmod(0o755)
    with pytest.raises(ComponentError, match=r"another cosign: .*/cosign is v2\.6\.5, wanted 3\.1\.3 or later"):
        signatures.require_cosign()


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"verify_signatures": "perhaps"}, "mirror_verify_signatures is 'perhaps', wanted true or false"),
        ({"signer": "a@b.c", "signer_issuer": "https://l"}, "mirror_signer has an effect with mirror_verify_signatures"),
        ({"trusted_root": "/r"}, "mirror_trusted_root has an effect with mirror_verify_signatures"),
        ({"verify_signatures": True, "signer": "a@b.c"}, "mirror_signer_issuer is not given, and mirror_signer is"),
        ({"verify_signatures": True, "signer_issuer": "https://l"}, "mirror_signer is not given, and mirror_signer_issuer is"),
        (
            {"verify_signatures": True, "signer": "a@b.c", "signer_issuer": "login.example.org"},
            "mirror_signer_issuer is 'login.example.org', wanted the address that certificates have as their issuer",
        ),
        ({"verify_signatures": True, "trusted_root": "/nowhere"}, "mirror_trusted_root is '/nowhere', which cannot be read (No such"),
        ({"verify_signatures": True, "trusted_root": "~nobody-here/r"}, "mirror_trusted_root is '~nobody-here/r', which cannot be"),
        (
            {"verify_signatures": True, "signer": ["a@b.c"], "signer_issuer": "https://l"},
            "mirror_signer is ['a@b.c'], wanted an address of mail or a URI",
        ),
        (
            {"verify_signatures": True, "signer": "a@b.c d@b.c", "signer_issuer": "https://l"},
            "mirror_signer is 'a@b.c d@b.c', wanted an address of mail or a URI",
        ),
        (
            {"verify_signatures": True, "signer": "a@b.c", "signer_issuer": "https://l\n"},
            "mirror_signer_issuer is 'https://l\\n', wanted the address that certificates have as their issuer",
        ),
    ],
)
def test_wrong_options_are_told(tmp_path: pathlib.Path, given: dict[str, t.Any], fault: str) -> None:
    with pytest.raises(ComponentError) as caught:
        asked(tmp_path, **given)
    assert fault in str(caught.value)


def known(folder: pathlib.Path, *, signer: Signer | None) -> manifest.Manifest:
    """A mirror that has one program and one image."""
    files = {KUBELET: b"kubelet", f"{PAUSE}/index.json": b"{}"}
    whole = put(folder, files, {PAUSE: Image("pause:3.10.2", f"sha256:{'1' * 64}", signer)})
    return whole._replace(files={**whole.files, KUBELET: whole.files[KUBELET]._replace(signer=signer)})


def collected(folder: pathlib.Path, wish: Request, *, signer: Signer | None) -> Plan:
    whole = known(folder, signer=signer)
    directory.write(folder / manifest.NAME, manifest.text(whole))
    spec = cluster(cluster_checksums={"kubelet": whole.files[KUBELET].sha256})
    return planned(spec, wish)


def test_what_is_there_and_was_not_verified_is_verified_now(tmp_path: pathlib.Path) -> None:
    plan = collected(tmp_path, signed(tmp_path), signer=None)
    why = f"no signature of it was verified, wanted {signing.PROGRAMS}"
    assert [(one.what.path, one.digest) for one in plan.checks] == [(KUBELET, ""), (PAUSE, f"sha256:{'1' * 64}")]
    assert plan.checks[0].reason == why
    assert ("verify", KUBELET, why) in [(one.operation, one.target, one.reason) for one in plan.actions()]
    assert f"{KUBELET}: {why} (kubelet 1.37.1 for amd64)" in told.lacking(plan, plan.known, ())


def test_what_was_verified_is_not_verified_again(tmp_path: pathlib.Path) -> None:
    plan = collected(tmp_path, own(tmp_path), signer=OWN)
    assert plan.checks == ()
    assert plan.known.files[KUBELET].signer == plan.known.images[PAUSE].signer == OWN
    plan = collected(tmp_path, signed(tmp_path), signer=OWN)
    assert plan.checks[1].reason == f"verified was that of {OWN}, wanted {signing.IMAGES}"


def test_a_run_that_does_not_ask_keeps_who_has_signed(tmp_path: pathlib.Path) -> None:
    plan = collected(tmp_path, asked(tmp_path), signer=OWN)
    assert plan.checks == ()
    assert plan.known.files[KUBELET].signer == plan.known.images[PAUSE].signer == OWN


def test_another_file_than_was_verified_is_not_taken_for_it(tmp_path: pathlib.Path) -> None:
    whole = known(tmp_path, signer=OWN)
    directory.write(tmp_path / manifest.NAME, manifest.text(whole))
    (tmp_path / KUBELET).write_bytes(b"another kubelet")
    other = directory.look(tmp_path, [KUBELET])[KUBELET].sha256
    plan = planned(cluster(cluster_checksums={"kubelet": other}), own(tmp_path))
    assert plan.known.files[KUBELET].signer is None
    assert [one.what.path for one in plan.checks] == [KUBELET]


def test_who_has_signed_is_told(tmp_path: pathlib.Path) -> None:
    whole = known(tmp_path, signer=OWN)
    wish = signed(tmp_path)
    needed = wanted.wanted(SPEC, wish)
    lines = told.of_signatures(wish, needed, whole, check_mode=False)
    assert lines[0] == f"signed by {OWN}: 2 of 2"
    assert lines[1].startswith("not signed upstream, so that no signature was verified: etcd ")
    assert told.of_signatures(wish, needed, whole, check_mode=True) == lines[1:]
    assert told.of_signatures(asked(tmp_path), needed, whole, check_mode=False) == []
    (tmp_path / "root.json").write_text(json.dumps(AUTHORITY))
    wish = signed(tmp_path, trusted_root=str(tmp_path / "root.json"))
    assert told.of_signatures(wish, needed, whole, check_mode=False)[0].endswith(
        f": 2 of 2. {tmp_path}/root.json names no transparency log, so none was asked"
    )


def test_the_manifest_has_who_has_signed(tmp_path: pathlib.Path) -> None:
    """Without a signature it is as it was, so that nobody's manifest changes."""
    without, with_signer = known(tmp_path, signer=None), known(tmp_path, signer=OWN)
    assert json.loads(manifest.text(without))["format"] == 1 and "signed_by" not in manifest.text(without)
    text = manifest.text(with_signer)
    assert manifest.parse(text.encode(), path="x") == with_signer
    content = json.loads(text)
    assert content["format"] == 2
    entry = {one["path"]: one for one in content["files"]}
    assert entry[KUBELET]["signed_by"] == {"identity": OWN.identity, "issuer": OWN.issuer}
    assert "signed_by" not in entry[f"{PAUSE}/index.json"]
    for change in ({"identity": 5, "issuer": "x"}, {"issuer": "x"}, "x"):
        content["images"][0]["signed_by"] = change
        with pytest.raises(ComponentError, match="is no manifest"):
            manifest.parse(json.dumps(content).encode(), path="x")
