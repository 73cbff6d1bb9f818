# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's program is killed before and after every single thing that it changes; the next run converges.

There are more than 500 such moments. ``make test`` tries a sample, ``make long`` all of them.
"""

from __future__ import annotations

import collections.abc as c
import itertools
import typing as t

import pytest

from . import killed_descriptions as wanted
from .engine import Engine
from .killed_descriptions import STATES
from .killing import COMMAND, Attempt, Description, Found, KillableHost
from .test_component import SERVER

# A command is also killed while it runs: this long after it was begun.
LATER = 0.02
# The steps within the writing of a file; the case of the files is killed at each of them.
_WITHIN_A_WRITE = ("open", "chown", "chmod", "mkdir")
# Their contents are other ones each time: keys, certificates, and records with the time of an installation.
_BORN = (".key", ".crt", ".json")


class Case(t.NamedTuple):
    """A component in three states, how its traces are removed, and what happens to the host before each state is wanted."""

    describe: c.Callable[[str], Description]
    bare: str
    damage: dict[str, str]
    roots: tuple[str, ...]
    least: int
    serves: bool = False
    every_step: bool = True

    def moments(self, whole: Attempt, *, every_step: bool) -> list[tuple[int, float]]:
        """When a run is killed: before which mutation, or how long after it has begun a command."""
        moments = []
        for number, mutation in enumerate(whole.mutations, 1):
            if every_step or not mutation.startswith(_WITHIN_A_WRITE):
                moments.append((number, 0.0))
            if mutation.startswith(COMMAND):
                moments.append((number, LATER))
        return moments


CASES = {
    "files": Case(wanted.files, wanted.FILES_BARE, wanted.FILES_DAMAGE, wanted.FILES_ROOTS, least=200),
    "units": Case(
        lambda state: wanted.units(state, SERVER),
        wanted.UNITS_BARE,
        wanted.UNITS_DAMAGE,
        wanted.UNITS_ROOTS,
        least=45,
        serves=True,
        every_step=False,
    ),
    "firewall": Case(wanted.firewall, wanted.FIREWALL_BARE, wanted.FIREWALL_DAMAGE, wanted.FIREWALL_ROOTS, least=25, every_step=False),
}

# make test tries one of so many moments. With the firewall all: whether firewalld has a backup of a file depends on the moment before.
SAMPLES = {"files": 4, "units": 4, "firewall": 1}


@pytest.fixture(scope="module")
def host(engine: Engine) -> c.Iterator[KillableHost]:
    host = KillableHost(engine)
    try:
        host.shell(wanted.RELEASES)
        yield host
        for case in CASES.values():
            host.shell(f"{case.bare}\ntrue")
        host.shell("systemctl stop killed-mirror; cp /srv/killed/fstab /etc/fstab; rm -rf /srv/killed")
    finally:
        host.close()


@pytest.mark.parametrize("name", SAMPLES)
def test_killed_in_many_places_run_again_converged(host: KillableHost, name: str) -> None:
    killed(host, CASES[name], one_of=SAMPLES[name])


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, one_of in SAMPLES.items() if one_of > 1])
def test_killed_anywhere_run_again_converged(host: KillableHost, name: str) -> None:
    killed(host, CASES[name], one_of=1)


def killed(host: KillableHost, case: Case, *, one_of: int) -> None:
    points = killed_from_bare(host, case, one_of=one_of) + killed_between_states(host, case, one_of=one_of)
    print(f"killed at {points} moments")
    assert points * one_of >= case.least


def killed_from_bare(host: KillableHost, case: Case, *, one_of: int) -> int:
    """Before every mutation of a first run, and after its last; or at one of so many of these moments."""

    def make_bare() -> None:
        host.shell(f"{case.bare}\ntrue")

    make_bare()
    whole = host.converge(case.describe("one"))
    clean = host.look(case.roots)
    moments = case.moments(whole, every_step=case.every_step)[::one_of]
    for number, later in moments:
        make_bare()
        kill(host, case, "one", clean, number=number, later=later)
    return len(moments)


def killed_between_states(host: KillableHost, case: Case, *, one_of: int) -> int:
    """The same from each state to the next, around and around; each has been gone to once before, so that it is known."""
    rounds: dict[str, tuple[Found, list[tuple[int, float]]]] = {}
    for first, state in enumerate(("two", "three", *STATES)):
        host.shell(case.damage[state])
        whole = host.converge(case.describe(state))
        # How a file is replaced is the same for all: the steps of that are tried on the way to two.
        moments = case.moments(whole, every_step=case.every_step and state == "two")
        # Many moments are the same on the way to each state: with a sample, each way begins with another one.
        rounds[state] = host.look(case.roots), moments[first % one_of :: one_of]
    for moments in itertools.zip_longest(*(rounds[state][1] for state in STATES)):
        for state, moment in zip(STATES, moments, strict=True):
            host.shell(case.damage[state])
            if moment is None:
                host.converge(case.describe(state))
            else:
                kill(host, case, state, rounds[state][0], number=moment[0], later=moment[1])
    return sum(len(moments) for _clean, moments in rounds.values())


def kill(host: KillableHost, case: Case, state: str, clean: Found, *, number: int, later: float) -> None:
    """One run that is killed, what must hold at that moment, one run to the end, and one that has nothing to do."""
    before = host.look(case.roots)
    attempt = host.converge(case.describe(state), kill_at=number, later=later)
    try:
        assert later or not attempt.finished, "it was not killed"
        at_death = host.look(case.roots)
        nothing_half_done(before, at_death, clean)
        assert host.converge(case.describe(state)).finished
        found = host.look(case.roots)
        assert differences(found, clean) == []
        no_key_is_lost(at_death, found)
        assert host.converge(case.describe(state)).actions == []
        if case.serves:
            assert host.shell("curl -sf http://127.0.0.1:8088/") == state
    except AssertionError as error:
        moment = f"killed {later:.2f} s after" if later else "killed before"
        raise AssertionError(f"towards {state}, {moment} mutation {number}, {attempt.last}: {error}") from error


def nothing_half_done(before: Found, found: Found, after: Found) -> None:
    """Each path is as it was or as it will be, and no secret can be read by others, under whatever name."""
    for path, entry in found.items():
        if entry["secret"]:
            assert int(entry["mode"], 8) & 0o077 == 0 or entry == before.get(path), f"{path} is secret and has mode {entry['mode']}"
        if path not in after and path not in before:
            continue
        known = [side[path]["content"] for side in (before, after) if path in side]
        born = path.endswith(_BORN) and entry.get("whole")
        assert entry["content"] in known or born, f"{path} is half done: {entry}"
        # A directory may be made first because something is put into it.
        as_parent = entry["content"] == "directory" and attributes(entry) == ("0:0", "0755")
        if path not in before and not as_parent:
            assert attributes(entry) == attributes(after[path]), f"{path} appeared as {entry}, not as {after[path]}"
    for path in before:
        assert path in found or path not in after, f"{path} was there and will be there, but now it is not"


def attributes(entry: dict[str, t.Any]) -> tuple[str, str]:
    return entry["owner"], entry["mode"]


def differences(found: Found, after: Found) -> list[str]:
    """How a host is not as a run that was not killed leaves it; a finished download may stay until the next one."""
    faults = [f"{path} is missing" for path in after if path not in found]
    for path, entry in found.items():
        if path not in after:
            faults += [] if path.endswith(".part") else [f"{path} is left"]
        elif path.endswith(_BORN) and not entry.get("whole"):
            faults.append(f"{path} is not whole")
        elif attributes(entry) != attributes(after[path]) or not (path.endswith(_BORN) or entry["content"] == after[path]["content"]):
            faults.append(f"{path} is {entry}, wanted {after[path]}")
    return faults


def no_key_is_lost(at_death: Found, found: Found) -> None:
    """A key that was in its place or waited there is the one that is used."""
    for path in found:
        if path.endswith(".key"):
            known = [entry for entry in (at_death.get(path), at_death.get(f"{path}.new")) if entry and entry.get("whole")]
            assert not known or found[path]["content"] in [entry["content"] for entry in known], f"{path} is a new one"
