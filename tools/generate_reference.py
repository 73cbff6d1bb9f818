# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: python tools/generate_reference.py [--check]

Writes the pages of docs that follow from the code. With --check, compares them and names those that are outdated.

* variables.md: from the documentation of cluster_spec and the argument specifications of the roles
* playbooks.md: from the comments at the head of the playbooks
* plugins.md: from the documentation of modules, plugins and roles
* digests.md: from the table of pinned digests
* checks.md: from the checks of the doctor
* cis.md: from tools/cis_rules.yml
* example-report.html, and docs/images/cluster.svg: from what the hosts of the lab told once
"""

from __future__ import annotations

import ast
import json
import pathlib
import re
import sys
import textwrap
import typing as t

import check_examples
import cis
import example_report
import release_digests
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
# where the collection has the name by which its modules import each other
sys.path.insert(0, str(ROOT / ".collections"))
DOCS = ROOT / "docs"
COLLECTION = "barehost.kubernetes"
HEAD = """\
<!-- SPDX-License-Identifier: GPL-3.0-or-later -->
<!-- Written by tools/generate_reference.py (make docs); a gate compares. -->
"""
WIDTH = 96
# How long a default may be to be shown.
SHOWN = 60
MARKUP = re.compile(r"\b[CVOMFIP]\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
# "C(name), C(name) (type, default …). What it is."
NOTE = re.compile(
    r"^(?P<host>Per host, )?(?P<names>C\(\w+\)(?:(?:,| and) C\(\w+\))*) "
    r"\((?P<form>(?:[^()]|\([^()]*\))*)\)\. ?(?P<text>.*)$",
    re.DOTALL,
)
# "# name: text" at the head of a playbook; what follows is indented.
EXTRA = re.compile(r"^(?P<name>[a-z]\w*): (?P<text>.*)$")
FOLDERS = {"modules": "Modules", "lookup": "Lookup plugins", "filter": "Filters", "callback": "Callback plugins"}


class Variable(t.NamedTuple):
    names: list[str]
    form: str
    text: str

    def item(self) -> str:
        names = ", ".join(f"**`{name}`**" for name in self.names)
        head = f"{names} ({self.form})" if self.form else names
        return paragraph(f"{head}: {self.text}" if self.text else head, "- ", "  ")


class Playbook(t.NamedTuple):
    name: str
    text: list[str]
    variables: list[Variable]


def markdown(text: str) -> str:
    """Ansible's markup as Markdown, in one line."""
    return " ".join(MARKUP.sub(lambda match: f"`{match[1]}`", text).split())


def paragraph(text: str, first: str = "", then: str = "") -> str:
    lines = textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def documentation(path: pathlib.Path) -> dict[str, t.Any]:
    """The DOCUMENTATION of a plugin, without an import of it."""
    if path.suffix == ".yml":
        found = yaml.safe_load(path.read_text(encoding="utf-8"))["DOCUMENTATION"]
    else:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        values = [
            node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "DOCUMENTATION"
        ]
        found = yaml.safe_load(ast.literal_eval(values[0])) if values else {}
    return t.cast("dict[str, t.Any]", found)


# ---------------------------------------------------------------- variables


def cluster_notes() -> list[str]:
    notes: list[str] = documentation(ROOT / "plugins" / "modules" / "cluster_spec.py")["notes"]
    return notes


def cluster_variables(*, per_host: bool) -> list[Variable]:
    found = []
    for note in cluster_notes():
        match = NOTE.match(note)
        if match and bool(match["host"]) == per_host:
            found.append(Variable(re.findall(r"C\((\w+)\)", match["names"]), markdown(match["form"]), markdown(match["text"])))
    return found


def role_variables(options: dict[str, dict[str, t.Any]]) -> list[Variable]:
    found = []
    for name, option in options.items():
        kind = f"list of {option['elements']}" if option.get("elements") else option["type"]
        text = option["description"]
        text = text if isinstance(text, str) else " ".join(text)
        if "choices" in option:
            text += f" One of {', '.join(f'V({choice})' for choice in option['choices'])}."
        default = f"default {shown(option.get('default'))}" if not option.get("required") else "required"
        found.append(Variable([name], f"{kind}, {default}", markdown(text)))
    return found


def shown(value: t.Any) -> str:
    if value in ("", [], {}, None):
        return "empty"
    text = value if isinstance(value, str) else json.dumps(value)
    return f"`{' '.join(text.split())}`" if len(text) <= SHOWN else "in the role's `defaults/main.yml`"


