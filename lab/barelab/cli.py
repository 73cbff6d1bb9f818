# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line."""

from __future__ import annotations

import argparse
import json
import math
import os
import pathlib
import sys
import time
from typing import NoReturn

from barelab import driver, lifecycle, passing, saves
from barelab.errors import LabError
from barelab.line import FAST, Line

_DESCRIPTION = (
    "Real hosts on this machine, as bare as a minimal CentOS Stream 10, in a network of their own. BAREHOST_LAB names a second lab."
)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    try:
        return _perform(options)
    except KeyboardInterrupt:
        print("lab: interrupted; `lab/lab down` removes what is there", file=sys.stderr)
        return 130
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of a command line."""
    parser = _parser()
    options = parser.parse_args(_guarded(arguments))
    if options.command == "up":
        if options.inventory is None and options.start_from is None:
            parser.error("up needs INVENTORY_DIR, or --from NAME")
        if options.version and options.start_from is not None:
            parser.error("--version and --from exclude each other: a save has the versions that it was made with")
        if options.driver != driver.DEFAULT and options.start_from is not None:
            parser.error(f"--driver {options.driver} and --from exclude each other: only hosts of the driver {driver.DEFAULT} are saved")
    return options


def _guarded(arguments: list[str]) -> list[str]:
    """The arguments, with "--" before the command that exec, ssh, run and kubectl pass on: its options are not the lab's."""
    words = {"exec": 2, "ssh": 2, "run": 1, "kubectl": 1}.get(arguments[0] if arguments else "", 0)
    rest = arguments[words:]
    if not words or rest[:1] == ["--"] or arguments[1:2] in (["-h"], ["--help"]):
        return arguments
    return [*arguments[:words], "--", *rest]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab/lab", description=_DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start bare hosts for an inventory, or saved ones; a lab that is up is removed first")
    up.add_argument("inventory", nargs="?", type=pathlib.Path, metavar="INVENTORY_DIR", help="with --from: default is the save's own")
    up.add_argument("--from", dest="start_from", metavar="NAME", help="hosts as they were saved under this name, instead of bare ones")
    up.add_argument(
        "--version",
        action="append",
        default=[],
        metavar="[PROGRAM=]VERSION",
        help="a version that the lab offers for download, of Kubernetes if no program is named (default: the inventory's, else the "
        "collection's); may be given several times",
    )
    up.add_argument(
        "--driver",
        choices=driver.NAMES,
        default=driver.DEFAULT,
        help=f"{driver.DEFAULT}: hosts share this machine's kernel (default); guests: each has a kernel of its own, with SELinux, cgroup "
        "v2 and modules to load; guests-core: the same without the modules of EL 10's kernel-modules-extra",
    )
    commands.add_parser("down", help="remove the hosts and everything that belongs to them, except for saves and what was built")
    save = commands.add_parser("save", help="shut the hosts down, keep them under a name for `up --from`, and start them again")
    save.add_argument("name", metavar="NAME")
    commands.add_parser("saved", help="list the saves")
    forget = commands.add_parser("forget", help="remove a save")
    forget.add_argument("name", metavar="NAME")
    status = commands.add_parser("status", help="show which hosts there are and which of them run")
    status.add_argument("--json", action="store_true")
    for name, text in (("exec", "run a command on a host; exits with its status"), ("ssh", "log in to a host")):
        command = commands.add_parser(name, help=text)
        command.add_argument("host", metavar="HOST")
        command.add_argument("words", nargs="*" if name == "ssh" else "+", metavar="CMD")
    run = commands.add_parser("run", help="run a command on this machine, but in the lab's network")
    run.add_argument("words", nargs="+", metavar="CMD")
    kubectl = commands.add_parser("kubectl", help="kubectl, with the kubeconfig of the inventory")
    kubectl.add_argument("words", nargs="*", metavar="ARGS")
    for name, text in (("stop", "power a host off at once, as a power cut does"), ("start", "power a host on and wait until it is up")):
        commands.add_parser(name, help=text).add_argument("host", metavar="HOST")
    cut = commands.add_parser("cut", help="drop all network traffic between two hosts")
    cut.add_argument("first", metavar="A")
    cut.add_argument("second", metavar="B")
    commands.add_parser("heal", help="remove all cuts")
    line = commands.add_parser("line", help="make ssh to the hosts slow, open connections too; without options, fast again")
    line.add_argument("--round-trip", type=_amount, default=0.0, metavar="MS", help="milliseconds until a host's answer is here")
    line.add_argument("--bandwidth", type=_amount, default=0.0, metavar="MBIT", help="Mbit/s of each connection, in either direction")
    logs = commands.add_parser("logs", help="save every host's journal and console")
    logs.add_argument("folder", type=pathlib.Path, metavar="DIR")
    return parser


def _amount(text: str) -> float:
    value = float(text)
    if not 0 <= value < math.inf:
        raise ValueError
    return value


def _perform(options: argparse.Namespace) -> int:
    match options.command:
        case "up":
            from barelab.up import up  # takes long to import

            up(options.inventory, versions=options.version, start_from=options.start_from, kind=options.driver)
        case "save":
            from barelab import saving  # takes long to import

            saving.save(options.name)
        case "forget":
            lifecycle.require_root()
            saves.forget(options.name)
        case "status":
            _print_status(as_json=options.json)
        case "saved":
            _print_saves()
        case "logs":
            lifecycle.save_logs(options.folder)
        case "down" | "stop" | "start" | "cut" | "heal" | "line":
            _change(options)
        case _:
            _pass_on(options)
    return 0


def _change(options: argparse.Namespace) -> None:
    """The commands that change the lab that is up."""
    match options.command:
        case "down":
            lifecycle.down()
        case "stop":
            lifecycle.stop(options.host)
        case "start":
            lifecycle.start(options.host)
        case "cut":
            lifecycle.cut(options.first, options.second)
        case "heal":
            lifecycle.heal()
        case "line":
            lifecycle.set_line(Line(round_trip=options.round_trip, bandwidth=options.bandwidth))


def _pass_on(options: argparse.Namespace) -> NoReturn:
    """Replace this process by the command, which so has its input, output and exit status."""
    lifecycle.require_root()
    words = options.words if options.command in ("run", "kubectl") else [options.host, *options.words]
    command = passing.COMMANDS[options.command](words)
    sys.stdout.flush()
    os.execvp(command[0], command)


def _print_status(*, as_json: bool) -> None:
    status = lifecycle.status()
    if as_json:
        print(json.dumps(status, indent=1))
        return
    if not status["hosts"]:
        print("no lab is up")
        return
    print(f"inventory {status['inventory']}, network {status['network']}, driver {status['driver']}")
    for host in status["hosts"]:
        print(f"{host['name']:24} {host['address']:16} {host['state']:8} {host['pid'] or '-':>8}  {' '.join(host['groups'])}")
    for first, second in status["cuts"]:
        print(f"cut: {first} | {second}")
    line = Line(**status["line"])
    if line != FAST:
        print(f"line: {line}")


def _print_saves() -> None:
    for name in saves.names():
        save = saves.load(name)
        size = saves.size_of(save.folder) / 1024**2
        made = time.strftime("%Y-%m-%d %H:%M", time.localtime(save.created))
        print(f"{name:40} {made}  {size:6.0f} MiB  {len(save.hosts)} hosts of {save.inventory}")
    if not saves.names():
        print("there are no saves")
