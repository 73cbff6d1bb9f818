# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said where a library of the controller is missing or too old."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import libraries

WITHOUT = """
import sys
sys.path[:0] = {path!r}
sys.modules.update({{"netaddr": None, "cryptography": None}})
from ansible_collections.barehost.kubernetes.plugins.action import admin_kubeconfig, cluster_spec, component
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import libraries
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import cidrs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs
for use in (lambda: cidrs.parse_address("192.0.2.1"), certs.new_key, lambda: certs.load("x")):
    try:
        use()
    except libraries.DependencyError as error:
        print(error)
"""


def test_plugins_load_without_the_libraries_and_say_what_to_install_when_used() -> None:
    code = WITHOUT.format(path=[path for path in sys.path if path])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split(" is needed")[0] for line in done.stdout.splitlines()] == ["netaddr 1.3 or newer"] + ["cryptography 44 or newer"] * 2
    assert done.stdout.count(f"'{sys.executable} -m pip install \"") == 3


def test_a_version_that_is_too_old_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries.importlib.metadata, "version", lambda package: "1.2.9")
    with pytest.raises(libraries.DependencyError, match=r"netaddr 1\.3 or newer is needed, but .* has 1\.2\.9"):
        libraries.library("netaddr").IPAddress("192.0.2.1")


def test_the_first_version_that_will_do_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries.importlib.metadata, "version", lambda package: libraries.MINIMUM[package])
    assert libraries.library("netaddr").IPAddress("192.0.2.1").version == 4