def role_specifications() -> dict[str, dict[str, t.Any]]:
    """By role, what its argument specification says of its main entry point."""
    paths = sorted((ROOT / "roles").glob("*/meta/argument_specs.yml"))
    return {path.parts[-3]: yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"] for path in paths}


def section(heading: str, text: str, variables: list[Variable]) -> str:
    return f"## {heading}\n\n{paragraph(text)}\n" + "".join(variable.item() for variable in variables)


def variables_page() -> str:
    roles = {name: options for name, options in role_specifications().items() if options.get("options")}
    contents = [
        "- [The cluster](#the-cluster)",
        "- [Each host](#each-host)",
        *(f"- [Role `{name}`](#role-{name})" for name in roles),
    ]
    parts = [
        HEAD + "# Variables\n\n"
        "Everything that you can set in an inventory. You need to set none of it:\n"
        "an inventory of groups and addresses alone makes a cluster.\n\n"
        "Values that only one run needs, such as `remove_node`, are in [Playbooks](playbooks.md).\n\n" + "\n".join(contents) + "\n",
        section("The cluster", markdown(cluster_notes()[0]), cluster_variables(per_host=False)),
        section("Each host", "In `hosts.yml`, `host_vars` or the variables of a group.", cluster_variables(per_host=True)),
        *(
            section(f"Role `{name}`", f"{markdown(options['short_description'])}.", role_variables(options["options"]))
            for name, options in roles.items()
        ),
    ]
    return "\n".join(parts)


# ---------------------------------------------------------------- playbooks


def head(path: pathlib.Path) -> list[str]:
    """The comment lines below the licence, without their signs."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    return lines


def read_playbook(path: pathlib.Path) -> Playbook:
    """The paragraphs of its head, and the extra variables that it takes: "name: text", continued by indented lines."""
    paragraphs: list[str] = [""]
    variables: list[Variable] = []
    for line in head(path):
        match = EXTRA.match(line)
        if match:
            variables.append(Variable([match["name"]], "", match["text"]))
        elif line.startswith(" ") and variables:
            last = variables.pop()
            variables.append(last._replace(text=f"{last.text} {line.strip()}"))
        elif not line:
            paragraphs.append("")
        else:
            paragraphs[-1] = f"{paragraphs[-1]} {line}".strip()
    return Playbook(path.name, [text for text in paragraphs if text], variables)


def playbooks() -> list[Playbook]:
    return [read_playbook(path) for path in sorted((ROOT / "playbooks").glob("*.yml"))]


def playbooks_page() -> str:
    found = playbooks()
    parts = [
        HEAD + "# Playbooks\n\n"
        "Each one takes `-i INVENTORY`, `--check` and `--diff`. Give it variables by `-e NAME=VALUE`.\n"
        "Those that belong to a role are in [Variables](variables.md).\n\n"
        + "".join(f"- [`{each.name}`](#{each.name.replace('.', '')})\n" for each in found)
    ]
    for each in found:
        text = "\n".join(paragraph(text) for text in each.text)
        variables = "".join(variable.item() for variable in each.variables)
        parts.append(f"## {each.name}\n\n{text}" + (f"\n{variables}" if variables else ""))
    return "\n".join(parts)


# ---------------------------------------------------------------- plugins


def plugins_page() -> str:
    parts = [
        HEAD + "# Modules, plugins and roles\n\n"
        "`ansible-doc -t TYPE barehost.kubernetes.NAME` shows the whole documentation of each,\n"
        "for example `ansible-doc -t role barehost.kubernetes.etcd`. The site of these documents has it too.\n",
        "".join(f"- [{heading}](#{heading.lower().replace(' ', '-')})\n" for heading in (*FOLDERS.values(), "Roles")),
    ]
    for folder, heading in FOLDERS.items():
        paths = sorted(path for path in (ROOT / "plugins" / folder).iterdir() if path.suffix in (".py", ".yml"))
        found = {path.stem: documentation(path) for path in paths}
        items = [(name, text["short_description"]) for name, text in found.items() if "short_description" in text]
        parts.append(f"## {heading}\n\n" + entries(items))
    parts.append("## Roles\n\n" + entries([(name, options["short_description"]) for name, options in role_specifications().items()]))
    return "\n".join(parts)


def entries(items: list[tuple[str, str]]) -> str:
    return "".join(paragraph(f"`{COLLECTION}.{name}`: {markdown(text)}.", "- ", "  ") for name, text in items)


# ---------------------------------------------------------------- digests


def digests_page() -> str:
    sources, digests = release_digests.read()
    pins: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {}
    for program, version, architecture, names in release_digests.pinned(digests):
        pins.setdefault((program, version), {})[architecture] = names
    # Of other versions all that the table has.
    for program, versions in digests.items():
        for version, by in versions.items():
            pins.setdefault((program, version), {name: by.get(name, ("",))[1:] for name in ("amd64", "arm64")})
    rows = [
        f"| {program} | {version} | {', '.join(by['amd64']) or '**not pinned**'} | {', '.join(by['arm64']) or '**not pinned**'} |\n"
        for (program, version), by in sorted(pins.items())
    ]
    intro = (
        "The collection has the sha256 of these files as upstream publishes them, by program, version and architecture. Each is named with "
        "the sources that give it. What is not pinned is [asked for once and recorded](../tasks/verify-downloads.md)."
    )
    return (
        HEAD
        + f"# Pinned digests\n\n{paragraph(intro)}\n"
        + "Nobody has compared them with upstream's servers, which could not be reached during development. A\n"
        + "wrong pin refuses upstream's own file, and `cluster_checksums` overrules it.\n\n"
        + "| program | version | amd64 | arm64 |\n|---|---|---|---|\n"
        + "".join(rows)
        + "\n## Sources\n\n| name | where |\n|---|---|\n"
        + "".join(f"| {name} | {place} |\n" for name, place in sorted(sources.items()))
    )


# ---------------------------------------------------------------- checks


def cell(text: str) -> str:
    """In a table a line ends a cell, within code too."""
    return text.replace("|", "\\|")


def checks_page() -> str:
    from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import registry

    known = registry.groups()
    intro = (
        "What playbooks/doctor.yml looks at. An id skips a check, by `doctor_skip`; the name of a group chooses its checks, by "
        "`doctor_groups`. A check with a * needs no cluster, only a host."
    )
    parts = [
        f"{HEAD}# Checks of the doctor\n\n{paragraph(intro)}\n[Find out what is wrong](../tasks/doctor.md) shows how to use it.\n\n"
        + "".join(f"- [{group}](#{group})\n" for group in known)
        + "- [The JSON file](#the-json-file)\n"
    ]
    told = check_examples.examples()
    for group, checks in known.items():
        rows = [
            f"| `{check.id}`{' *' if check.bare else ''} | {check.severity} | {cell(check.looks_at)} | {cell(check.wanted)} "
            f"| {cell(check.why)} |\n"
            for check in checks.all
        ]
        head = "| check | severity | looks at | wanted | why |\n|---|---|---|---|---|\n"
        parts.append(f"## {group}\n\n{paragraph(checks.about)}\n{head}{''.join(rows)}\n{examples_of(checks, told)}")
    return "\n".join([*parts, json_section()])


def examples_of(checks: t.Any, told: dict[str, check_examples.Example]) -> str:
    """What the checks of a group say of a fault."""
    rows = []
    for check in checks.all:
        found, remedy = told.get(check.id, check_examples.Example("", check.remedy))
        example = f"`{found.replace('`', '')}`" if found else "–"
        rows.append(f"| `{check.id}` | {cell(example)} | {cell(remedy)} |\n")
    return f"| check | found, for example | what to do |\n|---|---|---|\n{''.join(rows)}"


def json_section() -> str:
    """The fields of the file that ``doctor_json`` names, from the documentation of the module."""
    tree = ast.parse((ROOT / "plugins" / "modules" / "doctor.py").read_text(encoding="utf-8"))
    (text,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "RETURN"
    )
    report = yaml.safe_load(ast.literal_eval(text))["report"]["contains"]
    fields = {**report, **{f"findings[].{name}": field for name, field in report["findings"]["contains"].items()}}
    rows = [f"| `{name}` | {field['type']} | {cell(markdown(field['description']))} |\n" for name, field in fields.items()]
    intro = "## The JSON file\n\nThe fields of the file that `doctor_json` names:\n\n"
    return f"{intro}| field | type | what it is |\n|---|---|---|\n{''.join(rows)}"


# ---------------------------------------------------------------- the CIS benchmark


def cis_page() -> str:
    intro = (
        "The rules of the CIS Kubernetes Benchmark 1.12 by their numbers, and what holds on hosts of this cluster with the default "
        "variables. A test looks for each of them on an installed host. The words are ours; the benchmark has its own."
    )
    return (
        f"{HEAD}# Rules of the CIS benchmark\n\n{paragraph(intro)}\n"
        + "[Check a cluster against the CIS benchmark](../tasks/cis.md) shows how to run kube-bench.\n\n"
        + "| rule | what holds | where it is seen | remark |\n|---|---|---|---|\n"
        + "".join(cis.rows())
    )


PAGES: dict[str, t.Callable[[], str]] = {
    "reference/variables.md": variables_page,
    "reference/playbooks.md": playbooks_page,
    "reference/plugins.md": plugins_page,
    "reference/digests.md": digests_page,
    "reference/checks.md": checks_page,
    "reference/cis.md": cis_page,
    "reference/example-report.html": example_report.page,
    "images/cluster.svg": example_report.picture,
}


def main() -> None:
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    pages = {DOCS / name: page() for name, page in PAGES.items()}
    if sys.argv[1:]:
        outdated = [path.name for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
        if outdated:
            sys.exit(f"make docs writes these again: {', '.join(outdated)}")
        return
    for path, text in pages.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
