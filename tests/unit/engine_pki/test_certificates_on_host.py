# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of certificates, signed by an authority of the openssl program. Runs on Python 3.9 too."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import typing as t

import pytest
from certificates_bench import item_in, key_of_certificate, key_of_key, openssl

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import certificates
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

HOST_DATA = ("name", "path", "key", "owner", "group")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    directory = tmp_path_factory.mktemp("authority")
    arguments = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=ca"]
    subprocess.run(["openssl", "req", "-x509", *arguments], cwd=directory, check=True, capture_output=True)
    return directory


def signed(authority: pathlib.Path, csr: str) -> str:
    return openssl("x509", "-req", "-CA", str(authority / "ca.crt"), "-CAkey", str(authority / "ca.key"), "-days", "30", text=csr)


def issue(item: dict[str, t.Any], certificate: str) -> dict[str, t.Any]:
    data = {**{name: item[name] for name in HOST_DATA}, "mode": "0644", "key_mode": "0600", "certificate": certificate}
    return {"kind": "certificate", "operation": "issue", "target": item["path"], "data": data}


def converge(authority: pathlib.Path, item: dict[str, t.Any]) -> None:
    (answer,) = certificates.request([item])
    assert certificates.apply([issue(item, signed(authority, answer["csr"]))]) == [{}]


def state_of(item: dict[str, t.Any]) -> dict[str, t.Any]:
    return certificates.collect([item])[0]


def mode(path: str) -> int:
    return os.stat(path).st_mode & 0o7777


def test_a_bare_host(tmp_path: pathlib.Path, authority: pathlib.Path) -> None:
    item = item_in(tmp_path)
    absent = {"type": "absent"}
    assert state_of(item) == {"certificate": None, "certificate_found": absent, "key_found": absent, "key": "unknown"}
    assert list(tmp_path.iterdir()) == []
    converge(authority, item)
    state = state_of(item)
    assert state["key"] == "matches"
    assert (state["certificate_found"]["mode"], state["key_found"]["mode"]) == ("0644", "0600")
    assert state["certificate"] == pathlib.Path(item["path"]).read_text(encoding="ascii")
    assert sorted(os.listdir(tmp_path / "pki")) == ["server.crt", "server.key"]
    openssl("verify", "-CAfile", str(authority / "ca.crt"), item["path"])


