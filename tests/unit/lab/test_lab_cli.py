# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to the lab's command line, and what to the command that it passes on."""

from __future__ import annotations

import pytest

from barelab import cli


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("exec h ls -l --all", ["ls", "-l", "--all"]),
        ("exec h -- ls -l", ["ls", "-l"]),
        ("exec h sh -c", ["sh", "-c"]),
        ("run curl --fail x", ["curl", "--fail", "x"]),
        ("kubectl --v=6 get nodes -o wide", ["--v=6", "get", "nodes", "-o", "wide"]),
        ("kubectl exec p -- date", ["exec", "p", "--", "date"]),
        ("kubectl", []),
        ("ssh h", []),
        ("ssh h uptime -p", ["uptime", "-p"]),
    ],
)
def test_options_of_the_command_are_not_ours(line: str, words: list[str]) -> None:
    assert cli.parse(line.split()).words == words


@pytest.mark.parametrize(
    "line",
    [
        "",
        "exec",
        "exec h",
        "run",
        "up",
        "cut a",
        "nonsense",
        "stop",
        "save",
        "forget",
        "up i --from s --version 1.36.3",
        "line --round-trip -1",
        "line --bandwidth nan",
    ],
)
def test_refuses_half_a_command(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        cli.parse(line.split())
    assert error.value.code == 2
    assert "usage: lab/lab" in capsys.readouterr().err


def test_versions_may_be_several() -> None:
    assert cli.parse(["up", "inventories/lab", "--version", "1.37.1", "--version", "v1.36.3"]).version == ["1.37.1", "v1.36.3"]


def test_a_save_brings_its_inventory() -> None:
    assert (cli.parse(["up", "--from", "four"]).inventory, cli.parse(["up", "--from", "four"]).start_from) == (None, "four")
    assert str(cli.parse(["up", "inventories/lab", "--from", "four"]).inventory) == "inventories/lab"


def test_without_options_the_line_is_fast() -> None:
    assert (cli.parse(["line"]).round_trip, cli.parse(["line"]).bandwidth) == (0, 0)
    slow = cli.parse(["line", "--round-trip", "100", "--bandwidth", "2.5"])
    assert (slow.round_trip, slow.bandwidth) == (100, 2.5)
