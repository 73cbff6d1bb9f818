# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a host answers, the list goes on: its entries, or one line that says what is wrong."""

from __future__ import annotations

import contextlib
import pathlib
import tempfile
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import FILE, NOW, Made, entries_of, pair

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import html_page, listing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.entries import judged
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.listing import Listing
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def made() -> t.Iterator[Made]:
    with tempfile.TemporaryDirectory() as directory:
        yield Made(pathlib.Path(directory) / "pki")


def shown(made: Made, answer: dict[str, t.Any]) -> str:
    """The list of this answer in all its forms."""
    found = [judged(entry, days=30, now=NOW) for entry in entries_of(made, answer)]
    whole = Listing("lab", NOW, 30, listing.in_order(found, ["m1"]), ("m1",))
    return "\n".join([*listing.lines(whole), whole.as_json(), html_page.page(whole), *whole.faults])


@given(field=st.sampled_from(["found", "fault", "pem", "holds_key", "key", "key_found"]), value=ANYTHING)
def test_a_field_that_is_something_else(made: Made, field: str, value: t.Any) -> None:
    with contextlib.suppress(ComponentError):
        shown(made, {"certificates": [{**pair(made.leaf()), field: value}]})


@given(answer=st.dictionaries(st.sampled_from(["certificates", "files", "unknown"]), ANYTHING))
def test_an_answer_that_is_something_else(made: Made, answer: dict[str, t.Any]) -> None:
    with contextlib.suppress(ComponentError):
        shown(made, answer)


@given(path=st.text(), name=st.text(min_size=1, max_size=60))
def test_texts_of_whatever_characters(made: Made, path: str, name: str) -> None:
    try:
        leaf = made.leaf(common_name=name)
    except ValueError:
        return
    unknown = {"path": path, "found": FILE, "fault": "", "pem": [certs.pem(leaf)], "holds_key": False}
    text = shown(made, {"certificates": [pair(leaf)], "unknown": [unknown]})
    assert text.encode()
    assert not [character for character in text if ord(character) < 32 and character != "\n"]
