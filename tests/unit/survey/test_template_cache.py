# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiled templates are found again, by their text and the settings, in a directory that is the user's own."""

from __future__ import annotations

import pathlib
import typing as t

import jinja2
import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import template_cache
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import role_tasks


def environments(where: pathlib.Path | None, *, keeps: t.Callable[[str], bool] = lambda _text: True) -> type[jinja2.Environment]:
    """A class of environments that counts what it compiles, with the cache in this directory."""

    class Counting(jinja2.Environment):
        compiled: t.ClassVar[list[str]] = []

        def _compile(self, source: str, filename: str) -> t.Any:
            self.compiled.append(source)
            return super()._compile(source, filename)

    template_cache.install(Counting, where=lambda: where, keeps=keeps)
    return Counting


def test_a_template_is_compiled_once(tmp_path: pathlib.Path) -> None:
    first, second = environments(tmp_path), environments(tmp_path)
    assert first().from_string("{{ a }}!").render(a=1) == "1!"
    assert second().from_string("{{ a }}!").render(a=2) == "2!"
    assert (len(first.compiled), len(second.compiled)) == (1, 0)


def test_other_settings_are_another_template(tmp_path: pathlib.Path) -> None:
    kind = environments(tmp_path)
    text = "{% if true %}\nx{% endif %}"
    assert kind().from_string(text).render() == "\nx"
    assert kind().overlay(trim_blocks=True).from_string(text).render() == "x"


def test_a_damaged_file_is_compiled_again(tmp_path: pathlib.Path) -> None:
    environments(tmp_path)().from_string("{{ a }}")
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"not bytecode")
    assert environments(tmp_path)().from_string("{{ a }}").render(a=1) == "1"


def test_a_directory_that_is_gone_or_full_is_no_obstacle(tmp_path: pathlib.Path) -> None:
    kind = environments(tmp_path / "gone")
    assert kind().from_string("{{ a }}").render(a=1) == "1"


def test_nothing_of_the_user_is_kept(tmp_path: pathlib.Path) -> None:
    """A template of an inventory may hold a secret, also one that is encrypted there."""
    inventory = tmp_path / "secrets.yml"
    inventory.write_text("url: https://user:hunter2@{{ host }}/\n", encoding="utf-8")
    users = DataLoader().load_from_file(str(inventory), trusted_as_template=True)["url"]
    (task,) = role_tasks.tasks_of("firewall", "barehost.kubernetes.component")
    ours = task.options["firewall"]["zone"]
    assert (template_cache.is_ours(users), template_cache.is_ours(ours), template_cache.is_ours("{{ a }}")) == (False, True, False)
    kept = tmp_path / "kept"
    kept.mkdir()
    environments(kept, keeps=template_cache.is_ours)().from_string(users).render(host="h")
    assert list(kept.iterdir()) == []


def test_without_a_directory_nothing_is_kept() -> None:
    kind = environments(None)
    for _time in range(2):
        assert kind().from_string("{{ a }}").render(a=1) == "1"
    assert len(kind.compiled) == 2


def test_a_mistake_is_still_told(tmp_path: pathlib.Path) -> None:
    with pytest.raises(jinja2.TemplateSyntaxError):
        environments(tmp_path)().from_string("{% if %}")


@pytest.mark.parametrize(("mode", "usable"), [(0o700, True), (0o755, True), (0o775, False), (0o777, False)])
def test_only_ones_own_directory_is_trusted(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, mode: int, usable: bool) -> None:
    monkeypatch.setattr(template_cache.constants.config, "get_config_value", lambda _name: str(tmp_path))
    path = template_cache.directory()
    assert path is not None and path.stat().st_mode & 0o777 == 0o700
    for level in (path, path.parent):
        level.chmod(mode)
        assert (template_cache.directory() is not None) == usable
        level.chmod(0o700)
