# SPDX-License-Identifier: GPL-3.0-or-later
"""axe-core, which finds what people with disabilities cannot use on a page: one version of it, from npm's registry."""

from __future__ import annotations

import base64
import hashlib
import pathlib
import tarfile
import typing as t

from .browser import Browser
from .command import ROOT, run

_VERSION = "4.14.1"
# of the archive, as the registry and every lock file of npm name it
_SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
_FOLDER = ROOT / ".build" / "axe"
# WCAG 2.2 at the levels A and AA, and what axe itself advises.
_RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
_RUN = f"""
axe.run({{ runOnly: {_RULES}, resultTypes: ['violations', 'incomplete', 'passes'] }}).then((found) => ({{
  violations: found.violations.flatMap((rule) => rule.nodes.map((node) => [rule.id, node.html.slice(0, 200), node.failureSummary])),
  unsure: found.incomplete.flatMap((rule) => rule.nodes.map((node) => [rule.id, node.html.slice(0, 200)])),
  passed: found.passes.map((rule) => rule.id),
}}))
"""


class Judgement(t.NamedTuple):
    """``violations`` and ``unsure``: rule and element of each; ``passed``: rules that some element was judged by."""

    violations: list[tuple[str, ...]]
    unsure: list[tuple[str, ...]]
    passed: list[str]


def judged(browser: Browser) -> Judgement:
    """What axe-core says of the page that the browser shows."""
    browser.evaluate(f"{script()}; 0")
    found = browser.evaluate(_RUN)
    pairs = {name: [tuple(one) for one in found[name]] for name in ("violations", "unsure")}
    return Judgement(passed=found["passed"], **pairs)


def script() -> str:
    archive = _FOLDER / f"axe-core-{_VERSION}.tgz"
    if not archive.is_file():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        run("npm", "pack", "--silent", f"axe-core@{_VERSION}", directory=_FOLDER)
    return _script_of(archive)


def _script_of(archive: pathlib.Path) -> str:
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    assert found == _SHA512, f"{archive} is not what was published as {_VERSION}: its SHA-512 is {found}. Remove it"
    with tarfile.open(archive) as files:
        member = files.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()
