# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents name what is there, are easy to read, and leave nothing out."""

from __future__ import annotations

import itertools
import json
import re
import shlex
import sys

import pytest
import yaml

from barelab import cli

from .. import markdown
from .command import ROOT, run, tracked

PAGES = tracked("README.md", "CONTRIBUTING.md", "docs/*.md", "inventories/*/README.md")
# For people who read the code. All other pages are for operators.
OF_DEVELOPERS = ("CONTRIBUTING.md", "docs/development.md", "docs/extending.md", "docs/guides.md", "docs/performance.md", "docs/proven.md")
OPERATORS = [page for page in PAGES if page not in OF_DEVELOPERS and not page.startswith("docs/architecture/")]
# Generated from the documentation of modules and roles, or records of measurements and tests.
LONG_SENTENCES = ("docs/reference/variables.md", "docs/reference/plugins.md", "docs/performance.md", "docs/guides.md")
LONGEST_LINE = 99
LONGEST_SENTENCE = 24
# A page of more lines begins with a list of its sections.
SHORT = 60
INVENTORIES = sorted(path.parent.name for path in (ROOT / "inventories").glob("*/hosts.yml"))
PLAYBOOKS = sorted(path.name for path in (ROOT / "playbooks").glob("*.yml"))
# What readers call their own.
OF_THE_READER = ("mine", "…")
# A folder of an inventory and a key of the spec look like variables.
NO_VARIABLES = {"host_vars", "node_hosts"}
PREFIX = "ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.variables"


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def names_in(module: str, expression: str) -> set[str]:
    return set(run(sys.executable, "-c", f"import {module} as v; print(*{expression})", PYTHONPATH=str(ROOT / ".collections")).split())


@pytest.fixture(scope="module")
def variables() -> set[str]:
    """Every name that an inventory or a command line may set."""
    found = names_in(PREFIX, "v.CLUSTER, *v.HOST")
    for path in ROOT.glob("roles/*/meta/argument_specs.yml"):
        found |= set(yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"].get("options", {}))
    return found | {name for page in ["docs/reference/playbooks.md"] for name in re.findall(r"^- \*\*`(\w+)`", text(page), re.MULTILINE)}


# ---------------------------------------------------------------- reference


def test_reference_is_current() -> None:
    run(sys.executable, "tools/generate_reference.py", "--check")


def test_variables_are_complete() -> None:
    names = names_in(PREFIX, "v.CLUSTER, *v.HOST")
    assert names
    assert not [name for name in names if f"`{name}`" not in text("docs/reference/variables.md")]


def test_every_playbook_is_documented() -> None:
    guides = "".join(text(page) for page in OPERATORS if "/reference/" not in page)
    wanted = {name: (f"playbooks/{name}", f"barehost.kubernetes.{name.removesuffix('.yml')}") for name in PLAYBOOKS}
    assert not [name for name, spellings in wanted.items() if not any(spelling in guides for spelling in spellings)]
    assert not [name for name in PLAYBOOKS if f"## {name}\n" not in text("docs/reference/playbooks.md")]


def test_tests_that_are_named_exist() -> None:
    files = tracked("tests/")
    for page in ("docs/guides.md", "docs/proven.md"):
        named = set(re.findall(r"`((?:tests/[\w/]+/)?test_\w+\.py)(?:::(\w+))?`", text(page)))
        assert named, page
        for file, test in sorted(named):
            name = file if "/" in file else f"tests/cluster/{file}"
            assert name in files, f"{page}: {file}"
            assert not test or f"\ndef {test}(" in text(name), f"{page}: {file} has no {test}"


def _is_long(file: str, test: str) -> bool:
    """Whether `make long` runs a test or, without its name, all of a file."""
    source = text(file if "/" in file else f"tests/cluster/{file}")
    decorated = rf"^@pytest\.mark\.long\n(?:@.*\n(?:[ )].*\n|\)\n)*)*def {test}\("
    whole = r"^pytestmark = (?:\[.*)?pytest\.mark\.long\b"
    return bool(re.search(whole, source, re.MULTILINE) or (test and re.search(decorated, source, re.MULTILINE)))


def test_what_make_test_does_not_run_is_marked() -> None:
    """The section about tests that were not run names them without."""
    reference = r"`((?:tests/[\w/]+/)?test_\w+\.py)(?:::(\w+))?`( \(`make long`\))?"
    for page in ("docs/guides.md", "docs/proven.md"):
        named = re.findall(reference, text(page).partition("\n## Written, and not run yet\n")[0])
        assert [(file, test) for file, test, marked in named if bool(marked) != _is_long(file, test)] == [], page


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_every_inventory_is_described(inventory: str) -> None:
    for page in ("README.md", "docs/inventories.md", "docs/guides.md"):
        assert f"inventories/{inventory}" in text(page), page
    assert inventory == "lab" or (ROOT / "inventories" / inventory / "README.md").is_file()


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in markdown.links(text(page)):
        name, _, anchor = target.partition("#")
        file = ((ROOT / page).parent / name).resolve() if name else ROOT / page
        assert file.is_file(), f"{page}: {target}"
        if anchor:
            assert anchor in markdown.anchors(file.read_text(encoding="utf-8")), f"{page}: no heading for {target}"


def test_contents_list_every_page() -> None:
    listed = {str((ROOT / "docs" / target).resolve().relative_to(ROOT)) for target in markdown.links(text("docs/index.md"))}
    assert listed == set(PAGES) - {"README.md", "docs/index.md"}


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ("README.md", "docs/index.md", "docs/architecture.md")])
def test_a_long_page_begins_with_its_contents(page: str) -> None:
    whole = text(page)
    first, *sections = re.split(r"^## ", markdown.without_code_blocks(whole), flags=re.MULTILINE)
    if len(whole.splitlines()) > SHORT and len(sections) > 2:
        wanted = {anchor for section in sections for anchor in markdown.anchors(f"## {section.splitlines()[0]}")}
        listed = {target.removeprefix("#") for target in markdown.links(first)}
        assert not wanted - listed, f"{page} lists no {wanted - listed}"


