# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that lies, in real runs: its answer runs no template, writes no file, and steers no terminal. It is one error."""

from __future__ import annotations

import json
import pathlib
import sys

import played
import pytest
from lies import is_shown_safely

pytestmark = pytest.mark.slow

# In the place of the host's Python: it reads the program that is sent, runs nothing of it, and answers what it likes.
_LIAR = """#!PYTHON
import pathlib, sys
sys.stdin.buffer.read()
print("barehost result: " + pathlib.Path("ANSWER").read_text())
"""
_HOSTILE = "\x1b[31m\x9b2J\u202e {{ lookup('ansible.builtin.pipe', 'touch written') }} {{ 7 * 191 }}"
ANSWERS = {
    "a reason": {"failed": _HOSTILE, "details": _HOSTILE},
    "nothing": {"result": {}, "identity": None},
    "a number": {"result": 3, "identity": {}},
    "no object": [1],
    "no JSON": None,
    "lists without end": "[" * 100_000,
}


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    program = tmp_path / "liar"
    program.write_text(_LIAR.replace("PYTHON", sys.executable).replace("ANSWER", str(tmp_path / "answer")), encoding="utf-8")
    program.chmod(0o700)
    played.write_inventory(tmp_path)
    hosts = tmp_path / "hosts.yml"
    hosts.write_text(hosts.read_text(encoding="utf-8").replace(sys.executable, str(program)), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("playbook", "answer", "callback"),
    [
        *(("etcd.yml", answer, "default") for answer in ANSWERS),
        *(("site.yml", "a reason", callback) for callback in ("default", "barehost.kubernetes.progress")),
        *(("doctor.yml", answer, "barehost.kubernetes.progress") for answer in ("a reason", "nothing")),
    ],
)
def test_an_answer_is_one_error(folder: pathlib.Path, playbook: str, answer: str, callback: str) -> None:
    given = ANSWERS[answer]
    text = given if isinstance(given, str) else "{" if given is None else json.dumps(given)
    (folder / "answer").write_text(text, encoding="utf-8")
    done = played.play(playbook, "--limit", "m1", folder=folder, ANSIBLE_STDOUT_CALLBACK=callback)
    told = done.stdout + done.stderr
    assert done.returncode == 2, told
    assert is_shown_safely(told), [line for line in told.splitlines() if not line.isprintable()]
    assert "Traceback" not in told
    assert "7 * 191" in told or answer != "a reason"
    assert "1337" not in told
    assert "the answer of m1 " in told or answer == "a reason"
    assert sorted(path.name for path in folder.iterdir()) == ["answer", "hosts.yml", "liar"]
