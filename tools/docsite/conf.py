# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration of Sphinx for the site of the documents; see tools/build_site.py."""

from __future__ import annotations

import pathlib
import typing as t

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))

project = f"{GALAXY['namespace']}.{GALAXY['name']}"
author = GALAXY["authors"][0]
release = version = GALAXY["version"]
html_title = f"{project} {release}"

extensions = ["myst_parser", "sphinx_antsibull_ext"]
root_doc = "index"
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

# the anchors of a hosting site, so that the same links work in both
myst_heading_anchors = 4
myst_url_schemes = ["http", "https"]
# Roman text stays as it is written
smartquotes = False
highlight_language = "text"
pygments_style = "friendly"
pygments_dark_style = "github-dark"

html_theme = "furo"
html_theme_options = {"source_repository": "", "navigation_with_keys": True}
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_use_modindex = False


def leave_foreign_references(_app: t.Any, _environment: t.Any, node: t.Any, contnode: t.Any) -> t.Any:
    """Ansible's own documentation is not at hand, offline: references to it are plain text. Ours must be resolved."""
    target = str(node.get("reftarget", ""))
    foreign = node.get("refdomain") == "std" and node.get("reftype") == "ref" and f"{project}." not in target
    return contnode if foreign else None


def setup(app: t.Any) -> None:
    app.connect("missing-reference", leave_foreign_references)
