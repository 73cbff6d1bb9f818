#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the hosts of an inventory up as virtual machines and writes its ssh_config; or removes them.

usage: vagrant_lab.py up|down INVENTORY
       vagrant_lab.py digest

The last prints the SHA-256 of the box, which the molecule scenario `default` takes as BAREHOST_BOX_SHA256.

The machines are described by the Vagrantfile; this adds what a Vagrantfile cannot do well: it fetches the digest of the box,
and turns `vagrant ssh-config` into the file that the inventory names in ansible_ssh_common_args.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import typing as t
import urllib.error
import urllib.request

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent


def digest_of(*, listing: str, file: str) -> str:
    """The SHA-256 of a file from a list of digests, in coreutils' form or in BSD's; or from a bare digest."""
    for line in listing.splitlines():
        found = re.search(r"\b[0-9a-f]{64}\b", line)
        if found and (file in line or line.strip() == found[0]):
            return found[0]
    raise SystemExit(f"The list of digests has none for {file}. Give one in vagrant/boxes.yml or as BAREHOST_BOX_SHA256.")


def chosen() -> tuple[str, str]:
    """The EL release and the provider that the environment asks for."""
    return os.environ.get("BAREHOST_EL", "10"), os.environ.get("VAGRANT_DEFAULT_PROVIDER", "libvirt")


def box_of(*, release: str, provider: str) -> dict[str, str]:
    """The box's entry in vagrant/boxes.yml."""
    boxes = yaml.safe_load((ROOT / "vagrant" / "boxes.yml").read_text(encoding="utf-8"))
    try:
        box: dict[str, str] = boxes[release][provider]
    except KeyError:
        raise SystemExit(f"vagrant/boxes.yml has no box of EL {release} for {provider}. It has: {', '.join(boxes)}.") from None
    return box


def box_digest(*, release: str, provider: str) -> str:
    """From the environment, from vagrant/boxes.yml, or from the file beside the box."""
    box = box_of(release=release, provider=provider)
    if given := os.environ.get("BAREHOST_BOX_SHA256") or box.get("sha256"):
        return given
    url = f"{box['url']}.SHA256SUM"
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return digest_of(listing=answer.read(100_000).decode(), file=box["url"].rpartition("/")[2])
    except (urllib.error.URLError, TimeoutError) as error:
        raise SystemExit(f"{url}: {error}. Give the digest of the box in vagrant/boxes.yml or as BAREHOST_BOX_SHA256.") from None


def ssh_config(*, vagrant: str, addresses: dict[str, str]) -> str:
    """`vagrant ssh-config`, matching the inventory's addresses too, because that is what Ansible connects to, and as root."""
    lines = ["# Written by tools/vagrant_lab.py from `vagrant ssh-config`."]
    for line in vagrant.splitlines():
        word, _, value = line.strip().partition(" ")
        if word == "Host":
            line = f"Host {value} {addresses[value]}"
        elif word == "User":
            line = "  User root"
        lines.append(line)
    return "\n".join(lines).rstrip() + "\n"


def listing_of(inventory: pathlib.Path) -> dict[str, t.Any]:
    """The inventory as Ansible reads it."""
    command = [str(pathlib.Path(sys.executable).parent / "ansible-inventory"), "--inventory", str(inventory), "--list"]
    listing: dict[str, t.Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return listing


def addresses_of(listing: dict[str, t.Any]) -> dict[str, str]:
    return {name: variables["ansible_host"] for name, variables in listing["_meta"]["hostvars"].items()}


def vagrant(*arguments: str, environment: dict[str, str], capture: bool = False) -> str:
    done = subprocess.run(
        ["vagrant", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE if capture else None,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"vagrant {' '.join(arguments)} ended with {done.returncode}: see its output above.")
    return done.stdout or ""


def up(inventory: pathlib.Path) -> None:
    release, provider = chosen()
    environment = {
        "BAREHOST_INVENTORY": str(inventory),
        "BAREHOST_BOX_SHA256": box_digest(release=release, provider=provider),
        "VAGRANT_DEFAULT_PROVIDER": provider,
    }
    # of the other kind of lab: its mirror is not there for virtual machines
    (inventory / "group_vars" / "all" / "lab.yml").unlink(missing_ok=True)
    vagrant("up", environment=environment)
    text = ssh_config(vagrant=vagrant("ssh-config", environment=environment, capture=True), addresses=addresses_of(listing_of(inventory)))
    (inventory / "ssh_config").write_text(text, encoding="utf-8")


def down(inventory: pathlib.Path) -> None:
    vagrant("destroy", "--force", environment={"BAREHOST_INVENTORY": str(inventory)})
    (inventory / "ssh_config").unlink(missing_ok=True)


def main() -> int:
    if sys.argv[1:] == ["digest"]:
        release, provider = chosen()
        print(box_digest(release=release, provider=provider))
        return 0
    if len(sys.argv) != 3 or sys.argv[1] not in ("up", "down"):
        raise SystemExit("usage: vagrant_lab.py up|down INVENTORY, or vagrant_lab.py digest")
    if shutil.which("vagrant") is None:
        raise SystemExit("vagrant is not installed. It needs a provider too: on Debian, apt-get install vagrant vagrant-libvirt.")
    {"up": up, "down": down}[sys.argv[1]](pathlib.Path(sys.argv[2]).resolve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
