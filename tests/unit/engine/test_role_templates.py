# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of roles that Jinja evaluates alone give what Ansible gives, and Ansible evaluates the others."""

from __future__ import annotations

import pathlib
import typing as t

import jinja2
import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import role_jinja
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_templates import RoleTemplates

GIVEN: dict[str, t.Any] = {
    "number": 3,
    "nothing": None,
    "words": ["b", "a"],
    "mapping": {"b": 1, "a": {"inner": [True, None]}},
    "nested": trust_as_template("{{ words | sort }}"),
    "of_a_host": "{{ number }}",
    "lines": "one\ntwo\n",
    "with_omit": ["a", trust_as_template("{{ missing | default(omit) }}")],
    "without_omit": trust_as_template("{{ words | default(omit) }}"),
    "of_a_file": trust_as_template("{{ ansible_managed | default('no file') }}"),
}
OWN = {"own": "{{ mapping.a }}", "twice": "{{ words | map('upper') }}"}
PLAIN = [
    "no template",
    "{{ number }}",
    "{{ number }}\n",
    "{{ lines }}",
    "{{ lines }}\n\n",
    "{{ nothing }}",
    "a{{ nothing }}b",
    "{{ number }}{{ number }}",
    "{{ words }} and {{ number }}",
    "{{ [] }}",
    "{{ {'a': words} }}",
    "{{ 'a' if number > 2 }}b",
    "{{ 'a' if number > 3 }}b",
    "{# nothing #}",
    "{% if number %}\nyes\n{% endif %}\n",
    "{{ words | map('upper') }}",
    "{{ twice + twice }}",
    "{{ words | select('in', ['a']) | list }}",
    "{{ mapping.items() | list }}",
    "{{ mapping | dictsort }}",
    "{{ missing | default(7) }}",
    "{{ missing.further | default(7) }}",
    "{{ mapping.missing.further | default([]) }}",
    "{{ missing is defined }}",
    "{{ nested }}",
    "{{ own.inner }}",
    "{{ of_a_host }}",
    "{{ number is number and 'a' in words }}",
    "{{ (1, 2) }}",
    "{{ lines | ansible.builtin.b64encode }}",
    "{{ without_omit }}",
]
LEFT_TO_ANSIBLE = [
    "{{ 'a\\d' }}",
    "{{ missing }}",
    "x{{ missing }}",
    "{{ 'a' if number > 3 }}",
    "{{ lookup('ansible.builtin.env', 'HOME') }}",
    "{{ number | no_such_filter }}",
    "{{ number",
    "{{ of_a_host / 2 }}",
    "{{ [missing] }}",
    "{{ missing is string }}",
    "{{ mapping.missing is none }}",
    "{{ ('a' if number > 3) | length }}",
    "{{ with_omit }}",
    "{{ with_omit | length }}",
    "{{ with_omit ~ '' }}",
    "{{ with_omit | to_json }}",
    "{{ of_a_file }}",
]


def templates() -> tuple[RoleTemplates, Templar]:
    loader = DataLoader()
    known = {**GIVEN, **{name: trust_as_template(text) for name, text in OWN.items()}}
    templar = Templar(loader=loader, variables=known)
    return RoleTemplates(templar, known, loader, role_jinja.Scope(templar, GIVEN, OWN)), templar


def outcome(evaluate: t.Callable[[], t.Any]) -> t.Any:
    try:
        return plain(evaluate())
    except AnsibleError as error:
        return type(error), error.message


@pytest.mark.parametrize("text", PLAIN)
def test_a_text_that_jinja_evaluates_alone(text: str) -> None:
    by_role, templar = templates()
    found = role_jinja.value(trust_as_template(text), by_role.scope)
    assert repr(found) == repr(plain(templar.template(trust_as_template(text))))
    assert type(found) in (str, int, bool, list, dict, type(None))


@pytest.mark.parametrize("text", LEFT_TO_ANSIBLE)
def test_a_text_that_is_left_to_ansible(text: str) -> None:
    by_role, templar = templates()
    with pytest.raises(Exception):  # noqa: B017 (of which class, does not matter)
        role_jinja.value(trust_as_template(text), by_role.scope)
    wanted = outcome(lambda: templar.template(trust_as_template(text)))
    assert outcome(lambda: by_role.value(trust_as_template(text))) == wanted


def test_data_is_copied_and_keys_are_no_templates() -> None:
    by_role, _templar = templates()
    data = {"{{ number }}": ["{{ mapping }}", {"inner": "{{ number }}"}, None]}
    found = by_role.value(data)
    assert found == {"{{ number }}": [{"b": 1, "a": {"inner": [True, None]}}, {"inner": 3}, None]}
    found["{{ number }}"][0]["a"]["inner"].append(1)
    assert GIVEN["mapping"] == {"b": 1, "a": {"inner": [True, None]}}


