# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: python tools/build_site.py

Builds the site of the documents into .build/site, without the network; a warning is an error.

The pages are staged in .build/site-source with the folders of the checkout, so their links hold. README.md is the front page, the
sections of docs/index.md are its navigation, and antsibull-docs writes the pages of modules, plugins and roles.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(sys.executable).parent
SOURCE = ROOT / ".build" / "site-source"
TARGET = ROOT / ".build" / "site"
COLLECTION = "barehost.kubernetes"
CONTENTS = ROOT / "docs" / "index.md"
# Where the pages of antsibull-docs are, below the staged checkout.
REFERENCE = "docs/reference/collection"
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
SECTIONS = re.compile(r"^\.\. contents::\n(?:   .*\n)+", re.MULTILINE)
GALAXY = re.compile(r"`([^`<]+) <https://galaxy\.ansible\.com/[^>]*>`_+")
ENTRY = re.compile(r"^- \[[^]]*\]\((?P<target>[^)#\s]+)\)", re.MULTILINE)


def pages() -> list[pathlib.Path]:
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("inventories/*/README.md")]
    return sorted(found)


def place(path: pathlib.Path) -> pathlib.Path:
    """Where a file of the checkout is staged; Sphinx wants the front page to be named index."""
    return SOURCE / ("index.md" if path == ROOT / "README.md" else path.relative_to(ROOT))


def stage(page: pathlib.Path) -> None:
    """The page, with its links to the front page renamed, and the files it links to that are no pages."""
    text = page.read_text(encoding="utf-8")
    target = place(page)
    target.parent.mkdir(parents=True, exist_ok=True)
    for link in LINK.findall(text):
        file = (page.parent / link).resolve()
        if file == ROOT / "README.md":
            text = text.replace(f"]({link}", f"]({os.path.relpath(SOURCE / 'index.md', target.parent)}")
        elif file.is_file() and file.suffix != ".md":
            place(file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place(file))
    # The list of all pages is the navigation, so it is not in it.
    head = "---\norphan: true\n---\n" if page == CONTENTS else ""
    target.write_text(head + text, encoding="utf-8")


def navigation() -> str:
    """A table of contents for each section of docs/index.md."""
    parts = []
    for section in re.split(r"^## ", CONTENTS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        caption, _, body = section.partition("\n")
        files = [(ROOT / "docs" / match["target"]).resolve() for match in ENTRY.finditer(body)]
        entries = [str(place(file).relative_to(SOURCE).with_suffix("")) for file in files if file.suffix == ".md"]
        if any(entry.startswith("docs/reference/") for entry in entries):
            entries.append(f"All options and return values <{REFERENCE}/index>")
        parts.append("\n".join(["", "```{toctree}", ":hidden:", f":caption: {caption.strip()}", "", *entries, "```", ""]))
    return "".join(parts)


def write_reference(directory: pathlib.Path) -> None:
    """The pages of antsibull-docs, without a list of sections, which the theme has, and without an address of this collection."""
    directory.mkdir(mode=0o755, parents=True)
    configuration = str(ROOT / "tools" / "docsite" / "antsibull-docs.cfg")
    antsibull = ["antsibull-docs", "--config-file", configuration, "collection", "--use-current", "--fail-on-error", "--squash-hierarchy"]
    run(*antsibull, "--dest-dir", str(directory), COLLECTION)
    for page in directory.glob("*.rst"):
        text = SECTIONS.sub("", page.read_text(encoding="utf-8"))
        page.write_text(GALAXY.sub(r"\1", text), encoding="utf-8")


def run(*command: str) -> None:
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections")}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}")


def main() -> None:
    if sys.argv[1:]:
        sys.exit(__doc__)
    for directory in (SOURCE, TARGET):
        shutil.rmtree(directory, ignore_errors=True)
    for page in pages():
        stage(page)
    front = SOURCE / "index.md"
    front.write_text(front.read_text(encoding="utf-8") + navigation(), encoding="utf-8")
    write_reference(SOURCE / REFERENCE)
    sphinx = ["sphinx-build", "--fail-on-warning", "--keep-going", "--quiet", "--conf-dir", str(ROOT / "tools" / "docsite")]
    run(*sphinx, "--doctree-dir", str(ROOT / ".build" / "site-doctrees"), str(SOURCE), str(TARGET))
    print(f"{TARGET}/index.html")


if __name__ == "__main__":
    main()