@pytest.mark.parametrize("page", PAGES)
def test_lines_are_short(page: str) -> None:
    """A row of a table cannot be broken."""
    lines = enumerate(text(page).splitlines(), start=1)
    assert not [number for number, line in lines if len(line) > LONGEST_LINE and not line.startswith("|")]


@pytest.mark.parametrize("page", [page for page in PAGES if page not in LONG_SENTENCES])
def test_sentences_are_short(page: str) -> None:
    long = [sentence for sentence in markdown.sentences(text(page)) if markdown.words(sentence) > LONGEST_SENTENCE]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("page", OPERATORS)
def test_no_test_is_named_to_operators(page: str) -> None:
    assert not re.findall(r"\btest_\w+|\btests/\w+", text(page))


# ---------------------------------------------------------------- names and commands


@pytest.mark.parametrize("page", PAGES)
def test_playbooks_and_inventories_exist(page: str) -> None:
    whole = text(page)
    assert set(re.findall(r"\bplaybooks/([\w-]+\.yml)", whole)) <= set(PLAYBOOKS)
    assert set(re.findall(r"\binventories/([\w…-]+)", whole)) <= {*INVENTORIES, *OF_THE_READER}


@pytest.mark.parametrize("page", PAGES)
def test_files_of_the_checkout_exist(page: str) -> None:
    """Whole paths between backticks; those with a placeholder or a pattern are none."""
    folders = "plugins|roles|playbooks|tools|tests|lab|molecule|vagrant|changelogs|docs"
    paths = [span.split("::")[0] for span in markdown.code(text(page)) if re.fullmatch(rf"(?:{folders})/[\w./-]+(?:::\w+)?", span)]
    assert not [path for path in paths if not (ROOT / path).exists()]


@pytest.mark.parametrize("page", OPERATORS)
def test_variables_exist(page: str, variables: set[str]) -> None:
    """In text, and as keys of the examples."""
    owners = ["cluster", "node", "remove", "restore", *(path.name for path in (ROOT / "roles").iterdir())]
    shape = re.compile(rf"(?:{'|'.join(owners)})_[a-z0-9_]*[a-z0-9]")
    examples = [yaml.safe_load(block) for block in markdown.code_blocks(text(page), "yaml")]
    keys = [name for example in examples if isinstance(example, dict) for name in example]
    spans = [span.partition(":")[0] for span in markdown.code(text(page))]
    modules = {path.stem for path in ROOT.glob("plugins/*/*.*")} | {name.removesuffix(".yml") for name in PLAYBOOKS}
    assert {name for name in [*spans, *keys] if shape.fullmatch(name)} - modules - NO_VARIABLES <= variables


def command_lines(start: str, pages: list[str]) -> list[tuple[str, list[str]]]:
    found = []
    for page in pages:
        for command in markdown.commands(text(page)):
            words = shlex.split(command)
            while words and re.match(r"^[A-Z_]+=", words[0]):
                words.pop(0)
            if words and words[0] == start:
                found.append((f"{page}: {command}", words[1:]))
    assert found, start
    return found


def extra_variables(arguments: list[str]) -> set[str]:
    found: set[str] = set()
    for option, value in itertools.pairwise(arguments):
        if option == "-e":
            found |= set(json.loads(value)) if value.startswith("{") else {value.partition("=")[0]}
    return found


def test_commands_of_ansible_playbook(variables: set[str]) -> None:
    tags = set(re.findall(r"^\s+- (\w+)$", text("playbooks/site.yml"), re.MULTILINE))
    for where, arguments in command_lines("ansible-playbook", PAGES):
        playbook = arguments[0]
        names = {f"playbooks/{name}" for name in PLAYBOOKS} | {f"barehost.kubernetes.{name.removesuffix('.yml')}" for name in PLAYBOOKS}
        assert playbook in names, where
        inventory = arguments[arguments.index("-i") + 1]
        assert inventory in ("inventory", "inventories/mine") or (ROOT / inventory / "hosts.yml").is_file(), where
        assert extra_variables(arguments) <= variables, where
        if "--tags" in arguments:
            assert set(arguments[arguments.index("--tags") + 1].split(",")) <= tags, where


def test_commands_of_make() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    for where, arguments in command_lines("make", PAGES):
        assert arguments[0] in targets, where
        inventory = "".join(argument.removeprefix("INVENTORY=") for argument in arguments if argument.startswith("INVENTORY="))
        assert not inventory or (ROOT / inventory / "hosts.yml").is_file(), where


def test_commands_of_the_lab() -> None:
    for where, arguments in command_lines("lab/lab", PAGES):
        try:
            cli.parse(arguments)
        except SystemExit:
            pytest.fail(f"{where} is no command of lab/lab")


def test_examples_in_yaml_can_be_read() -> None:
    for page in PAGES:
        for block in markdown.code_blocks(text(page), "yaml"):
            assert yaml.safe_load(block), f"{page}: {block}"
