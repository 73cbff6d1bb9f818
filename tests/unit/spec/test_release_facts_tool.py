# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool that writes the table of releases: how it reads programs and sources, and that nothing is lost on the way to the file."""

from __future__ import annotations

import pathlib
import sys
import typing as t

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "tools"))

import release_facts
import release_programs
import release_sources

# A program that takes what the first line says, shows it but for one flag, and ends when it has read a gate.
pytestmark = pytest.mark.slow
PROGRAM = '''#!/usr/bin/env python3
import sys
FLAGS, GATES, LOCKED = {"feature-gates", "shown", "hidden"}, {"Free", "Locked", "Quiet"}, {"Locked": "true"}
for word in sys.argv[1:]:
    name, _, value = word[2:].partition("=")
    if name == "help":
        print("""Flags:
      --feature-gates mapStringBool   Options are:
                                      kube:Free=true|false (BETA - default=true)
      --shown string                  A text (default "a")
      --gone string                   Shown, and not taken
  -h, --help                          help
      --enable-admission-plugins strings   Plugins. Comma-delimited list of admission plugins: A, B. The order does not matter.""")
        sys.exit(0)
    if name == "version":
        sys.exit(0)
    if name not in FLAGS:
        sys.exit(f"Error: unknown flag: --{name}")
    for gate in value.split(",") if name == "feature-gates" else ():
        gate, _, wanted = gate.partition("=")
        if gate not in GATES:
            sys.exit(f"unrecognized feature gate: {gate}")
        if LOCKED.get(gate, wanted) != wanted:
            sys.exit(f"cannot set feature gate {gate} to {wanted}, feature is locked to {LOCKED[gate]}")
'''


@pytest.fixture
def program(tmp_path: pathlib.Path) -> t.Callable[[str], pathlib.Path]:
    def write(text: str) -> pathlib.Path:
        path = tmp_path / "kube-scheduler"
        path.write_text(text)
        path.chmod(0o755)
        return path

    return write


def test_a_program_is_asked_for_all_that_it_may_have(program: t.Callable[[str], pathlib.Path]) -> None:
    taken = release_programs.ask(program(PROGRAM), flags={"hidden", "nothing"}, gates={"Locked", "Quiet", "Nothing"})
    assert taken.flags == {"feature-gates": "", "hidden": None, "shown": '"a"'}
    assert taken.gates == {
        "Free": release_programs.Gate("BETA", "true", ""),
        "Locked": release_programs.Gate("", "", "true"),
        "Quiet": release_programs.Gate("", "", ""),
    }
    assert taken.plugins == {"A", "B"}


@pytest.mark.parametrize(
    ("text", "instead"),
    [("unknown flag", "strange flag"), ("unrecognized feature gate", "strange gate"), ('{"feature-gates", "shown", "hidden"}', "set()")],
    ids=["takes any flag", "takes any gate", "takes no flag"],
)
def test_a_program_that_answers_otherwise_is_no_source(program: t.Callable[[str], pathlib.Path], text: str, instead: str) -> None:
    with pytest.raises(release_programs.Unusable):
        release_programs.ask(program(PROGRAM.replace(text, instead)), flags=(), gates=())


def facts(version: str, names: dict[str, set[str]], **more: t.Any) -> release_facts.Facts:
    kinds = {kind: frozenset(members) for kind, members in names.items()}
    return release_facts.Facts(version, kinds, more.get("defaults", {}), more.get("stages", {}))


OLD = facts(
    "1.36.3",
    {"flags of kubelet": {"a", "b"}, "gates of Kubernetes": {"X", "Y"}},
    defaults={("kubelet", "a"): "1"},
    stages={"X": "BETA, true", "Y": "BETA, true"},
)
NEW = facts(
    "1.37.1",
    {"flags of kubelet": {"a", "c"}, "gates of Kubernetes": {"X"}, "gates of Kubernetes that are always true": {"X"}},
    defaults={("kubelet", "a"): "2"},
    stages={"X": "stable or deprecated, true"},
)


def test_what_changed_between_two_releases() -> None:
    assert list(release_facts.differences(OLD, NEW)) == [
        "- flags of kubelet: b",
        "+ flags of kubelet: c",
        "- gates of Kubernetes: Y (BETA, true)",
        "+ gates of Kubernetes that are always true: X",
        "~ default of kubelet --a: 1 → 2",
        "~ gate X: BETA, true → stable or deprecated, true",
    ]


def test_a_release_replaces_its_own_column_only(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = release_facts.merged(release_facts.merged({}, OLD), NEW)
    assert tables["flags of kubelet"] == {"a": {"1.36", "1.37"}, "b": {"1.36"}, "c": {"1.37"}}
    monkeypatch.setattr(release_facts, "TARGET", tmp_path / "table.py")
    assert release_facts.read() == ({}, {})
    release_facts.TARGET.write_text(release_facts.written({"1.37": "1.37.1", "1.36": "1.36.3"}, tables))
    assert release_facts.read() == ({"1.36": "1.36.3", "1.37": "1.37.1"}, tables)
    again = release_facts.merged(tables, facts("1.36.4", {"flags of kubelet": {"a"}}))
    assert again["flags of kubelet"] == {"a": {"1.36", "1.37"}, "c": {"1.37"}}
    assert again["gates of Kubernetes"] == {"X": {"1.37"}}


def test_the_committed_table_is_as_the_tool_writes_it() -> None:
    asked, tables = release_facts.read()
    assert release_facts.TARGET.read_text(encoding="utf-8") == release_facts.written(asked, tables)


# Go indents with tabs.
LIFE = """\
func (in *Old) APILifecycleIntroduced() (major, minor int) {
>return 1, 30
}

func (in *Old) APILifecycleRemoved() (major, minor int) {
>return 1, 37
}
""".replace(">", "\t")


def test_lives_of_api_versions(tmp_path: pathlib.Path) -> None:
    assert release_sources._is_served(tmp_path, 37), "a stable version has no such file"
    (tmp_path / "zz_generated.prerelease-lifecycle.go").write_text(LIFE)
    assert release_sources._is_served(tmp_path, 36)
    assert not release_sources._is_served(tmp_path, 37)
    (tmp_path / "zz_generated.prerelease-lifecycle.go").write_text(LIFE + LIFE.replace("*Old", "*New").replace("1, 37", "1, 40"))
    assert release_sources._is_served(tmp_path, 37)


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["differ", "1.37.1"], ["update"], ["else", "1"]):
        assert release_facts.main(arguments) == 2
    assert "release_facts.py differ OLD NEW" in capsys.readouterr().err
