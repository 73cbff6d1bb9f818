#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a Kubernetes cluster with the guestbook on the hosts of an inventory, or removes the hosts.

usage: make_cluster.py up|down INVENTORY nspawn|guests|guests-core|vagrant

`up` checks the machine, creates the hosts unless they are up, runs the playbooks and shows the cluster. It can be repeated: hosts that
are up are kept. It never removes the hosts of another inventory or checkout. The module uses the standard library only, because it
creates .venv itself.
"""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time
import typing as t

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
# What the stages take for the four hosts of inventories/lab, measured on 2 idle cores.
CREATE_FIRST = ("about 11 min", "the first time: builds or fetches programs and images, and keeps them in {cache}")
CREATE = ("about 15 s", "from what is kept in {cache}")
KEEP = ("no time", "they are up and stay as they are")
MACHINES = ("some minutes", "the first time: fetches the box")
STAGES = {"Cluster": "playbooks/site.yml", "Guestbook": "playbooks/guestbook.yml", "Health": "playbooks/health.yml"}
BARE = {"Cluster": "about 70 s", "Guestbook": "about 10 s", "Health": "about 5 s"}
CONVERGED = {"Cluster": "about 10 s", "Guestbook": "about 5 s", "Health": "about 5 s"}


# The kinds of hosts that lab/lab makes, its drivers; the other kind is virtual machines.
LAB_HOSTS = ("nspawn", "guests", "guests-core")
GUESTS_FIRST = "; a kernel and its modules too, which takes half an hour more"


class Problem(Exception):
    """Something that the operator must correct; the message says how."""


class Lab(t.NamedTuple):
    """What `lab/lab status` reports: inventory, driver, and address and state of each host. Without hosts, no lab is up."""

    inventory: str
    hosts: dict[str, tuple[str, str]]
    driver: str = "nspawn"

    @classmethod
    def read(cls) -> Lab:
        status = json.loads(output_of("lab/lab", "status", "--json"))
        hosts = {host["name"]: (host["address"], host["state"]) for host in status["hosts"]}
        return cls(status["inventory"] or "", hosts, status["driver"] or "nspawn")


# ---------------------------------------------------------------- checks


def check_choice(driver: str) -> None:
    if driver not in (*LAB_HOSTS, "vagrant"):
        raise Problem(
            f"LAB={driver} is not known. Choose LAB=nspawn (hosts on this machine), LAB=guests (such with a kernel of their own), "
            "LAB=guests-core (without the modules of kernel-modules-extra) or LAB=vagrant (virtual machines)."
        )


def check_inventory(inventory: str) -> pathlib.Path:
    """The folder of the inventory."""
    folder = ROOT / inventory
    if not (folder / "hosts.yml").is_file():
        known = sorted(path.parent.name for path in ROOT.glob("inventories/*/hosts.yml"))
        raise Problem(
            f"INVENTORY={inventory} is not an inventory: {folder}/hosts.yml does not exist. Choose one of: "
            + ", ".join(f"inventories/{name}" for name in known)
        )
    return folder.resolve()


def check_user(target: str, user: int) -> None:
    if user != 0:
        raise Problem(
            "The hosts of the lab are containers on this machine, which only root can create and remove. "
            f"Type: sudo -E make {target}. Or use virtual machines: make {target} LAB=vagrant"
        )


def check_go() -> None:
    if shutil.which("go") is None:
        raise Problem("Go is not installed or not in PATH. The lab builds programs with it: install Go 1.26 or later (https://go.dev/dl/).")


def keeps_hosts(lab: Lab, folder: pathlib.Path, wanted: dict[str, str], *, finished: bool, driver: str = "nspawn") -> bool:
    """Whether the hosts that are up are those of the inventory. ``finished``: the lab has completed its work on them."""
    if not lab.hosts:
        return False
    if lab.inventory != str(folder):
        raise Problem(
            f"The hosts of {lab.inventory} are up, and a lab has the hosts of one inventory. Either remove them first:\n"
            f"    {command_line('down', lab.inventory)}\n"
            "or create a second lab beside it, and set its name for all its commands (make cluster, make down, lab/lab):\n"
            "    export BAREHOST_LAB=second"
        )
    if not finished:
        print(f"An earlier run for {folder} was interrupted while it created the hosts. They are created again.", flush=True)
        return False
    if lab.driver != driver:
        raise Problem(
            f"The hosts of {lab.inventory} are up as LAB={lab.driver}, wanted is LAB={driver}. To remove them, and lose the cluster:\n"
            f"    {command_line('down', lab.inventory)}"
        )
    found = {name: address for name, (address, _state) in lab.hosts.items()}
    if found != wanted:
        different = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
        raise Problem(
            f"The inventory was changed since its hosts were created: {', '.join(different)}. To create them again, and lose the cluster:\n"
            f"    {command_line('down', lab.inventory)}"
        )
    return True


def check_owner(lab: Lab, given: pathlib.Path) -> None:
    """Raises Problem if `make down` would remove hosts that another checkout created."""
    folder = pathlib.Path(lab.inventory)
    if lab.hosts and folder.exists() and folder != given and not folder.is_relative_to(ROOT):
        raise Problem(
            f"The hosts that are up belong to {folder}, which is not in this checkout. To remove them anyway:\n"
            f"    {command_line('down', lab.inventory)}"
        )


def command_line(target: str, inventory: str) -> str:
    """The make command as an operator types it."""
    lab = os.environ.get("BAREHOST_LAB", "")
    return (f"BAREHOST_LAB={lab} " if lab else "") + f"make {target} INVENTORY={shlex.quote(inventory)}"


# ---------------------------------------------------------------- what is about to happen


def cache_folder() -> pathlib.Path:
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "barehost-lab"


def is_filled(cache: pathlib.Path) -> bool:
    """Whether an earlier run has left what hosts are made from; there may still be something new to build."""
    return all((cache / part).is_dir() and any((cache / part).iterdir()) for part in ("base-tree", "programs", "images"))


def announcement(inventory: str, hosts: int, hosts_stage: tuple[str, str], *, converged: bool, cores: int) -> str:
    """What the run does, and how long it takes."""
    times = CONVERGED if converged else BARE
    rows = [("Hosts", *hosts_stage), *((title, times[title], playbook) for title, playbook in STAGES.items())]
    number = f"{hosts} host" if hosts == 1 else f"{hosts} hosts"
    heading = f"Cluster of {inventory}, {number}. Times are for 4 hosts and 2 idle cores; this machine has {cores}."
    return "\n".join([heading, *(f"    {title:<9}  {seconds:<12}  {what}" for title, seconds, what in rows)])


# ---------------------------------------------------------------- doing it


def environment() -> dict[str, str]:
    """The programs of .venv come first: lab/lab needs a Python with PyYAML."""
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}


def output_of(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"{shlex.join(command)} failed:\n{(done.stderr or done.stdout).strip()}")
    return done.stdout


def run(*command: str, advice: str) -> None:
    done = subprocess.run(command, cwd=ROOT, env=environment(), check=False)
    if done.returncode != 0:
        raise Problem(f"{shlex.join(command)} failed (exit status {done.returncode}); the reason is above. {advice}")


def wanted_hosts(inventory: str) -> dict[str, str]:
    """Name and address of each host of the inventory."""
    listing = json.loads(output_of(str(BIN / "ansible-inventory"), "--inventory", inventory, "--list"))
    return {name: str(variables.get("ansible_host", name)) for name, variables in listing["_meta"]["hostvars"].items()}


def up(inventory: str, driver: str) -> None:
    check_choice(driver)
    folder = check_inventory(inventory)
    if driver in LAB_HOSTS:
        check_user("cluster", os.geteuid())
    # venv.py says itself what is wrong
    if subprocess.run([sys.executable, "tools/venv.py"], cwd=ROOT, check=False).returncode != 0:
        raise SystemExit(1)
    wanted = wanted_hosts(inventory)
    stages = Stages()
    if driver in LAB_HOSTS:
        converged = lab_hosts(inventory, folder, wanted, stages, driver)
    else:
        converged = False
        print(announcement(inventory, len(wanted), MACHINES, converged=False, cores=os.cpu_count() or 1), flush=True)
        stages.run("Hosts", str(BIN / "python"), "tools/vagrant_lab.py", "up", inventory)
    for title in ("Cluster", "Guestbook"):
        stages.run(title, str(BIN / "ansible-playbook"), STAGES[title], "--inventory", inventory)
    stages.run("Health", "tools/show-cluster", inventory)
    print("\nTime of each stage:", *stages.times, sep="\n")
    if converged:
        print(f"The hosts were up already. For a cluster on bare hosts: {command_line('down', inventory)}, then make cluster")


def lab_hosts(inventory: str, folder: pathlib.Path, wanted: dict[str, str], stages: Stages, driver: str) -> bool:
    """Brings the hosts of the lab up. Returns whether they were up before."""
    lab = Lab.read()
    # The lab writes this file when all hosts are up, and removes it first of all when it removes them.
    kept = keeps_hosts(lab, folder, wanted, finished=(folder / "ssh_config").exists(), driver=driver)
    if not kept:
        check_go()
    cache = cache_folder()
    seconds, what = KEEP if kept else CREATE if is_filled(cache) else CREATE_FIRST
    is_first = driver != "nspawn" and not kept and not (cache / "guest-kernel").is_dir()
    stage = (seconds, what.format(cache=cache) + (GUESTS_FIRST if is_first else ""))
    print(announcement(inventory, len(wanted), stage, converged=kept, cores=os.cpu_count() or 1), flush=True)
    if not kept:
        # of hosts that this machine lost when it was restarted
        (folder / "ssh_config").unlink(missing_ok=True)
        stages.run("Hosts", "lab/lab", "up", "--driver", driver, inventory)
    for name, (_address, state) in lab.hosts.items() if kept else ():
        if state != "running":
            stages.run(f"Host {name}, which was stopped", "lab/lab", "start", name)
    return kept


class Stages:
    """Runs one stage after the other, and notes what each takes."""

    def __init__(self) -> None:
        self.times: list[str] = []

    def run(self, title: str, *command: str) -> None:
        print(f"\n== {title}", flush=True)
        started = time.monotonic()
        run(
            *command,
            advice="Correct it and type make cluster again: what is done already is not done twice. `make down` removes all hosts.",
        )
        self.times.append(f"{time.monotonic() - started:7.1f} s  {title}")


def down(inventory: str, driver: str) -> None:
    check_choice(driver)
    if driver == "vagrant":
        run(str(BIN / "python"), "tools/vagrant_lab.py", "down", str(check_inventory(inventory)), advice="Then type make down again.")
        return
    check_user("down", os.geteuid())
    lab = Lab.read()
    check_owner(lab, (ROOT / inventory).resolve())
    # Also without a record of hosts: a run that was killed may have left something.
    run("lab/lab", "down", advice="Then type make down again.")
    print(f"Removed {len(lab.hosts)} hosts of {lab.inventory}." if lab.hosts else "No hosts are up.")


def main(arguments: list[str]) -> int:
    if len(arguments) != 3 or arguments[0] not in ("up", "down"):
        raise SystemExit("usage: make_cluster.py up|down INVENTORY nspawn|guests|guests-core|vagrant")
    action, inventory, driver = arguments
    try:
        {"up": up, "down": down}[action](inventory, driver)
    except Problem as problem:
        print(f"ERROR: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Type make cluster to continue, or make down to remove the hosts.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
