# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate items in a temporary place, and the openssl program as the judge. Runs on Python 3.9 too."""

from __future__ import annotations

import grp
import os
import pathlib
import pwd
import subprocess
import typing as t


def openssl(*arguments: str, text: str = "") -> str:
    completed = subprocess.run(["openssl", *arguments], input=text, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


def item_in(directory: pathlib.Path, **changes: t.Any) -> dict[str, t.Any]:
    return {
        "name": "server",
        "authority": "etcd",
        "path": str(directory / "pki" / "server.crt"),
        "key": str(directory / "pki" / "server.key"),
        "owner": pwd.getpwuid(os.geteuid()).pw_name,
        "group": grp.getgrgid(os.getegid()).gr_name,
        "common_name": "k8s.master.dev",
        "organizations": [],
        "dns": ["k8s.master.dev", "localhost"],
        "ips": ["192.168.200.100", "127.0.0.1"],
        "usages": ["server", "client"],
        "days": 365,
        "renew_before_days": 30,
        **changes,
    }


def key_of_certificate(path: str) -> str:
    return openssl("x509", "-in", path, "-noout", "-pubkey")


def key_of_key(path: str) -> str:
    return openssl("pkey", "-in", path, "-pubout")
