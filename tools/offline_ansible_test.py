#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-test without the internet, containers, or a checkout in a special place.

usage: offline_ansible_test.py sanity|units [ARGUMENT…]     (the arguments go to ansible-test)

It runs on the interpreters of PYTHONS that are here, or on those that $BAREHOST_TEST_PYTHONS names, as "3.9 3.13".

ansible-test needs three things that a checkout does not have:

* A directory .../ansible_collections/barehost/kubernetes. Each run copies the files of the checkout below .build/ansible-test.
* Interpreters that work. It takes pythonX.Y from PATH, where pyenv has shims that can fail, so links to the real ones come first.
* get-pip.py from ci-files.testing.ansible.com. A replacement, where ansible-test expects its saved copy, uses ensurepip.

The home directory of ansible-test, with its virtual environments, is $XDG_CACHE_HOME/barehost/ansible-test.
"""

from __future__ import annotations

import importlib
import os
import pathlib
import shutil
import subprocess
import sys
import types

ROOT = pathlib.Path(__file__).resolve().parent.parent
# a directory for each command, because two can run at the same time
BUILD = ROOT / ".build" / "ansible-test" / (sys.argv[1] if len(sys.argv) > 1 else "none")
COLLECTION = BUILD / "ansible_collections" / "barehost" / "kubernetes"
# EL 9 has 3.9, EL 10 has 3.12, controllers have 3.11 to 3.13
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
# Not part of the collection: tools of the development, which ruff, mypy and shellcheck check.
NOT_OF_THE_COLLECTION = (
    "lab/",
    "tools/",
    ".ci/",
    ".collections/",
    "tests/gates/",
    "tests/host/",
    "tests/cluster/",
    "tests/molecule/",
    "tests/unit/bench/",
    "tests/unit/lab/",
    "tests/conftest.py",
    # they start ansible-playbook, which is not in the environment of ansible-test; `make test` runs them
    "tests/unit/spec/test_spec_playbook.py",
    "tests/unit/cis/test_cis_rules.py",
    "tests/unit/spec/test_release_facts_tool.py",
    "tests/unit/spec/test_release_digests_tool.py",
    "tests/unit/spec/test_run_tags_playbook.py",
    "tests/unit/spec/test_inventory_unread.py",
    "tests/unit/removal/test_what_is_left_to_do.py",
    "tests/unit/engine_pki/test_admin_kubeconfig.py",
    "tests/unit/progress/test_progress_playbook.py",
    "tests/unit/certificates/test_certificates_playbook.py",
    "tests/unit/doctor/test_doctor_playbook.py",
    "tests/unit/fuzz/test_lying_hosts.py",
    "tests/unit/explain/test_explain_playbook.py",
    "tests/unit/logs/test_collect_logs_playbook.py",
    "tests/unit/report/test_report_playbooks.py",
    "tests/unit/people/test_kubeconfig_playbook.py",
    "tests/unit/mirror/test_mirror_playbook.py",
    "tests/unit/mirror/test_mirror_images.py",
    # ansible-test gives each test a process of its own, so what all of them share would be made anew for each
    "tests/unit/variables/",
)

GET_PIP = '''\
"""Replaces get-pip.py: ensurepip installs pip, and pip installs the requested versions."""
import ensurepip
import os
import subprocess
import sys

ensurepip.bootstrap()
# ensurepip sets this variable, which disables pip's configuration
os.environ.pop("PIP_CONFIG_FILE", None)
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install"] + wanted))
'''


def runs(*, python: pathlib.Path | str, version: str) -> pathlib.Path | None:
    """The real interpreter of a name or path, or None if it does not run or has another version."""
    code = "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable)"
    try:
        answer = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=30, check=True).stdout.split("\n")
    except (OSError, subprocess.SubprocessError):
        return None
    return pathlib.Path(answer[1]).resolve() if answer[0] == version else None


def interpreters() -> dict[str, pathlib.Path]:
    """The interpreters of this machine by version, from PATH or pyenv."""
    found: dict[str, pathlib.Path] = {}
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv")) / "versions"
    for version in os.environ.get("BAREHOST_TEST_PYTHONS", "").split() or PYTHONS:
        candidates: list[pathlib.Path | str] = [f"python{version}", *sorted(pyenv.glob(f"{version}.*/bin/python{version}"), reverse=True)]
        for candidate in candidates:
            if real := runs(python=candidate, version=version):
                found[version] = real
                break
    return found


def checkout_files() -> list[str]:
    """The files that git tracks or would track: neither ignored nor deleted."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [name for name in names if name and not name.startswith(NOT_OF_THE_COLLECTION) and os.path.lexists(ROOT / name)]


def copy_collection() -> None:
    """Replaces the copy, except tests/output, where ansible-test keeps an environment."""
    for path in [*COLLECTION.glob("*"), *COLLECTION.glob("tests/*")]:
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.relative_to(COLLECTION).parts not in (("tests",), ("tests", "output")):
            shutil.rmtree(path)
    for name in checkout_files():
        target = COLLECTION / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)
    subprocess.run(["git", "init", "--quiet"], cwd=COLLECTION, check=True)


def link_interpreters() -> pathlib.Path:
    directory = BUILD / "bin"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    found = interpreters()
    for version, real in found.items():
        (directory / f"python{version}").symlink_to(real)
    print(f"Pythons: {' '.join(found)}", flush=True)
    if "3.9" not in found:
        sys.exit("Python 3.9 is not installed. The tests need it: it is the oldest version of a host. Install it, for example with pyenv.")
    return directory


def prepare_home() -> pathlib.Path:
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "barehost" / "ansible-test"
    saved = home / ".ansible" / "test" / "cache"
    saved.mkdir(parents=True, exist_ok=True)
    # use the configuration and cache of the user's pip
    for name in (".cache", ".config", ".pip"):
        if not os.path.lexists(home / name) and (pathlib.Path.home() / name).is_dir():
            (home / name).symlink_to(pathlib.Path.home() / name)
    internal = importlib.import_module("ansible_test._internal.python_requirements")
    for version in {internal.get_venv_packages(types.SimpleNamespace(version=version))["pip"] for version in PYTHONS}:
        (saved / f"get_pip_{version.replace('.', '_')}.py").write_text(GET_PIP, encoding="utf-8")
    return home


def main() -> int:
    copy_collection()
    programs = pathlib.Path(sys.executable).parent
    path = f"{programs}:{link_interpreters()}:/usr/bin:/bin"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment.update(HOME=str(prepare_home()), PATH=path)
    return subprocess.run([programs / "ansible-test", *sys.argv[1:]], cwd=COLLECTION, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
