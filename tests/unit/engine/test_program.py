# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that is sent to a host, run here as a host runs it."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils import _program

LARGEST = 120_000


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I"], input=program, text=True, capture_output=True, check=False, timeout=60)


def collect(wanted: dict[str, t.Any]) -> subprocess.CompletedProcess[str]:
    return run(_program.text(module="_host", step="collect", payload={"wanted": wanted}))


def test_the_program_stays_small() -> None:
    assert len(_program.text(module="_host", step="collect", payload={"wanted": {}}).encode()) <= LARGEST


def test_it_answers_with_what_the_step_returns(tmp_path: pathlib.Path) -> None:
    path = tmp_path / 'line\u2028separator "quotes" \\ and ü'
    path.mkdir(mode=0o710)
    done = collect({"directory": [{"path": str(path)}]})
    answer = _program.answer(f"Welcome!\n{done.stdout}\nlogout\n")
    assert done.returncode == 0, done.stderr
    assert answer is not None
    (state,) = answer["result"]["state"]["directory"]
    assert (state["type"], state["mode"]) == ("directory", "0710")


def test_every_module_comes_with_all_that_it_imports() -> None:
    names = sorted(path.stem for path in pathlib.Path(t.cast(str, _program._program.__file__)).parent.glob("_[!_]*.py"))
    assert len(names) > 20
    first = pathlib.Path(t.cast(str, _program._program.__file__)).read_text(encoding="utf-8")
    program = f"""{first}
for name, packed in {[(name, _program.packed(name)) for name in names]!r}:
    found = Sources(json.loads(zlib.decompress(base64.b64decode(packed))))
    sys.meta_path.insert(0, found)
    importlib.import_module({_program.PACKAGE!r} + "." + name)
    sys.meta_path.remove(found)
    for loaded in [loaded for loaded in sys.modules if loaded.startswith("ansible_collections")]:
        del sys.modules[loaded]
"""
    done = run(program)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_comes_that_is_not_needed() -> None:
    assert _program._needed("_errors") == {"_errors"}
    assert "_reset" not in _program._needed("_host")


def test_an_error_of_the_host_is_an_answer() -> None:
    done = collect({"directory": [{"path": "/" + "long" * 100}]})
    answer = _program.answer(done.stdout)
    assert answer is not None, done.stderr
    assert "cannot be looked at" in answer["failed"]


def test_a_fault_of_the_program_is_a_traceback_with_its_lines() -> None:
    done = collect({"directory": [{}]})
    assert done.returncode == 1
    assert 'item["path"]' in done.stderr
    assert _program.answer(done.stdout) is None


def test_another_python_is_refused() -> None:
    program = _program.text(module="_host", step="collect", payload={"wanted": {}})
    done = run(program.replace("OLDEST_PYTHON = (3, 9)", "OLDEST_PYTHON = (9, 9)"))
    answer = _program.answer(done.stdout)
    assert answer is not None
    assert "wanted 9.9 or later" in answer["failed"]


def test_no_answer_is_none() -> None:
    assert _program.answer("bash: python3: command not found\n") is None
    assert _program.answer(json.dumps({"result": {}})) is None