def test_a_key_is_closed_from_its_first_byte(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    real = os.open

    def spy(path: t.Any, flags: int, mode: int = 0o777, **more: t.Any) -> int:
        if flags & os.O_CREAT:
            opened.append((os.path.basename(os.fspath(path)), mode, bool(flags & os.O_EXCL)))
        return real(path, flags, mode, **more)

    monkeypatch.setattr(os, "open", spy)
    before = os.umask(0)
    try:
        certificates.request([item_in(tmp_path)])
    finally:
        os.umask(before)
    assert [(mode, exclusive) for name, mode, exclusive in opened if "key" in name] == [(0o600, True)]
    assert mode(str(tmp_path / "pki" / "server.key.new")) == 0o600


def test_a_key_is_in_no_argument_and_no_answer(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[str] = []
    real = subprocess.run

    def spy(arguments: list[str], *, check: bool, **more: t.Any) -> t.Any:
        commands.append(" ".join(arguments))
        return real(arguments, check=check, **more)

    monkeypatch.setattr(certificates.subprocess, "run", spy)
    (answer,) = certificates.request([item_in(tmp_path)])
    secret = (tmp_path / "pki" / "server.key.new").read_text().splitlines()[1]
    assert commands
    assert secret not in " ".join(commands) + repr(answer)


def test_a_sound_key_is_kept(tmp_path: pathlib.Path, authority: pathlib.Path) -> None:
    item = item_in(tmp_path)
    converge(authority, item)
    key = pathlib.Path(item["key"]).read_bytes()
    converge(authority, item)
    assert pathlib.Path(item["key"]).read_bytes() == key


def test_a_key_that_waits_is_used(tmp_path: pathlib.Path, authority: pathlib.Path) -> None:
    item = item_in(tmp_path)
    first = certificates.request([item])[0]["csr"]
    waiting = (tmp_path / "pki" / "server.key.new").read_bytes()
    second = certificates.request([item])[0]["csr"]
    assert openssl("req", "-noout", "-pubkey", text=first) == openssl("req", "-noout", "-pubkey", text=second)
    converge(authority, item)
    assert pathlib.Path(item["key"]).read_bytes() == waiting


@pytest.mark.parametrize("kind", ["RSA", "P-384", "Ed25519", "encrypted", "garbage", "empty", "link"])
def test_an_unusable_key_is_replaced_only_with_its_certificate(tmp_path: pathlib.Path, authority: pathlib.Path, kind: str) -> None:
    item = item_in(tmp_path)
    converge(authority, item)
    key = pathlib.Path(item["key"])
    if kind == "link":
        elsewhere = tmp_path / "elsewhere"
        key.rename(elsewhere)
        key.symlink_to(elsewhere)
    else:
        texts = {
            "RSA": lambda: openssl("genpkey", "-algorithm", "RSA"),
            "P-384": lambda: openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
            "Ed25519": lambda: openssl("genpkey", "-algorithm", "ed25519"),
            "encrypted": lambda: openssl("pkey", "-in", item["key"], "-aes256", "-passout", "pass:word"),
            "garbage": lambda: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "empty": lambda: "",
        }
        key.write_text(texts[kind]())
    assert state_of(item)["key"] == "differs"
    before = key.read_bytes()
    (answer,) = certificates.request([item])
    assert key.read_bytes() == before
    certificates.apply([issue(item, signed(authority, answer["csr"]))])
    assert state_of(item)["key"] == "matches"
    assert key_of_key(item["key"]) == key_of_certificate(item["path"])


def test_the_state_of_a_pair(tmp_path: pathlib.Path, authority: pathlib.Path) -> None:
    item, other = item_in(tmp_path), item_in(tmp_path / "other")
    converge(authority, item)
    converge(authority, other)
    shutil.copy(other["path"], item["path"])
    assert state_of(item)["key"] == "differs"
    os.unlink(item["key"])
    assert state_of(item)["key"] == "absent"
    pathlib.Path(item["path"]).write_bytes(b"\xff\x00 not a certificate")
    assert "not a certificate" in state_of(item)["certificate"]


def test_a_certificate_for_another_key_is_refused(tmp_path: pathlib.Path, authority: pathlib.Path) -> None:
    item = item_in(tmp_path)
    converge(authority, item)
    before = pathlib.Path(item["path"]).read_bytes()
    foreign = certificates.request([item_in(tmp_path / "other")])[0]["csr"]
    with pytest.raises(HostError, match=r"it was made for a key that is neither .*The old certificate stays in place; run again"):
        certificates.apply([issue(item, signed(authority, foreign))])
    assert pathlib.Path(item["path"]).read_bytes() == before
    assert sorted(os.listdir(tmp_path / "pki")) == ["server.crt", "server.key"]


def test_without_openssl_the_state_is_known_and_a_request_says_what_is_missing(
    tmp_path: pathlib.Path, authority: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = item_in(tmp_path)
    converge(authority, item)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert state_of(item)["key"] == "matches"
    with pytest.raises(HostError, match=r"certificate server: the program openssl.* Add openssl to the packages"):
        certificates.request([item])
    assert certificates.request([]) == []


def test_an_owner_that_does_not_exist(tmp_path: pathlib.Path, authority: pathlib.Path) -> None:
    item = item_in(tmp_path, owner="nobody-of-that-name")
    with pytest.raises(HostError, match="nobody-of-that-name"):
        converge(authority, item)
    assert not os.path.exists(item["path"])


def test_owner_and_mode_are_mended(tmp_path: pathlib.Path, authority: pathlib.Path) -> None:
    item = item_in(tmp_path)
    converge(authority, item)
    os.chmod(item["key"], 0o666)
    data = {"path": item["key"], "owner": item["owner"], "group": item["group"], "mode": "0640"}
    certificates.apply([{"operation": "set-attributes", "data": data}])
    assert mode(item["key"]) == 0o640


@pytest.mark.slow
@pytest.mark.parametrize("rekey", [False, True])
def test_an_installation_killed_anywhere_is_repaired_by_the_next_run(tmp_path: pathlib.Path, authority: pathlib.Path, rekey: bool) -> None:
    """The process dies before its n-th system call that changes the directory, for every n there is."""
    survived = 0
    converge(authority, item_in(tmp_path / "model"))
    for deadly in range(1, 30):
        item = item_in(tmp_path / str(deadly))
        shutil.copytree(tmp_path / "model", tmp_path / str(deadly))
        if rekey:
            pathlib.Path(item["key"]).write_text("broken")
        if _dies(authority, item, deadly):
            survived += 1
            # What a planner would do next: issue again unless all is well.
            if state_of(item)["key"] != "matches":
                converge(authority, item)
            assert state_of(item)["key"] == "matches"
            openssl("verify", "-CAfile", str(authority / "ca.crt"), item["path"])
            converge(authority, item)
            assert sorted(os.listdir(os.path.dirname(item["key"]))) == ["server.crt", "server.key"]
        else:
            break
    assert survived >= (4 if rekey else 2)


def _dies(authority: pathlib.Path, item: dict[str, t.Any], deadly: int) -> bool:
    child = os.fork()
    if child == 0:
        count = 0

        def fatal(function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
            def call(*arguments: t.Any, **more: t.Any) -> t.Any:
                nonlocal count
                count += 1
                if count == deadly:
                    os._exit(9)
                return function(*arguments, **more)

            return call

        os.rename, os.unlink, os.chmod = fatal(os.rename), fatal(os.unlink), fatal(os.chmod)  # type: ignore[assignment]
        try:
            converge(authority, item)
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status == 9
