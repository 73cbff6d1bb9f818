#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates .venv from the hash-locked requirements, and creates it again when the lock or the interpreter changed.

usage: venv.py [--dev]

Run it with the interpreter that .venv is to use; it needs the standard library only. Two calls at the same time are safe, and a call
repairs what a killed one left.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed.json"


def digest(*, lock: pathlib.Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def installed() -> dict[str, str]:
    """The record of the last complete call: the interpreter, and the digest of each lock."""
    try:
        record = json.loads(STAMP.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) and (VENV / "bin" / "python").exists() else {}


def is_stale(*, record: dict[str, str], interpreter: str) -> bool:
    """Whether to create the environment again: a changed lock can have fewer packages than are installed."""
    locks = {name: value for name, value in record.items() if name != "interpreter"}
    return record.get("interpreter") != interpreter or any(
        not (ROOT / name).exists() or digest(lock=ROOT / name) != value for name, value in locks.items()
    )


def create() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        # the tool says itself what is wrong
        if subprocess.run([ROOT / "tools" / "need", f"the-module-ensurepip=python{version}-venv"], check=False).returncode != 0:
            sys.exit(1)
    shutil.rmtree(VENV, ignore_errors=True)
    print(f"Creating .venv with Python {sys.version.split()[0]}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)


def main() -> int:
    lock = ROOT / ("requirements-dev.txt" if "--dev" in sys.argv[1:] else "requirements.txt")
    interpreter = f"{pathlib.Path(sys.executable).resolve()} {sys.version.split()[0]}"
    (ROOT / ".build").mkdir(exist_ok=True)
    with (ROOT / ".build" / "venv.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        record = installed()
        if is_stale(record=record, interpreter=interpreter):
            create()
            record = {"interpreter": interpreter}
        if lock.name in record:
            return 0
        print(f"Installing {lock.name} into .venv: about a minute", flush=True)
        pip = [
            str(VENV / "bin" / "pip"),
            "--disable-pip-version-check",
            "install",
            "--quiet",
            "--require-hashes",
            "--requirement",
            str(lock),
        ]
        if subprocess.run(pip, check=False).returncode != 0:
            sys.exit(
                f"ERROR: pip could not install {lock.name}; the reason is above. If this machine cannot reach https://pypi.org, name a "
                "mirror: export PIP_INDEX_URL=https://…"
            )
        # the development lock includes the other one
        names = {"requirements.txt", lock.name}
        record.update({name: digest(lock=ROOT / name) for name in names})
        STAMP.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        version = subprocess.run([VENV / "bin" / "ansible", "--version"], check=True, capture_output=True, text=True)
        print(version.stdout.splitlines()[0].replace("ansible [", "Installed: ansible-").rstrip("]"), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