def test_what_a_host_has_said_is_no_template() -> None:
    by_role, _templar = templates()
    assert by_role.value(trust_as_template("{{ [of_a_host, of_a_host ~ ''] }}")) == ["{{ number }}", "{{ number }}"]


@pytest.mark.parametrize(
    ("condition", "holds"), [(True, True), ("number == 3", True), ("words == []", False), ("missing is defined", False), (False, False)]
)
def test_a_condition(condition: str | bool, holds: bool) -> None:
    by_role, _templar = templates()
    assert role_jinja.holds(condition, by_role.scope) is holds
    assert by_role.holds(condition) is holds


def test_a_condition_that_is_no_truth_value_is_left_to_ansible() -> None:
    by_role, templar = templates()
    with pytest.raises(role_jinja.NotPlain):
        role_jinja.holds("words", by_role.scope)
    wanted = outcome(lambda: templar.evaluate_conditional(trust_as_template("words")))
    assert outcome(lambda: by_role.holds(trust_as_template("words"))) == wanted


def test_a_variable_that_mentions_the_head_of_a_file(tmp_path: pathlib.Path) -> None:
    """In a file it is another value than in an option."""
    by_role, _templar = templates()
    (tmp_path / "file.j2").write_text("{{ of_a_file }}", encoding="utf-8")
    assert by_role.value(trust_as_template("{{ of_a_file }}")) == "no file"
    assert by_role.text(str(tmp_path / "file.j2"), {"ansible_managed": "managed"}) == "managed"


def kept(where: pathlib.Path | None, text: str) -> role_jinja.Texts:
    texts = role_jinja.Texts(lstrip_blocks=False, where=where)
    texts.preload(text)
    return texts


def test_what_is_preloaded_is_kept_and_nothing_else(tmp_path: pathlib.Path) -> None:
    """A text of a user's own may hold a secret."""
    texts = kept(tmp_path, "{{ number }}!")
    assert texts.compiled("{{ number }}!").render(number=1) == "1!"
    (file,) = tmp_path.iterdir()
    texts.compiled("{{ number }}?")
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("size", [0, 10, 40, 200])
def test_a_file_that_is_cut_off_is_written_again(tmp_path: pathlib.Path, size: int) -> None:
    kept(tmp_path, "{{ number }}!")
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:size])
    assert kept(tmp_path, "{{ number }}!").compiled("{{ number }}!").render(number=1) == "1!"
    assert file.read_bytes() == whole


@pytest.mark.parametrize("place", [0, 60, 110, -1])
def test_a_file_with_a_changed_byte_is_written_again(tmp_path: pathlib.Path, place: int) -> None:
    """Python executes what is read there."""
    kept(tmp_path, "{{ number }}!")
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    changed = bytearray(whole)
    changed[place] ^= 0x80
    file.write_bytes(bytes(changed))
    assert kept(tmp_path, "{{ number }}!").compiled("{{ number }}!").render(number=1) == "1!"
    assert file.read_bytes() == whole


@pytest.mark.parametrize("where", ["gone", None])
def test_without_a_directory_nothing_is_kept(tmp_path: pathlib.Path, where: str | None) -> None:
    texts = kept(tmp_path / where if where else None, "{{ number }}!")
    assert texts.compiled("{{ number }}!").render(number=1) == "1!"
    assert list(tmp_path.iterdir()) == []


def test_a_text_with_a_mistake_does_not_end_the_run() -> None:
    texts = kept(None, "{% if %}")
    with pytest.raises(jinja2.TemplateSyntaxError):
        texts.compiled("{% if %}")


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("{% for word in words %}\n- {{ word }}{{ more }}\n{% endfor %}\n", "- b!\n- a!\n"),
        ("  {% if number %}\n  x\n  {% endif %}\n\nend\n", "  x\n\nend\n"),
        ("a\\d{{ '\\n' }}b", "a\\d\nb"),
        ("{{ number }}\n", "3"),
        ("{{ nothing }}", ""),
    ],
)
def test_a_file(tmp_path: pathlib.Path, text: str, rendered: str) -> None:
    by_role, _templar = templates()
    path = tmp_path / "file.j2"
    path.write_text(text, encoding="utf-8")
    assert role_jinja.text(text, by_role.scope.inner({"more": "!"})) in (rendered, 3 if rendered == "3" else rendered, None)
    assert by_role.text(str(path), {"more": "!"}) == rendered
    assert super(RoleTemplates, by_role).text(str(path), {"more": "!"}) == rendered
