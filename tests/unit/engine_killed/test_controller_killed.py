# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller is killed before and after everything that it writes: the next run goes on with what is there."""

from __future__ import annotations

import json
import os
import pathlib
import stat
import subprocess
import sys

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import directory

pytestmark = pytest.mark.slow
HERE = pathlib.Path(__file__).parent
COLLECTIONS = pathlib.Path(directory.__file__).parents[5]
KEYS = (*(f"{authority}-ca.key" for authority in directory.AUTHORITIES), directory.SERVICE_ACCOUNT_KEY)
PUBLIC = (*(f"{authority}-ca.crt" for authority in directory.AUTHORITIES), directory.SERVICE_ACCOUNT_PUBLIC)


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, pathlib.Path]]:
    """Before which mutation each process died, and the folder that it left."""
    base = tmp_path_factory.mktemp("deaths")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(COLLECTIONS), *filter(None, sys.path)])}
    command = [sys.executable, "-W", "error::DeprecationWarning:__main__", str(HERE / "killed_births.py"), str(base)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [(what, base / str(number)) for number, what in enumerate(json.loads(done.stdout), 1)]


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "inventory").rglob("*") if path.is_file()}


def test_everything_is_whole_or_absent_and_closed_at_every_moment(deaths: list[tuple[str, pathlib.Path]]) -> None:
    assert len(deaths) >= 40
    for what, folder in deaths:
        for path in folder.rglob("*"):
            mode = stat.S_IMODE(path.stat().st_mode)
            secret = path.is_file() and not path.name.lstrip(".").startswith(PUBLIC)
            assert not secret or mode & 0o077 == 0, f"before {what}: {path.name} has mode {mode:04o}"
            assert path.name != "pki" or mode == 0o700, f"before {what}: the PKI directory has mode {mode:04o}"
        for name, content in contents(folder).items():
            if name in (*KEYS, *PUBLIC, directory.ENCRYPTION, "kubeconfig"):
                assert content.endswith(b"\n"), f"before {what}: {name} is half written"
            if name in KEYS:
                serialization.load_pem_private_key(content, password=None)


def test_the_next_run_keeps_every_key_and_makes_the_rest(deaths: list[tuple[str, pathlib.Path]]) -> None:
    for what, folder in deaths:
        before = contents(folder)
        pki = directory.Pki(folder / "inventory" / "pki")
        for name in (*PUBLIC, directory.SERVICE_ACCOUNT_KEY, directory.ENCRYPTION):
            pki.read(name)
        after = contents(folder)
        assert {name for name in after if name != "kubeconfig"} >= {*KEYS, *PUBLIC, directory.ENCRYPTION}, f"before {what}"
        lost = [name for name, content in before.items() if after.get(name) != content and not name.startswith(".")]
        assert lost == [], f"before {what}"
        left = [name for name in after if name.startswith(".") and not name.startswith(".kubeconfig.")]
        assert left == [], f"before {what}"
        for authority in directory.AUTHORITIES:
            key = serialization.load_pem_private_key(after[f"{authority}-ca.key"], password=None)
            assert x509.load_pem_x509_certificate(after[f"{authority}-ca.crt"]).public_key() == key.public_key(), f"before {what}"
        assert pki.warnings == [], f"before {what}"
