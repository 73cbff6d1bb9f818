# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that is sent to a host, run here as a host runs it."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import host_answer, host_program

LARGEST = 120_000


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I"], input=program, text=True, capture_output=True, check=False, timeout=60)


def collect(wanted: dict[str, t.Any]) -> subprocess.CompletedProcess[str]:
    return run(host_program.text(module="_component.steps", step="collect", payload={"wanted": wanted}))


def test_the_program_stays_small() -> None:
    assert len(host_program.text(module="_component.steps", step="collect", payload={"wanted": {}}).encode()) <= LARGEST


def test_it_answers_with_what_the_step_returns(tmp_path: pathlib.Path) -> None:
    path = tmp_path / 'line\u2028separator "quotes" \\ and ü'
    path.mkdir(mode=0o710)
    done = collect({"directory": [{"path": str(path)}]})
    answer = host_answer.read(f"Welcome!\n{done.stdout}\nlogout\n")
    assert done.returncode == 0, done.stderr
    assert answer is not None
    (state,) = answer["result"]["state"]["directory"]
    assert (state["type"], state["mode"]) == ("directory", "0710")


@pytest.mark.slow
def test_every_module_comes_with_all_that_it_imports() -> None:
    bootstrap = pathlib.Path(t.cast(str, host_program.bootstrap.__file__))
    names = sorted(f"{path.parent.name}.{path.stem}" for path in bootstrap.parents[1].glob("_*/[!_]*.py"))
    assert len(names) > 20
    first = bootstrap.read_text(encoding="utf-8")
    program = f"""{first}
for name, packed in {[(name, host_program.packed(name)) for name in names]!r}:
    found = Sources(json.loads(zlib.decompress(binascii.a2b_base64(packed))))
    sys.meta_path.insert(0, found)
    importlib.import_module({host_program.PACKAGE!r} + "." + name)
    while lazy := [module for module in sys.modules.values() if isinstance(module, LazyModule)]:
        for module in lazy:
            hasattr(module, "anything")  # compiles it
    sys.meta_path.remove(found)
    for loaded in [loaded for loaded in sys.modules if loaded.startswith("ansible_collections")]:
        del sys.modules[loaded]
"""
    done = run(program)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_step_does_not_need_is_not_compiled() -> None:
    """Nor imported: of the standard library what only an installation needs."""
    program = host_program.text(module="_component.steps", step="collect", payload={"wanted": {"directory": [{"path": "/"}]}})
    done = run(program + "\nprint([name.rpartition('.')[2] for name, module in sys.modules.items() if isinstance(module, LazyModule)])\n")
    lazy = set(done.stdout.splitlines()[-1].strip("[]").replace("'", "").split(", "))
    assert {"binaries", "certificates", "checks", "firewall", "host_record", "units"} <= lazy, done.stderr
    assert not {"steps", "host_lock", "kinds", "directories"} & lazy
    rare = ("http.client", "importlib.abc", "shutil", "ssl", "tarfile", "traceback", "urllib.parse")
    imported = run(f"{program}\nprint([name for name in {rare!r} if name in sys.modules])\n")
    assert imported.stdout.splitlines()[-1] == "[]"


def test_threads_wait_until_a_module_is_whole() -> None:
    """All ask at once for the last line of a module that takes its time."""
    loader = pathlib.Path(t.cast(str, host_program.bootstrap.__file__)).read_text(encoding="utf-8")
    slow = "import time\nbegun = 1\ntime.sleep(0.3)\nwhole = begun + 1\n"
    program = f"""{loader}
sys.meta_path.insert(0, Sources({{"box.slow": {slow!r}}}))
from box import slow
found = []
threads = [threading.Thread(target=lambda: found.append(slow.begun + slow.whole)) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(found, type(slow).__name__)
"""
    done = run(program)
    assert done.stdout == "[3, 3, 3, 3, 3, 3, 3, 3] module\n", done.stderr


def test_nothing_comes_that_is_not_needed() -> None:
    assert host_program._needed("_runtime.errors") == {"_runtime.errors", "_runtime.identity"}
    assert "_reset.steps" not in host_program._needed("_component.steps")


def test_an_error_of_the_host_is_an_answer() -> None:
    done = collect({"directory": [{"path": "/" + "long" * 100}]})
    answer = host_answer.read(done.stdout)
    assert answer is not None, done.stderr
    assert "cannot be looked at" in answer["failed"]


def test_a_fault_of_the_program_is_a_traceback_with_its_lines() -> None:
    done = collect({"directory": [{}]})
    assert done.returncode == 1
    assert 'item["path"]' in done.stderr
    assert host_answer.read(done.stdout) is None


def test_another_python_is_refused() -> None:
    program = host_program.text(module="_component.steps", step="collect", payload={"wanted": {}})
    done = run(program.replace("OLDEST_PYTHON = (3, 9)", "OLDEST_PYTHON = (9, 9)"))
    answer = host_answer.read(done.stdout)
    assert answer is not None
    assert "wanted 9.9 or later" in answer["failed"]


def test_no_answer_is_none() -> None:
    assert host_answer.read("bash: python3: command not found\n") is None
    assert host_answer.read(json.dumps({"result": {}})) is None


def test_a_program_uses_what_is_kept_and_keeps_nothing_itself(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that changes the host would keep it; here the loader of the test does, from what the program carries."""
    path = tmp_path / "state" / "program"
    path.parent.mkdir()
    monkeypatch.setattr(host_program, "KEPT", str(path))
    asked = {"directory": [{"path": "/"}]}
    program = host_program.text(module="_component.steps", step="collect", payload={"wanted": asked})
    counting = (
        "import builtins\nreal, names = builtins.compile, []\nbuiltins.compile = lambda *a, **k: names.append(a[1]) or real(*a, **k)\n"
    )
    counted = (
        program.replace("import binascii\n", counting + "import binascii\n") + "\nprint([name for name in names if name.endswith('.py')])\n"
    )
    first = run(counted)
    assert f"{host_program.PACKAGE}._component.steps".replace(".", "/") + ".py" in first.stdout, first.stderr
    assert list(path.parent.iterdir()) == []
    carried = host_program.packed("_component.steps")
    keeping = (
        program.rpartition("\nmain(")[0]
        + f"""
sources = Sources(json.loads(zlib.decompress(binascii.a2b_base64({carried!r}))), keeps={str(path)!r})
sys.meta_path.insert(0, sources)
from {host_program.PACKAGE}._runtime import kept_program
kept_program.keep(sources)
"""
    )
    assert run(keeping).stderr == ""
    then = run(counted)
    answers = [host_answer.read(done.stdout) for done in (first, then)]
    assert answers[0] is not None and answers[1] is not None
    assert answers[0]["result"]["state"] == answers[1]["result"]["state"]
    assert then.stdout.splitlines()[-1] == "[]", then.stderr
    assert path.stat().st_size < 1_000_000
