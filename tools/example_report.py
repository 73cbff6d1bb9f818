# SPDX-License-Identifier: GPL-3.0-or-later
"""The example of the documents: what the hosts of the lab told once, as a page and as a picture. Used by generate_reference.py."""

from __future__ import annotations

import functools
import importlib
import pathlib
import sys
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[1]
# the record, and the way from it to what is shown, are those of the tests
RECORD = ROOT / "tests" / "unit" / "report"
_HEAD = "<!DOCTYPE html>\n"
_LICENCE = "<!-- SPDX-License-Identifier: GPL-3.0-or-later -->\n"
_WRITTEN = "<!-- Written by tools/generate_reference.py (make docs); a gate compares. -->\n"


@functools.cache
def _view() -> t.Any:
    sys.path.insert(0, str(RECORD))
    return importlib.import_module("recorded_clusters").Recorded().view()


def page() -> str:
    from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report import page as pages

    text = pages.page(_view())
    assert text.startswith(_HEAD)
    return f"{_HEAD}{_LICENCE}{_WRITTEN}{text.removeprefix(_HEAD)}"


def picture() -> str:
    from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report import picture as pictures

    return pictures.alone(_view())
