# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator wants of the doctor, from the variables of playbooks/doctor.yml."""

from __future__ import annotations

import collections.abc as c
import difflib
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import misspelt, output_files
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, SEVERITIES, WARNING, Check

# Its checks need no facts to judge: they judge those of the controller, too.
CERTIFICATES = "certificates"
# The variables: what the options are called, with this before.
_PREFIX = "doctor_"
_DOCTORS = ("skip", "groups", "fail_on", "details", "json", "junit", "html")
# That of playbooks/report.yml.
_PAGE = "report_html"
OPTIONS = (*_DOCTORS, "page")
NEVER = "never"
FAIL_ON = (ERROR, WARNING, NEVER)
# The files that can be asked for: each with its variable, its kind, and the name in an example.
_FILES = {
    "json": ("doctor_json", "json", "doctor"),
    "junit": ("doctor_junit", "junit", "doctor"),
    "html": ("doctor_html", "html", "doctor"),
    "page": (_PAGE, "html", "report"),
}
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0", "")


class Request(t.NamedTuple):
    """``checks``: the ids of those that judge. ``details``: the ids of the checks whose findings are shown with all that is known."""

    checks: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    fail_on: str = ERROR
    details: frozenset[str] = frozenset()
    json: pathlib.Path | None = None
    junit: pathlib.Path | None = None
    html: pathlib.Path | None = None
    page: pathlib.Path | None = None

    def fails(self, severity: str) -> bool:
        """Whether a finding of this severity fails the run."""
        return self.fail_on != NEVER and SEVERITIES.index(severity) <= SEVERITIES.index(self.fail_on)


def request(given: c.Mapping[str, t.Any], known: c.Mapping[str, Check], *, variables: c.Iterable[str] = ()) -> Request:
    """The request, from the options by name; None for one that is not given. Raises ComponentError with every fault.

    ``known``: all checks by id. ``variables``: the names of all variables; one that looks like an option is none by mistake.
    """
    faults = misspelt.faults(variables, prefix=_PREFIX, options=_DOCTORS)
    names = dict.fromkeys(check.group for check in known.values())
    skipped = _listed("skip", given.get("skip"), known, faults, what="check", groups=names)
    groups = _listed("groups", given.get("groups"), names, faults, what="group")
    details = _details(given.get("details"), known, faults)
    fail_on = ERROR if given.get("fail_on") is None else str(given["fail_on"])
    if fail_on not in FAIL_ON:
        near = difflib.get_close_matches(fail_on, FAIL_ON, n=1)
        hint = f"did you mean {near[0]}?" if near else f"-e {_PREFIX}fail_on={WARNING}"
        faults.append(f"{_PREFIX}fail_on is {fail_on!r}, wanted one of {', '.join(FAIL_ON)}: {hint}")
    if given.get("page"):
        faults += misspelt.faults(variables, prefix="report_", options=("html",))
    files = {variable: given.get(option) for option, (variable, _kind, _stem) in _FILES.items()}
    faults += [output_files.fault(variable, given.get(option), kind=kind, stem=stem) for option, (variable, kind, stem) in _FILES.items()]
    chosen = [one.id for one in known.values() if one.id not in skipped and (not groups or one.group in groups)]
    if not any(faults):
        faults.append(output_files.same(files))
        faults.append("" if chosen else f"{_PREFIX}skip leaves no check of what {_PREFIX}groups has: leave one of them out")
    found = [fault for fault in faults if fault]
    if found:
        raise ComponentError(f"No host was asked: {'; '.join(found)}")
    paths = {option: output_files.path_of(given[option]) for option in _FILES if given.get(option)}
    return Request(tuple(chosen), tuple(skipped), tuple(groups), fail_on, details, **paths)


def facts_for(wanted: Request, known: c.Mapping[str, Check]) -> frozenset[str]:
    """The groups of facts that the chosen checks need; the certificates where any of their checks was chosen."""
    chosen = [known[name] for name in wanted.checks]
    needed = {group for check in chosen for group in check.needs}
    return frozenset(needed | {check.group for check in chosen if check.group == CERTIFICATES})


def words_of(value: t.Any) -> list[str] | None:
    """The words of a list, or of a text with commas; None if it is neither."""
    if value is None:
        return []
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return list(value)
    return None


def _listed(
    option: str, value: t.Any, known: c.Collection[str], faults: list[str], *, what: str, groups: c.Collection[str] = ()
) -> list[str]:
    words = words_of(value)
    example = next(iter(known), "")
    if words is None:
        faults.append(f"{_PREFIX}{option} is {value!r}, wanted names with commas between them: -e {_PREFIX}{option}={example}")
        return []
    for word in words:
        if word in known:
            continue
        near = difflib.get_close_matches(word, known, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else "docs/reference/checks.md lists them"
        if word in groups:
            hint = f"{word} is a group; leave it out of {_PREFIX}groups instead"
        faults.append(f"{_PREFIX}{option} has {word!r}, and there is no such {what}: {hint}")
    return words


def _details(value: t.Any, known: c.Collection[str], faults: list[str]) -> frozenset[str]:
    text = str(value).lower() if isinstance(value, (bool, str, int)) else None
    if value is None or text in _NO:
        return frozenset()
    if text in _YES:
        return frozenset(known)
    return frozenset(_listed("details", value, known, faults, what="check"))
