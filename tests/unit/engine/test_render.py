# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a file's text comes from, and what makes it a secret."""

from __future__ import annotations

import hashlib
import pathlib
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import description, rendering
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_templates import AnsibleTemplates

KEY = "-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----\n"
PKI: dict[str, tuple[str | None, bool]] = {"etcd-ca.crt": ("certificate\n", False), "sa.key": ("key\n", True), "later.crt": (None, False)}


def render(
    directory: pathlib.Path, variables: dict[str, t.Any] | None = None, *, show_secrets: bool = False, **file: t.Any
) -> dict[str, t.Any]:
    loader = DataLoader()
    known = variables or {}
    renderer = rendering.Renderer(
        find=lambda _folder, name: str(directory / name),
        loader=loader,
        templates=AnsibleTemplates(Templar(loader=loader, variables=known), known, loader),
        read_pki=lambda name: PKI[name],
    )
    item = description.parse_description({"name": "x", "files": [{"path": "/etc/a", **file}]}).items["file"][0]
    return renderer.render(item, show_secrets=show_secrets)


def test_template(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.j2").write_text("# {{ ansible_managed }}\n{% if yes %}\n  {% include 'b.j2' %}\n\n{% endif %}\n{{ own }}\n")
    (tmp_path / "b.j2").write_text("included {{ path }}\n")
    found = render(tmp_path, {"yes": True, "path": "a\\nb"}, template="a.j2", vars={"own": "{{ not a template }}"})
    assert found["text"] == f"# {rendering.MANAGED}\nincluded a\\nb\n{{{{ not a template }}}}\n"
    assert found["digest"] == hashlib.sha256(found["text"].encode()).hexdigest()
    assert (found["mode"], found["secret"]) == ("0644", False)


def test_a_template_that_is_one_expression_is_a_text(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.j2").write_text("{{ number }}")
    assert render(tmp_path, {"number": 5}, template="a.j2")["text"] == "5"


def test_an_undefined_variable_names_file_and_template(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.j2").write_text("{{ missing }}")
    with pytest.raises(ComponentError, match=r"/etc/a: its template a\.j2 cannot be rendered: .*missing"):
        render(tmp_path, template="a.j2")


def test_a_program_in_python_gets_the_interpreter_of_hosts(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.py").write_text("print('{{ no template }}')\n")
    found = render(tmp_path, source="a.py", mode="0755")
    assert found["text"] == f"#!/usr/bin/python3\n# {rendering.MANAGED}\nprint('{{{{ no template }}}}')\n"
    (tmp_path / "a.sh").write_text("#!/bin/sh\n")
    assert render(tmp_path, source="a.sh")["text"] == "#!/bin/sh\n"


def test_a_source_that_is_missing_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ComponentError, match=r"/etc/a: its source a\.py cannot be read: "):
        render(tmp_path, source="a.py")


def test_data(tmp_path: pathlib.Path) -> None:
    data = {"b": 1, "a": ["x", "é", None], "c": "yes"}
    assert render(tmp_path, yaml=data)["text"] == f"# {rendering.MANAGED}\nb: 1\na:\n- x\n- é\n- null\nc: 'yes'\n"
    assert render(tmp_path, json=data)["text"].startswith('{\n  "b": 1,\n')


@pytest.mark.parametrize(
    ("file", "show", "secret", "mode"),
    [
        ({"content": "x"}, False, False, "0644"),
        ({"content": "x", "secret": True}, False, True, "0600"),
        ({"content": "x", "secret": True, "mode": "0640"}, False, True, "0640"),
        ({"content": "x", "secret": True}, True, False, "0600"),
        ({"content": KEY}, False, True, "0600"),
        ({"content": KEY, "secret": True}, True, True, "0600"),
        ({"content": KEY, "secret": False}, True, True, "0600"),
        ({"pki": "etcd-ca.crt"}, False, False, "0644"),
        ({"pki": "sa.key"}, False, True, "0600"),
        ({"pki": "sa.key"}, True, True, "0600"),
    ],
)
def test_what_is_secret(tmp_path: pathlib.Path, file: dict[str, t.Any], show: bool, secret: bool, mode: str) -> None:
    found = render(tmp_path, show_secrets=show, **file)
    assert (found["secret"], found["mode"]) == (secret, mode)


def test_the_host_learns_no_content_in_order_to_compare(tmp_path: pathlib.Path) -> None:
    assert "hunter2" not in repr(rendering.for_collect(render(tmp_path, content="hunter2")))


def test_a_pki_that_does_not_exist_yet(tmp_path: pathlib.Path) -> None:
    found = render(tmp_path, pki="later.crt")
    assert (found["text"], found["digest"]) == (None, None)


def test_a_block_ends_with_a_newline_and_holds_no_marker(tmp_path: pathlib.Path) -> None:
    assert render(tmp_path, content="a", block="x")["text"] == "a\n"
    with pytest.raises(ComponentError, match="/etc/a: the content of its block x holds a marker"):
        render(tmp_path, content="a\n# END barehost: x\nb\n", block="x")
