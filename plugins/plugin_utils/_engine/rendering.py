# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives every file its text, on the controller: from a template, a literal, data, the PKI, or a plain file of a role."""

from __future__ import annotations

import collections.abc as c
import hashlib
import json
import typing as t

import yaml
from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import file_blocks
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.ours import MANAGED
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_templates import AnsibleTemplates
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import HOST_PYTHON

_KEY_MARK = "PRIVATE KEY-----"

Item = dict[str, t.Any]


class Renderer:
    """Renders the files of one component for one host."""

    def __init__(
        self,
        *,
        find: c.Callable[[str, str], str],
        loader: t.Any,
        templates: AnsibleTemplates,
        read_pki: c.Callable[[str], tuple[str | None, bool]],
    ) -> None:
        self._find = find
        self._loader = loader
        self._templates = templates
        self._read_pki = read_pki

    def render(self, item: Item, *, show_secrets: bool) -> Item:
        """The item with its text, the digest of the text, and whether diffs must not show it."""
        text, born_secret = self._text(item)
        if text and item["block"]:
            text = _block_text(item, text)
        never_shown = born_secret or _KEY_MARK in (text or "")
        guarded = never_shown or bool(item["secret"])
        return {
            **{key: item[key] for key in ("path", "owner", "group", "block", "validate")},
            "pki": item.get("pki"),
            "keep": item.get("keep"),
            "mode": item["mode"] or ("0600" if guarded else "0644"),
            "text": text,
            "digest": None if text is None else hashlib.sha256(text.encode()).hexdigest(),
            "secret": never_shown or (guarded and not show_secrets),
        }

    def _text(self, item: Item) -> tuple[str | None, bool]:
        """The text, and whether it is a secret of the PKI. In check mode the text is None if the PKI does not exist yet."""
        if item["template"] is not None:
            return self._template(item), False
        if item["content"] is not None:
            return item["content"], False
        if item["pki"] is not None:
            return self._read_pki(item["pki"])
        if item["source"] is not None:
            return self._source(item), False
        if item["json"] is not None:
            return json.dumps(item["json"], indent=2) + "\n", False
        body = yaml.safe_dump(item["yaml"], sort_keys=False, default_flow_style=False, allow_unicode=True, width=1000)
        return f"# {MANAGED}\n{body}", False

    def _template(self, item: Item) -> str:
        try:
            source = self._find("templates", item["template"])
            return self._templates.text(source, {"ansible_managed": MANAGED, **item["vars"]})
        except AnsibleError as error:
            raise ComponentError(f"{item['path']}: its template {item['template']} cannot be rendered: {error}") from error

    def _source(self, item: Item) -> str:
        """A plain file, as it is. A Python program gets the line that names the interpreter of hosts, which ansible-test refuses in it."""
        try:
            text = str(self._loader.get_text_file_contents(self._find("files", item["source"])))
        except AnsibleError as error:
            raise ComponentError(f"{item['path']}: its source {item['source']} cannot be read: {error}") from error
        return f"#!{HOST_PYTHON}\n# {MANAGED}\n{text}" if item["source"].endswith(".py") else text


def _block_text(item: Item, text: str) -> str:
    if file_blocks.holds_marker(text, item["block"]):
        raise ComponentError(f"{item['path']}: the content of its block {item['block']} holds a marker of that block; remove it")
    return text if text.endswith("\n") else text + "\n"


def for_collect(item: Item) -> Item:
    """What the host needs to compare a file. The content is not part of it."""
    return {key: item[key] for key in ("path", "digest", "secret", "block", "keep")}
