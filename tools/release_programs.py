# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the programs of a release which flags and feature gates they take.

``--help`` shows neither deprecated flags nor gates that are stable or deprecated, and etcd's shows flags that are gone. So every name is
tried: no program of these starts with a flag or a gate that it does not have, and each says so before it does anything else.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import os
import pathlib
import re
import subprocess
import tempfile

_FLAG = re.compile(r"^ +(?:-\w, )?--([a-z0-9-]+)\b(.*)$")
_DEFAULT = re.compile(r"\(default (.*)\)$")
_SHOWN_GATE = re.compile(r"^\s+(?:kube:)?(\w+)=true\|false \((\w+) - default=(\w+)\)", re.MULTILINE)
_UNKNOWN_FLAG = re.compile(r"unknown flag: --|flag provided but not defined: -")
_UNKNOWN_GATE = re.compile(r"unrecognized feature gate: (\w+)")
_LOCKED = re.compile(r"cannot set feature gate (\w+) to \w+, feature is locked to (\w+)")
_PLUGINS = re.compile(r"--enable-admission-plugins .*?Comma-delimited list of admission plugins: ([\w, ]+)\.")
# What a program does not run with. With a file of its own etcd forgets every other setting.
_NO_SETTINGS = {"help", "version", "config-file"}
# A name that no program has: a way of asking that does not notice it notices nothing.
_NOBODY = "NobodyHasThis"
_MOST_ATTEMPTS = 300


class Unusable(Exception):
    """A program that does not answer as this one expects: nothing of what it says can be used."""


@dataclasses.dataclass(frozen=True)
class Gate:
    """``stage``: as --help has it, empty for one that it does not show; ``locked``: the only value that it takes, if it is locked."""

    stage: str
    default: str
    locked: str


@dataclasses.dataclass(frozen=True)
class Taken:
    """What one program takes. ``flags``: with their defaults, of a hidden flag None."""

    flags: c.Mapping[str, str | None]
    gates: c.Mapping[str, Gate]
    plugins: frozenset[str]


def ask(program: pathlib.Path, *, flags: c.Iterable[str], gates: c.Iterable[str]) -> Taken:
    """``flags`` and ``gates`` are names that it may have beside those that it shows."""
    text = _run(program, ["--help"])
    shown = _shown_flags(text)
    taken = {name: shown.get(name) for name in sorted({*shown, *flags} - _NO_SETTINGS) if has_flag(program, name)}
    if not taken or has_flag(program, _NOBODY.lower()):
        raise Unusable(f"{program} does not tell which flags it has:\n{text[:500]}")
    plugins = _PLUGINS.search(text)
    return Taken(
        flags=taken,
        gates=_gates(program, text, {*gates, *(name for name, _stage, _default in _SHOWN_GATE.findall(text))}),
        plugins=frozenset(re.split(r",\s*", plugins[1]) if plugins else ()),
    )


def _shown_flags(text: str) -> dict[str, str]:
    """By name, the default as it is shown; etcd shows it in quotes beside the name, the others at the end of the text."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        match = _FLAG.match(line)
        if match:
            name = match[1]
            quoted = re.fullmatch(r" '(.*)'", match[2])
            found.setdefault(name, quoted[1] if quoted else "")
        default = _DEFAULT.search(line)
        if name and default:
            found[name] = default[1]
    return found


def has_flag(program: pathlib.Path, name: str) -> bool:
    """A flag before ``--help`` is read before it. What its value is makes no difference: a wrong one is another error."""
    return not _UNKNOWN_FLAG.search(_run(program, [f"--{name}=1", "--help"]))


def _gates(program: pathlib.Path, help_text: str, names: c.Set[str]) -> dict[str, Gate]:
    shown = {name: (stage, default) for name, stage, default in _SHOWN_GATE.findall(help_text)}
    if _NOBODY not in _refused(program, {_NOBODY}, "true")[0]:
        raise Unusable(f"{program} does not refuse a feature gate that it cannot have")
    left, locked = set(names), dict[str, str]()
    for value in ("true", "false"):
        unknown, fixed = _refused(program, left - set(locked), value)
        left -= unknown
        locked.update(fixed)
    return {name: Gate(*shown.get(name, ("", "")), locked.get(name, "")) for name in sorted(left)}


def _refused(program: pathlib.Path, names: c.Set[str], value: str) -> tuple[set[str], dict[str, str]]:
    """Gates that it does not know, and gates that it does not let have this value, each with the one that it must have."""
    left, unknown, locked = set(names), set[str](), dict[str, str]()
    for _attempt in range(_MOST_ATTEMPTS):
        told = _with_gates(program, dict.fromkeys(sorted(left), value))
        now_unknown, now_locked = set(_UNKNOWN_GATE.findall(told)), dict(_LOCKED.findall(told))
        if not now_unknown and not now_locked:
            return unknown, locked
        unknown |= now_unknown
        locked.update(now_locked)
        left -= now_unknown | set(now_locked)
    raise Unusable(f"{program} refuses more than {_MOST_ATTEMPTS} gates: {told[:500]}")


def _with_gates(program: pathlib.Path, values: c.Mapping[str, str]) -> str:
    """Started so that it ends right after it has read its gates."""
    flag = "--feature-gates=" + ",".join(f"{name}={value}" for name, value in values.items())
    if program.name == "kubelet":
        return _run(program, [flag, "--config=/nonexistent/kubelet.yaml"])
    if program.name == "kube-proxy":
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "proxy.yaml"
            gates = "".join(f"  {name}: {value}\n" for name, value in values.items())
            head = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nbindAddress: none\n"
            file.write_text(f"{head}featureGates:\n{gates}", encoding="utf-8")
            return _run(program, [f"--config={file}"])
    return _run(program, [flag, "--version"])


def _run(program: pathlib.Path, arguments: list[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [program, *arguments],
            cwd=folder,
            env={**os.environ, "HOME": folder},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    return done.stdout + done.stderr
