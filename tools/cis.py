# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the CIS benchmark (cis_rules.yml): the page of the documents, and what a host shows of each rule.

Used by generate_reference.py and tests/cluster/cis_benchmark.py.
"""

from __future__ import annotations

import pathlib
import typing as t

import yaml

Object = dict[str, t.Any]
# What must be seen on a host: the attributes of files by path, the flags and the settings of programs by name.
LOOKS = ("file", "flag", "setting")


class Facts(t.NamedTuple):
    """What a host has. A file is ``(mode, owner:group, path)``; a program that does not run has no entry."""

    files: list[tuple[int, str, str]]
    flags: dict[str, Object]
    settings: dict[str, Object]


def rules() -> list[Object]:
    found: list[Object] = yaml.safe_load(pathlib.Path(__file__).with_name("cis_rules.yml").read_text(encoding="utf-8"))
    return [{**rule, "id": str(rule["id"])} for rule in found]


def paths() -> list[str]:
    """All that a host is asked for, as the shell takes it."""
    files = [rule["file"] for rule in rules() if "file" in rule]
    return list(dict.fromkeys(path for file in files for path in _paths(file)))


def _paths(file: Object) -> list[str]:
    return str(file["glob"] if "glob" in file else file["path"]).split()


def fault(rule: Object, facts: Facts) -> str:
    """What a host shows against the rule; empty if nothing, or if a host cannot show it."""
    if "file" in rule:
        return _of_files(rule["file"], facts)
    for kind, known in (("flag", facts.flags), ("setting", facts.settings)):
        if kind in rule:
            wanted = rule[kind]
            if wanted["of"] not in known:
                return f"{wanted['of']} does not run, or is not known"
            return _of_value(wanted, _value(known[wanted["of"]], wanted["name"]))
    return ""


def _of_files(wanted: Object, facts: Facts) -> str:
    asked = _paths(wanted)
    found = [file for file in facts.files if any(pathlib.PurePosixPath(file[2]).match(path) for path in asked)]
    if len(found) < len(asked):
        return f"{' or '.join(asked)} is not there"
    wrong = [f"{path} has the mode {mode:04o}" for mode, _owner, path in found if mode & ~int(wanted.get("mode", "7777"), 8)]
    wrong += [f"{path} is of {owner}" for _mode, owner, path in found if owner != wanted.get("owner", owner)]
    return ", ".join(wrong)


def _value(values: Object, name: str) -> t.Any:
    """A flag or a variable by its name; a field of a configuration by its path."""
    if name in values:
        return values[name]
    first, dot, rest = name.partition(".")
    inner = values.get(first)
    return _value(inner, rest) if dot and isinstance(inner, dict) else None


def _of_value(wanted: Object, found: t.Any) -> str:
    entries = str(found or "").split(",")
    kept = {
        "set": lambda: found not in (None, ""),
        "unset": lambda: found is None,
        "is": lambda: found == wanted["is"],
        "has": lambda: wanted["has"] in entries,
        "lacks": lambda: wanted["lacks"] not in entries,
        "at_least": lambda: str(found).isdigit() and int(found) >= wanted["at_least"],
    }
    (look,) = kept.keys() & wanted.keys()
    return "" if kept[look]() else f"{wanted['name']} of {wanted['of']} is {found!r}"


# ---------------------------------------------------------------- the page


def rows() -> list[str]:
    return [f"| {rule['id']} | {rule['holds']} | {_seen(rule)} | {_remark(rule)} |\n" for rule in rules()]


def _seen(rule: Object) -> str:
    if "file" in rule:
        file = rule["file"]
        what = " and ".join(str(file[name]) for name in ("mode", "owner") if name in file)
        return f"`{' '.join(_paths(file))}`: {what}"
    for kind, dashes in (("flag", "--"), ("setting", "")):
        if kind in rule:
            wanted = rule[kind]
            words = {"set": "", "unset": "not set", "is": "{}", "has": "has {}", "lacks": "without {}", "at_least": "at least {}"}
            (look,) = words.keys() & wanted.keys()
            text = words[look].format(_shown(wanted[look]))
            return f"{wanted['of']}, `{dashes}{wanted['name']}`" + (f": {text}" if text else "")
    return "by hand"


def _shown(value: t.Any) -> str:
    """Commas with a space, so that a long list fits a column."""
    text = ",".join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)
    return text.replace(",", ", ")


def _remark(rule: Object) -> str:
    if "deviates" in rule:
        return f"**deviates**: {rule['deviates']}"
    return str(rule.get("by_hand", rule.get("why", "")))


def not_for_kube_bench() -> list[str]:
    """The rules that kube-bench fails for: those that are kept otherwise, and those that it cannot see. Others are only warned of."""
    return [rule["id"] for rule in rules() if rule.get("kube_bench") == "fails"]
