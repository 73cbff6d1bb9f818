# SPDX-License-Identifier: GPL-3.0-or-later
"""What the list of certificates reads of a host, and what never leaves it. Runs on Python 3.9 too."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pathlib
import subprocess
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._certificates import looks

SECRET = "c2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXMtMDEyMzQ="


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate and its key."""
    directory = tmp_path_factory.mktemp("made")
    arguments = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k", "-out", "c", "-subj", "/CN=one"]
    subprocess.run(["openssl", "req", "-x509", *arguments], cwd=directory, check=True, capture_output=True)
    return (directory / "c").read_text(), (directory / "k").read_text()


def look(**payload: t.Any) -> dict[str, t.Any]:
    return looks.run("collect", {"certificates": [], "files": [], "directories": [], **payload})


def of_file(path: pathlib.Path, kind: str, **item: t.Any) -> dict[str, t.Any]:
    (found,) = look(files=[{"path": str(path), "kind": kind, **item}])["files"]
    return t.cast("dict[str, t.Any]", found)


def pair(directory: pathlib.Path) -> dict[str, t.Any]:
    (found,) = look(certificates=[{"name": "one", "path": str(directory / "a.crt"), "key": str(directory / "a.key")}])["certificates"]
    return t.cast("dict[str, t.Any]", found)


