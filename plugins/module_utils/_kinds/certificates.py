# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kind ``certificate``: certificates and their keys. A key is made on the host and never leaves it.

A new key waits beside its place as ``<key>.new`` until its certificate comes. A run that is killed in between
leaves it there and the next run uses it; killed between the two renames of an installation, the next run finds a
sound key with a foreign certificate and has a certificate made for that key.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import subprocess
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic, selinux_labels
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

CERTIFICATE_LIMIT = 1024 * 1024
OPENSSL_TIMEOUT = 60

# DER of every SubjectPublicKeyInfo on P-256 begins so (id-ecPublicKey, prime256v1, an uncompressed point) and has this length.
_P256_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_P256_LENGTH = 91

# The subject is a placeholder: the controller takes only the public key from the request.
_REQUEST_CONFIG = b"[req]\nprompt=no\ndistinguished_name=subject\n[subject]\nCN=request\n"


def collect(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The certificates as found. Of a key it tells only whether it exists and belongs to its certificate. Needs no openssl program."""
    return [_state(item) for item in items]


def request(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """A signing request (CSR) for each item. Makes a key if there is no usable one."""
    import shutil  # imported here, because most calls only collect

    openssl = shutil.which("openssl")
    if openssl is None and items:
        raise HostError(
            f"certificate {items[0]['name']}: the program openssl, which makes keys, is not on this host. "
            "Add openssl to the packages of the component, or install it."
        )
    return [{"csr": _csr(t.cast(str, openssl), item["key"])} for item in items]


def apply(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    for action in actions:
        _OPERATIONS[action["operation"]](action["data"])
    return [{} for _action in actions]


def _state(item: dict[str, t.Any]) -> dict[str, t.Any]:
    certificate = _read_certificate(item["path"])
    return {
        "certificate": certificate,
        "certificate_found": atomic.file_state(item["path"]),
        "key_found": atomic.file_state(item["key"]),
        "key": _key_state(item["path"], item["key"]) if certificate is not None else "unknown",
    }


def _read_certificate(path: str) -> str | None:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(CERTIFICATE_LIMIT)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostError(f"{path}: a certificate belongs here, but it cannot be read ({error.strerror}). Move away what is there.") from None


def _key_state(certificate: str, key: str) -> str:
    if not os.path.lexists(key):
        return "absent"
    return "matches" if _is_regular(key) and _belong_together(certificate, key) else "differs"


def _is_regular(path: str) -> bool:
    return bool(atomic.file_state(path)["type"] == "file")


def _belong_together(certificate: str, key: str) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # With a password given, an encrypted key is an error instead of a question on the terminal.
        context.load_cert_chain(certificate, key, password=lambda: "none")
    except (ssl.SSLError, OSError, ValueError):
        return False
    return True


def _csr(openssl: str, key: str) -> str:
    usable = _usable_key(openssl, key)
    arguments = ["req", "-new", "-batch", "-sha256", "-config", "/dev/stdin", "-key", usable]
    return _run(openssl, arguments, what=f"a signing request with {usable}", stdin=_REQUEST_CONFIG).decode("ascii")


def _usable_key(openssl: str, key: str) -> str:
    for candidate in (key, _waiting(key)):
        if _is_sound(openssl, candidate):
            return candidate
    arguments = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:named_curve"]
    secret = _run(openssl, arguments, what=f"the key {key}")
    private = atomic.Ownership(str(os.geteuid()), str(os.getegid()), "0600")
    atomic.write(_waiting(key), secret, ownership=private)
    return _waiting(key)


def _waiting(path: str) -> str:
    return f"{path}.new"


def _is_sound(openssl: str, key: str) -> bool:
    if not _is_regular(key):
        return False
    arguments = [openssl, "pkey", "-in", key, "-passin", "pass:", "-check", "-pubout", "-outform", "DER"]
    try:
        # AnsibleModule.run_command knows no deadline.
        completed = subprocess.run(  # pylint: disable=ansible-bad-function
            arguments, stdin=subprocess.DEVNULL, capture_output=True, timeout=OPENSSL_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    public = completed.stdout[completed.stdout.find(_P256_PREFIX) :]
    return completed.returncode == 0 and len(public) == _P256_LENGTH and public.startswith(_P256_PREFIX)


def _run(openssl: str, arguments: list[str], *, what: str, stdin: bytes = b"") -> bytes:
    try:
        # as above
        completed = subprocess.run(  # pylint: disable=ansible-bad-function
            [openssl, *arguments], input=stdin, capture_output=True, timeout=OPENSSL_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise HostError(f"openssl {arguments[0]} made no {what} within {OPENSSL_TIMEOUT} s. Is the host overloaded? Run again.") from None
    if completed.returncode != 0:
        raise HostError(
            f"openssl {arguments[0]} could not make {what}. Check the host's openssl and its configuration.",
            details=completed.stderr.decode(errors="replace").strip(),
        )
    return completed.stdout


def _issue(data: dict[str, t.Any]) -> None:
    path, key = data["path"], data["key"]
    staged = _waiting(path)
    atomic.write(staged, data["certificate"].encode("ascii"), ownership=_ownership(data, "mode"))
    found = next((candidate for candidate in (key, _waiting(key)) if _belong_together(staged, candidate)), None)
    if found is None:
        os.unlink(staged)
        raise HostError(
            f"certificate {data['name']}: it was made for a key that is neither {key} nor {_waiting(key)}; something has replaced the key "
            "since it was asked for. The old certificate stays in place; run again."
        )
    try:
        _install(staged, found, data)
    except OSError as error:
        raise HostError(
            f"certificate {data['name']} cannot be put at {path}: {error.strerror}. Move away what is there and run again."
        ) from None


def _install(staged: str, found: str, data: dict[str, t.Any]) -> None:
    path, key = data["path"], data["key"]
    atomic.set_ownership(found, ownership=_ownership(data, "key_mode"))
    selinux_labels.apply(found, as_path=key)
    selinux_labels.apply(staged, as_path=path)
    if found != key:
        os.rename(found, key)
    os.rename(staged, path)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_waiting(key))
    for directory in sorted({os.path.dirname(path), os.path.dirname(key)}):
        atomic.sync_directory(directory)


def _set_attributes(data: dict[str, t.Any]) -> None:
    atomic.set_ownership(data["path"], ownership=_ownership(data, "mode"))


_OPERATIONS = {"issue": _issue, "set-attributes": _set_attributes}


def _ownership(data: dict[str, t.Any], mode: str) -> atomic.Ownership:
    return atomic.Ownership(data["owner"], data["group"], data[mode])