def test_a_certificate_and_its_key(made: tuple[str, str], tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.crt").write_text(f"text before\n{made[0]}")
    (tmp_path / "a.key").write_text(made[1])
    (tmp_path / "a.key").chmod(0o640)
    found = pair(tmp_path)
    assert (found["pem"], found["key"], found["fault"], found["holds_key"]) == ([made[0].strip()], "matches", "", False)
    assert found["key_found"]["mode"] == "0640"
    (tmp_path / "a.key").unlink()
    assert pair(tmp_path)["key"] == "absent"


def test_a_key_beside_its_certificate_stays_on_the_host(made: tuple[str, str], tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.crt").write_text(made[1] + made[0])
    (tmp_path / "b.crt").write_text(made[1] + made[0])
    answer = look(
        certificates=[{"name": "one", "path": str(tmp_path / "a.crt"), "key": str(tmp_path / "a.crt")}], directories=[str(tmp_path)]
    )
    assert answer["certificates"][0]["holds_key"] and answer["unknown"][0]["holds_key"]
    assert [entry["path"] for entry in answer["unknown"]] == [str(tmp_path / "b.crt")]
    assert made[1].splitlines()[1] not in json.dumps(answer)


@pytest.mark.parametrize("make", ["directory", "pipe", "link to nowhere", "nothing", "rubbish"])
def test_what_is_no_certificate(make: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.crt"
    if make == "directory":
        path.mkdir()
    elif make == "pipe":
        os.mkfifo(path)
    elif make == "link to nowhere":
        path.symlink_to(tmp_path / "nowhere")
    elif make == "rubbish":
        path.write_bytes(b"\0\xff-----BEGIN CERTIFICATE-----\0-----END CERTIFICATE-----" * 10)
    found = pair(tmp_path)
    assert (found["pem"], found["key"]) == ([], "unknown")
    assert bool(found["fault"]) == (make in ("directory", "pipe", "link to nowhere"))


@pytest.mark.parametrize("style", ["yaml", "json"])
def test_a_kubeconfig_gives_its_certificate_and_neither_key_nor_token(made: tuple[str, str], style: str, tmp_path: pathlib.Path) -> None:
    path, certificate, key = tmp_path / "config", *(base64.b64encode(text.encode()).decode() for text in made)
    user = {"client-certificate-data": certificate, "client-key-data": key, "token": "a-token"}
    yaml = "users:\n- name: one\n  user:\n" + "".join(f"    {name}: {value}\n" for name, value in user.items())
    path.write_text(json.dumps({"users": [{"name": "one", "user": user}]}) if style == "json" else yaml)
    found = of_file(path, "kubeconfig")
    assert found["pem"] == [made[0].strip()]
    assert key[:40] not in json.dumps(found) and "a-token" not in json.dumps(found)


def test_a_kubeconfig_that_names_its_certificate(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "config"
    path.write_text("users:\n- name: one\n  user:\n    client-certificate: /etc/a.crt\n    client-key: /etc/a.key\n")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert (of_file(path, "kubeconfig", digest=digest)["named"], of_file(path, "kubeconfig", digest=digest)["same"]) == (
        ["/etc/a.crt"],
        True,
    )
    assert of_file(path, "kubeconfig", digest="0" * 64)["same"] is False
    assert of_file(path, "kubeconfig")["same"] is None


@pytest.mark.parametrize(
    "text",
    [
        "resources:\n  - resources: [secrets]\n    providers:\n      - secretbox:\n          keys:\n"
        f"            - name: key2\n              secret: {SECRET}\n            - name: key1\n              secret: {SECRET}\n"
        "      - identity: {}\n",
        json.dumps({"providers": [{"secretbox": {"keys": [{"name": n, "secret": SECRET} for n in ("key2", "key1")]}}, {"identity": {}}]}),
        f"providers: [{{secretbox: {{keys: [{{name: key2, secret: {SECRET}}}, {{name: key1, secret: {SECRET}}}]}}}}, {{identity: {{}}}}]",
    ],
)
def test_of_encryption_keys_only_names_and_order_are_told(text: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "encryption-config.yaml"
    path.write_text(text)
    found = of_file(path, "encryption key")
    assert found["providers"] == ["secretbox: key2, key1", "identity"]
    assert SECRET[:10] not in json.dumps(found)
    assert hashlib.sha256(SECRET.encode()).hexdigest() not in json.dumps(found)
    assert hashlib.sha256(text.encode()).hexdigest() not in json.dumps(found)


def test_a_service_account_key_tells_its_public_part_alone(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "service-account.pub"
    path.write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n" * 2)
    assert of_file(path, "public key")["keys"] == [hashlib.sha256(b"AAAA").hexdigest()] * 2
    assert set(of_file(path, "private key")) == {"found", "fault", "same"}


def test_certificates_that_nobody_describes(made: tuple[str, str], tmp_path: pathlib.Path) -> None:
    (tmp_path / "own" / "deeper").mkdir(parents=True)
    for name in ("a.crt", "own/b.pem", "own/deeper/c.crt"):
        (tmp_path / name).write_text(made[0])
    (tmp_path / "note").write_text("no certificate")
    os.mkfifo(tmp_path / "pipe")
    answer = look(files=[{"path": str(tmp_path / "a.crt"), "kind": "authority"}], directories=[str(tmp_path), "/nowhere"])
    assert [entry["path"] for entry in answer["unknown"]] == [str(tmp_path / "own/b.pem")]
    assert answer["complete"]


def test_a_directory_of_many_files_is_not_read_to_its_end(
    made: tuple[str, str], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (tmp_path / f"{number}.crt").write_text(made[0])
    monkeypatch.setattr(looks, "UNKNOWN", 5)
    answer = look(directories=[str(tmp_path)])
    assert (len(answer["unknown"]), answer["complete"]) == (5, False)


def test_what_is_behind_a_closed_directory_is_not_absent(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """root sees everything, so the system's answer is played."""
    path = tmp_path / "a.crt"

    def refuse(*_arguments: t.Any, **_options: t.Any) -> t.Any:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(looks.atomic.os, "lstat", refuse)
    monkeypatch.setattr(looks.os, "open", refuse)
    found = of_file(path, "kubeconfig")
    monkeypatch.undo()
    assert (found["found"], found["fault"]) == ({"type": "unknown"}, "it cannot be read: Permission denied")


def test_nothing_is_changed(made: tuple[str, str], tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.crt").write_text(made[0])
    before = sorted((str(path), path.stat().st_mtime_ns) for path in [tmp_path, *tmp_path.iterdir()])
    pair(tmp_path)
    look(directories=[str(tmp_path)])
    assert sorted((str(path), path.stat().st_mtime_ns) for path in [tmp_path, *tmp_path.iterdir()]) == before
